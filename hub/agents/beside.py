"""Whom routing remembers of a notice beside those who have it from its last step: only where there is anybody."""

from collections.abc import Collection
from dataclasses import dataclass

from hub.agents.seen import Seen
from hub.agents.state import PartitionState
from schemas.ids import AgencyId

_KEY = b"beside "
_FORMER = "-"
"""Stands before an agency that had the notice at an earlier step; no agency's id begins so."""


@dataclass(frozen=True, slots=True)
class Beside:
    """`alerted`: by cases alone, as under an embargo. `former`: told or alerted of an earlier step."""

    key: bytes
    alerted: frozenset[AgencyId]
    former: frozenset[AgencyId]

    @classmethod
    def of(cls, state: PartitionState, receipt: str) -> "Beside":
        """As it is remembered; nobody where nothing is."""
        key = _KEY + receipt.encode()
        names = (state.values.get(key) or b"").decode().split()
        former = frozenset(name.removeprefix(_FORMER) for name in names if name.startswith(_FORMER))
        return cls(key, frozenset(name for name in names if not name.startswith(_FORMER)), former)

    def having(self, seen: Seen) -> frozenset[AgencyId]:
        """Who has the notice now."""
        return seen.agencies | self.alerted

    def had(self, seen: Seen) -> frozenset[AgencyId]:
        """Who has it or had it."""
        return seen.agencies | self.alerted | self.former

    def after(
        self, seen: Seen, told: Collection[AgencyId], alerted: Collection[AgencyId]
    ) -> tuple[tuple[bytes, bytes | None], ...]:
        """The change of state with a step that tells and alerts these."""
        beside = frozenset(alerted) - {*told}
        former = self.had(seen) - {*told} - beside
        if (beside, former) == (self.alerted, self.former):
            return ()
        names = [*sorted(beside), *sorted(_FORMER + name for name in former)]
        return ((self.key, " ".join(names).encode() or None),)
