"""hub.partner_ports.Partners in memory: the lives of partners, and what came of their test messages."""

from collections.abc import Callable
from datetime import datetime

from hub.core.conformance import Judged, required
from hub.core.partners import UNSAID, Asked, moved
from hub.partner_ports import MOST_TRIALS, Partners
from schemas.partner import PartnerChange, PartnerState, Trial


class MemoryPartners:
    """`in_use` tells whether an agency has credentials that hold."""

    def __init__(self, now: Callable[[], datetime], in_use: Callable[[str], bool] = lambda _: False) -> None:
        self._now = now
        self._in_use = in_use
        self._changes: dict[str, list[PartnerChange]] = {}
        self._trials: dict[str, list[Trial]] = {}
        self._known: dict[str, dict[str, bytes]] = {}

    def state(self, agency: str) -> PartnerState:
        """In which state it is; active where nothing was ever said."""
        history = self.history(agency)
        return history[-1].state if history else UNSAID

    def history(self, agency: str) -> list[PartnerChange]:
        """How it came into its state, oldest first."""
        return list(self._changes.get(agency, ()))

    def newest(self) -> list[PartnerChange]:
        """The last change of each partner of which anything was said, by agency."""
        return [changes[-1] for _, changes in sorted(self._changes.items())]

    def move(self, agency: str, asked: Asked, by: str) -> PartnerChange:
        """The next change, by the rule of hub.core.partners.moved and with its errors."""
        history = self.history(agency)
        state = history[-1].state if history else None
        found = moved(agency, state, asked, self._in_use(agency), required(self.trials(agency)))
        about = {"agency": agency, "number": len(history) + 1, "state": found.state, "waived": found.waived}
        change = PartnerChange.model_validate(about | {"at": self._now(), "by": by, "why": asked.why})
        self._changes[agency] = [*history, change]
        if asked.move == "request":
            self._trials.pop(agency, None)
            self._known.pop(agency, None)
        return change

    def remembered(self, agency: str, receipt: str) -> bytes | None:
        """What is known among the agency's tests under that receipt."""
        return self._known.get(agency, {}).get(receipt)

    def keep(self, agency: str, judged: Judged) -> None:
        """Keep what came of a test message; of one agency the newest ones alone."""
        self._trials[agency] = [*self.trials(agency), judged.trial][-MOST_TRIALS:]
        self._known.setdefault(agency, {}).update(judged.known)

    def trials(self, agency: str) -> list[Trial]:
        """What came of its test messages, oldest first."""
        return list(self._trials.get(agency, ()))


_: type[Partners] = MemoryPartners
