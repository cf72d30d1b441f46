"""What the independent reader saw of the history on the hub's topics, as plain values."""

from dataclasses import dataclass, field
from typing import Literal

from hub.trials.soak.log import Seen, Verdict
from hub.trials.soak.model import Lane

Mode = Literal["shown", "over", "withdrawn", "calmed"]
"""What an agency is told: the content, that it no longer concerns it (since it was withdrawn), or only that an alert is over."""


@dataclass(frozen=True, slots=True)
class About:
    """Which version of a notice a copy shows: what it may show to everybody."""

    kind: str
    business_id: str
    area: str


@dataclass(frozen=True, slots=True)
class Step:
    """A record of employer.events."""

    receipt: str
    number: int
    type: str
    employer: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A record of notices.routed: by which revision of the registry a step was decided."""

    receipt: str
    number: int
    revision: int


@dataclass(frozen=True, slots=True)
class Copy:
    """A record of an outbox, or of alerts.layoff. `leak`: it holds what its agency may not see."""

    agency: str
    lane: Lane
    event_id: str
    receipt: str
    number: int
    employer: str
    mode: Mode
    role: str
    about: About | None = None
    leak: bool = False


@dataclass(slots=True)
class Log:
    """Everything, each list in the order of its topic (within a partition)."""

    received: list[Seen] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    history: list[Step] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    alerts: list[Copy] = field(default_factory=list)
    withheld: set[tuple[str, str]] = field(default_factory=set)
    """Agency and id of copies that the hub says it has taken out of an outbox for good."""
    leaks: int = 0
    """Records of the hub's own topics that hold a personal code."""
    dead: int = 0
