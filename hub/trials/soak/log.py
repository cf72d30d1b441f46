"""What the independent reader saw on the hub's topics, as plain values: what the judge counts."""

from dataclasses import dataclass, field

from hub.trials.soak.model import Lane

Place = tuple[int, int]
"""Partition and offset in notices.received."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of notices.received."""

    place: Place
    sender: str
    body: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the submission at that place: accepted, repeat or refused."""

    said: str
    place: Place


@dataclass(frozen=True, slots=True)
class Step:
    """A record of employer.events: a place in an employer's history."""

    receipt: str
    employer: str
    place: Place


@dataclass(frozen=True, slots=True)
class Copy:
    """A record of an outbox. `leak`: it holds what its agency may not see."""

    agency: str
    lane: Lane
    event_id: str
    receipt: str
    employer: str
    leak: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """A record of alerts.layoff."""

    agency: str
    event_id: str
    receipt: str


@dataclass(slots=True)
class Log:
    """Everything, each list in the order of its topic (within a partition)."""

    received: list[Seen] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    history: list[Step] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    leaks: int = 0
    """Records of the hub's own topics that hold a personal code."""
    dead: int = 0
