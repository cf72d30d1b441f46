"""What is sent, what the log says came of it, and where the two differ from what was expected."""

from dataclasses import dataclass, field

from schemas.errors import Finding

Coordinate = tuple[int, int]
"""Partition and offset in notices.received."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One submission as it went out. `findings` are those of the door, where it was refused there and stands in no log."""

    name: str
    title: str
    receipt: str
    body: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one submission, as the log tells.

    `told`: every agency with something about the notice in its outbox, with the roles in which it was told; `twice`: those
    that were told the same again under another id. What is a repeat shows what came of the first.
    """

    verdict: str | None
    findings: tuple[Finding, ...] = ()
    outcome: str | None = None
    told: dict[str, frozenset[str]] = field(default_factory=dict)
    lines: dict[str, frozenset[str]] = field(default_factory=dict)
    alerts: frozenset[str] = frozenset()
    offers: frozenset[str] = frozenset()
    twice: frozenset[str] = frozenset()
    losses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that was expected and did not come, or the other way round."""

    what: str
    expected: str
    came: str

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected or 'none'}, came {self.came or 'none'}"


@dataclass(frozen=True, slots=True)
class Result:
    """One submission, what came of it, and what was missed. `note` says why another result than the written one is right."""

    sent: Sent
    came: Came
    misses: tuple[Miss, ...]
    note: str = ""
