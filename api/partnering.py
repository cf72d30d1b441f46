"""A partner's test messages: judged as the door would, kept with what came of each. Over ports and hub.core only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from api.envelope import read_enveloped
from hub.core.conformance import Scene, judge, required
from hub.core.reading import Said, read_said
from hub.core.registry import Registry
from hub.partner_ports import Partners
from schemas.partner import Required, Trial


@dataclass(frozen=True, slots=True)
class Partnering:
    """Where partners stand, the registry of the moment, the clock and today's day. Nothing here leads to Kafka."""

    store: Partners
    registry: Callable[[], Registry]
    now: Callable[[], datetime]
    today: Callable[[], date]

    def test(self, agency: str, body: bytes, enveloped: bool) -> Trial:
        """What the hub would have made of a body of that agency; kept for its report."""
        scene = Scene(agency, self.registry(), self.today(), self.now())
        read = _read_enveloped if enveloped else read_said
        judged = judge(body, read, scene, partial(self.store.remembered, agency))
        self.store.keep(agency, judged)
        return judged.trial

    def report(self, agency: str) -> tuple[tuple[Required, ...], list[Trial]]:
        """What its messages have to show, and all that is kept of them, newest first."""
        trials = self.store.trials(agency)
        return required(trials), trials[::-1]


def _read_enveloped(body: bytes) -> Said:
    return read_enveloped(body, as_test=True)[0]
