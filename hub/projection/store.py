"""What the projector needs of a view. connectors.store has the one for PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

_Place = tuple[str, int]
_Position = tuple[str, int]
_Move = tuple[str, int, str, int, int]
_Start = tuple[str, int, str, int, _Position | None]
_Rows = Sequence[tuple[str, Mapping[str, Any]]]
Refused = tuple[int, str]
"""Which record of a batch was refused, and the code of why."""


class ViewStore(Protocol):
    """One view being written. Every method raises NotReady while the database is away."""

    def positions(self) -> dict[_Place, _Position]:
        """How far each partition is taken in: epoch and next offset by topic and partition."""

    def enter(self, starts: Sequence[_Start]) -> None:
        """Make entries for new partitions and for those that begin anew."""

    def write(self, records: Sequence[_Rows], moves: Sequence[_Move], bury: Callable[[Sequence[Refused]], None]) -> None:
        """Rows and positions in one transaction; refused records are handed to `bury` before it ends.

        NotReady also where the view was replaced; Misconfigured where the positions are no longer what was read.
        """


class Rebuildable(Protocol):
    """A view that can be replaced by one built anew."""

    def is_current(self) -> bool:
        """Whether this program's tables are those of the serving view."""

    def draft(self) -> ViewStore:
        """A new empty view beside the one that serves."""

    def drop_old(self) -> None:
        """Drop the view that was replaced."""

    def settle(self) -> None:
        """Make the draft ready for readers."""

    def halted(self) -> AbstractContextManager["Handover"]:
        """While the context lasts nobody writes to the serving view; readers go on."""


class Handover(Protocol):
    """The moment in which one view takes the place of the other."""

    def carry_over(self, starts: Mapping[_Place, _Position]) -> int:
        """Copy to the draft what the log, which begins at `starts`, no longer holds; how many rows that were."""

    def swap(self) -> None:
        """Put the draft in its place, when the context ends without an error."""
