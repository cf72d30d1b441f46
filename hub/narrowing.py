"""Once a narrowing of rights is in force the outboxes hold no more than their agencies may see (DESIGN §6).

An outbox is looked through where a revision since the last mark, or a day that has come, narrows its agency. The mark, up to
which all is done, is set after a while in which there was nothing left to do: what was decided by older rights has come out
then, and a broker that is killed no longer forgets that it deleted. Killed before, the next look does it again, which harms
nothing. The views keep their rows: each read cuts them again, and who stands in the place of an agency that ended reads there.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeVar

import structlog

from connectors.inbound.log import Log, Place
from connectors.outbound.emptying import Emptied
from connectors.store.taken_in import TakenIn
from hub.agents.hand import day_of
from hub.core.in_force import Mark, Standing, clock_of, mark_of
from hub.looking import Round
from hub.wiring import Wiring
from schemas.errors import HubError, NotReady
from schemas.topics import BACK, EVENTS, FRONT, PINNED, ROUTED

log = structlog.get_logger()

CLEAN_FOR = 90.0
"""Seconds without anything to do before the mark is set. A broker notes only each minute how far it has deleted."""
AT_THE_LATEST = 600.0
"""Seconds after which agencies that have ended are looked at again: who was told of a layoff hears its end also later."""
MOST = 10
"""Outboxes that are emptied in one look, at the most, unless a person says so: a wrong registry narrows many."""
_DAYS_APART = 1
T = TypeVar("T")


@dataclass(slots=True)
class Looked:
    """How the newest revision stands, what came of the outboxes that were looked through, by agency, and what hindered it."""

    standing: Standing
    outboxes: dict[str, Emptied] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    settled: bool = True
    """Whether all that older rights may have decided has come out."""

    @property
    def is_done(self) -> bool:
        """Whether nothing hinders it, as far as it is in force."""
        return self.settled and not self.failed

    @property
    def is_clean(self) -> bool:
        """Whether nothing was to be done, and nothing is left to do."""
        return self.is_done and all(emptied == Emptied() for emptied in self.outboxes.values())


class Narrowing:
    """Of one hub; two at once wait for each other. `today` is the day by the clock here; rights go by the broker's."""

    def __init__(
        self,
        wiring: Wiring,
        today: Callable[[], date],
        brokers_day: Callable[[], date] | None = None,
        clean_for: float = CLEAN_FOR,
        most: int = MOST,
    ) -> None:
        self._wiring = wiring
        self._today = today
        self._brokers_day = brokers_day or self._ask_the_broker
        self._clean_for = clean_for
        self._most = most
        self._standings = wiring.standings()
        self._seen: Mark | None = None
        self._decided_before: dict[Place, int] = {}
        self._clean_since: float | None = None
        self._looked_at: float | None = None

    def look(self, stop: threading.Event | None = None) -> Looked:
        """Empty what has to be; nothing while the newest revision is pending.

        NotReady where Kafka or the database is away, or somebody else looks: what is done is done, the next look goes on.
        """
        looked, mark = Looked(self._standings.now()), self._standings.outboxes()
        revision = looked.standing.revision
        if not looked.standing.in_force or (mark == Mark(revision, self._today()) and not self._is_late()):
            return looked
        now = Mark(revision, self._brokers_day())
        self._note(now)
        if (mark == now and not self._is_late()) or self._is_waiting():
            return looked
        with self._taken_in.alone() as hold:
            if self._standings.now() != looked.standing:
                return looked
            self._look_through(Round(self._wiring, self._standings, self._taken_in, now, hold), looked, stop)
        for agency, why in looked.failed.items():
            log.warning("an outbox waits for its new rights", agency=agency, why=why)
        return looked

    @cached_property
    def _taken_in(self) -> TakenIn:
        """Not before it is asked: a dispatcher without a database fires clocks all the same."""
        return self._wiring.taken_in()

    def _note(self, now: Mark) -> None:
        """At the first look by a revision or on a day: up to where the history holds what may have been decided before."""
        if self._seen != now:
            self._seen, self._decided_before, self._clean_since = now, {}, None
            self._freeze(EVENTS.name)

    def _freeze(self, topic: str) -> None:
        self._decided_before |= Log(self._wiring.bootstrap, self._wiring.prefix).ends([topic])

    def _ask_the_broker(self) -> date:
        self._wiring.publisher.publish([clock_of(self._wiring.prefix + PINNED.name)])
        self._standings.now()
        clock, here = self._standings.clock(), self._today()
        if clock is None:
            raise NotReady("the broker has not told its time yet")
        if abs((day_of(clock) - here).days) > _DAYS_APART:
            raise NotReady(f"by the broker it is {day_of(clock)}, by the clock here {here}: put right the one that is wrong")
        return day_of(clock)

    def _is_late(self) -> bool:
        return self._looked_at is None or time.monotonic() - self._looked_at > AT_THE_LATEST

    def _is_waiting(self) -> bool:
        """Whether there was nothing to do a moment ago: looked is once more, when the while is over."""
        return self._clean_since is not None and time.monotonic() - self._clean_since < self._clean_for

    def _is_settled(self) -> bool:
        """Whether the agents have gone past the history as it was then, and past all that they had decided of it."""
        if not (self._has_passed(FRONT, EVENTS.name) and self._has_passed(BACK, EVENTS.name)):
            return False
        if not any(name == ROUTED.name for name, _ in self._decided_before):
            self._freeze(ROUTED.name)
        return self._has_passed(BACK, ROUTED.name)

    def _has_passed(self, group: str, topic: str) -> bool:
        behind = self._wiring.groups.behind(group, [topic])
        return all(first >= self._decided_before.get((topic, number), 0) for (_, number), (first, _) in behind.items())

    def _look_through(self, work: Round, looked: Looked, stop: threading.Event | None) -> None:
        settled = self._is_settled()  # asked first: what has come out by now is looked at below
        concerned = work.concerned()
        looked.settled = settled or not work.narrows
        wide = [agency for agency in concerned if _tried(looked, agency, work.is_needed)]
        looked.outboxes = {agency: Emptied() for agency in concerned if agency not in wide and agency not in looked.failed}
        new = [agency for agency in wide if not _tried(looked, agency, work.is_begun)]
        if len(new) > self._most:
            why = f"{len(new)} outboxes would be emptied at once: if that is right, `hub registry narrow --many` does it"
            looked.failed |= dict.fromkeys(new, why)
        for agency in (one for one in wide if one not in looked.failed):
            if stop is not None and stop.is_set():
                looked.failed[agency] = "told to stop"
            elif emptied := _tried(looked, agency, work.empty):
                looked.outboxes[agency] = emptied
                log.info("an outbox was emptied", agency=agency, revision=work.now.revision, **emptied.counts())
        self._looked_at = time.monotonic()
        self._mark_after_a_while(work, looked)

    def _mark_after_a_while(self, work: Round, looked: Looked) -> None:
        """Where nobody may see less there is nothing to wait for."""
        if not looked.is_clean:
            self._clean_since = None
            return
        moment = time.monotonic()
        self._clean_since = self._clean_since or moment
        if work.mark != work.now and (not work.narrows or moment - self._clean_since >= self._clean_for):
            self._wiring.publisher.publish([mark_of(self._wiring.prefix + PINNED.name, work.now)])


def _tried(looked: Looked, agency: str, act: Callable[[str], T]) -> T | None:
    """What it gives; None where it was hindered, which is noted, and the others do not wait for it."""
    try:
        return act(agency)
    except HubError as error:
        looked.failed[agency] = error.detail
    except Exception as error:  # whatever is wrong with a record; its text may hold what stands in it
        looked.failed[agency] = type(error).__name__
    return None
