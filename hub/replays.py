"""What the hub needs from outside for replays, as Protocols: what agencies ask for, and what the dispatcher does of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hub.core.delivering import Waiting
from hub.core.replaying import Known, ReplayState
from hub.ports import Attempt

MOST_OPEN = 20
"""Replays of one endpoint that are not over; they go one after the other."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to tell again: all from a moment on, all from an event on, or one event (`alone`)."""

    since: datetime | None = None
    event: str | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """What a replay should have told and no outbox holds any more: how many events, and when they came."""

    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class ReplayInfo:
    """A replay as its agency sees it. `counts`: told, failed, and what was left out by why; `why`: the code of how it ended.

    `read` of `total` places in the outbox are behind it, once it has begun.
    """

    id: str
    endpoint: str
    wanted: Wanted
    per_second: int
    state: ReplayState
    why: str | None
    asked: datetime
    begun: datetime | None
    ended: datetime | None
    counts: dict[str, int]
    read: int
    total: int | None
    lost: Lost | None


class Replays(Protocol):
    """Replays of an agency's endpoints, as it manages them itself. Whatever is another agency's is Unknown to it."""

    def ask(self, agency: str, endpoint: str, wanted: Wanted, per_second: int, by: str) -> ReplayInfo:
        """A new replay. Unknown where the endpoint is closed or the outbox holds no such event; Conflict at too many."""

    def cursor_before(self, agency: str, wanted: Wanted) -> tuple[str | None, Lost | None]:
        """The cursor after which the feed has all that is wanted (None: the start), and what of it no outbox holds any more."""

    def of(self, agency: str, endpoint: str) -> list[ReplayInfo]:
        """All of the last 90 days, newest first."""

    def get(self, agency: str, endpoint: str, replay: str) -> ReplayInfo:
        """One of them. Unknown where there is none."""

    def cancel(self, agency: str, endpoint: str, replay: str, by: str) -> ReplayInfo:
        """Nothing more is told of it. Where it is over, nothing changes."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as the dispatcher has it. `event`: the id it was asked from, `start`: its epoch and offset, `since`: when it came.

    `epoch`, `next`, `end`: the outbox, the next offset and the one to end before; None before it has begun. `attempts`: how often
    the event at `next` was tried; `left`: how many events before it were left in a row.
    """

    id: str
    endpoint: str
    agency: str
    since: datetime
    per_second: int
    alone: bool = False
    start: tuple[str, int] | None = None
    event: str | None = None
    epoch: str | None = None
    next: int = 0
    end: int = 0
    attempts: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What was done of a replay since the last time: it stands at `replay.next`; what was counted; each attempt by event.

    `state`: done or failed where it is over, with the code of why.
    """

    replay: Replay
    counts: dict[str, int] = field(default_factory=dict)
    tried: tuple[tuple[str, Attempt], ...] = ()
    told: tuple[str, ...] = ()
    state: ReplayState = "running"
    why: str | None = None


class Replaying(Protocol):
    """Replays as the process sees them that has their endpoints; what another one says does not count."""

    def open(self) -> list[Replay]:
        """Of each endpoint of this process the replay whose turn it is."""

    def begin(self, replay: Replay, first: int) -> bool:
        """It goes from `next` to before `end` in that epoch, whose outbox holds what stands at `first` and later.

        What is lost is noted with it. False where it, or its endpoint, is no longer ours.
        """

    def known(self, replay: Replay, events: Sequence[Waiting]) -> dict[str, Known]:
        """What is known of these events, by their ids."""

    def note(self, progress: Progress) -> bool:
        """Keep it; an event that had been given up and was told is delivered now. False as above."""
