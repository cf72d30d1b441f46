"""What is asked of the views about answers to notices: a part of hub.ports.Reading."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Answerable:
    """A notice that an agency was told of: whose it is, what its sender calls it, and the steps that the agency has had of it."""

    owner: str
    source: str
    id: str
    steps: tuple[int, ...]


class Answers(Protocol):
    """An agency gets its own answers, and those of others that it may see."""

    def acknowledgements(self, agency: str, receipt: str) -> dict[str, Any] | None:
        """What agencies have said of a notice, and who was told of it; None where there is no such notice for that agency."""

    def answerable(self, agency: str, receipt: str) -> Answerable | None:
        """The notice, for that agency to answer it; None where it was not told of it, or the views do not know it yet."""
