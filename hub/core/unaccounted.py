"""What the reckoning lists: the kinds of things without an answer, in the words of the operator. Pure.

docs/reckoning.md says of each kind what to do.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "no-verdict",
    "contradiction",
    "missing-step",
    "no-outcome",
    "no-targets",
    "no-copy",
    "no-alert",
    "no-closing",
    "no-stub",
    "no-clock",
    "overdue",
    "not-delivered",
    "foreign",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """Something of which the log does not tell what became of it, or of which it tells two things."""

    kind: Kind
    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.what}"
