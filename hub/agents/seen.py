"""What an agent remembers of a notice: the last step that it took, and the agencies that have it from that step."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.agents.state import PartitionState


@dataclass(frozen=True, slots=True)
class Seen:
    """By receipt. A killed intake may write a step again: whoever has taken it (or a later one) takes it no second time."""

    key: bytes
    step: int
    agencies: frozenset[str]

    @classmethod
    def of(cls, state: PartitionState, receipt: str) -> "Seen":
        """As it is remembered; step 0 where nothing is."""
        step, *agencies = (state.values.get(receipt.encode()) or b"0").decode().split()
        return cls(receipt.encode(), int(step), frozenset(agencies))

    def after(self, step: int, agencies: Iterable[str] | None = None) -> tuple[tuple[bytes, bytes], ...]:
        """The change of state with that step; the agencies are as before where none are given."""
        now = sorted(self.agencies if agencies is None else agencies)
        return ((self.key, " ".join((str(step), *now)).encode()),)
