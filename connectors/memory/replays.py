"""Replays in memory: hub.replays.Replays and hub.replays.Replaying over the endpoints of connectors.memory.endpoints."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

from connectors.memory.endpoints import MemoryEndpoints
from hub.core.delivering import Waiting
from hub.core.replaying import Known, merged
from hub.replays import MOST_OPEN, Lost, Progress, Replay, ReplayInfo, Replaying, Replays, Wanted
from schemas.errors import Conflict, Unknown

OPEN = ("waiting", "running")
Stands = tuple[str, int, datetime]
"""Epoch and offset of an event in its outbox, and when it came."""


@dataclass
class MemoryReplays:
    """`stands`: by agency and id the events of outboxes; `newest`: by agency, lane and receipt the newest step in an outbox."""

    endpoints: MemoryEndpoints
    now: Callable[[], datetime]
    stands: dict[tuple[str, str], Stands] = field(default_factory=dict)
    newest: dict[tuple[str, str, str], int] = field(default_factory=dict)
    most_open: int = MOST_OPEN
    kept: dict[str, tuple[Replay, ReplayInfo]] = field(default_factory=dict)

    # What its agency does

    def ask(self, agency: str, endpoint: str, wanted: Wanted, per_second: int, by: str) -> ReplayInfo:
        """A new replay of what is wanted."""
        if self.endpoints.get(agency, endpoint).state == "closed":
            raise Unknown("your agency has no such endpoint, or it is closed")
        if sum(info.state in OPEN for info in self.of(agency, endpoint)) >= self.most_open:
            raise Conflict(f"this endpoint has {self.most_open} replays that are not over: cancel one, or wait")
        name, since, start = f"rp_{secrets.token_hex(8)}", wanted.since or self.now(), None
        if wanted.event is not None:
            if (agency, wanted.event) not in self.stands:
                raise Unknown("no event of this id stands in your outbox: GET /v1/outbox tells the ids")
            epoch, offset, since = self.stands[agency, wanted.event]
            start = epoch, offset
        turn = Replay(name, endpoint, agency, since, per_second, wanted.alone, start, wanted.event)
        more: dict[str, Any] = {
            "why": None,
            "asked": self.now(),
            "begun": None,
            "ended": None,
            "counts": {},
            "read": 0,
            "total": None,
        }
        self.kept[name] = turn, ReplayInfo(name, endpoint, wanted, per_second, "waiting", lost=None, **more)
        return self.kept[name][1]

    def cursor_before(self, agency: str, wanted: Wanted) -> tuple[str | None, Lost | None]:
        """As told by `stands`, in whose epoch everything is; nothing is ever lost."""
        if wanted.event is not None and (agency, wanted.event) not in self.stands:
            raise Unknown("no event of this id stands in your outbox: GET /v1/outbox tells the ids")
        mine = sorted((epoch, offset, at, name) for (owner, name), (epoch, offset, at) in self.stands.items() if owner == agency)
        before = list(takewhile(lambda one: one[3] != wanted.event and (wanted.since is None or one[2] < wanted.since), mine))
        return (f"{before[-1][0]}.{before[-1][1]}" if before else None), None

    def of(self, agency: str, endpoint: str) -> list[ReplayInfo]:
        """All, newest first."""
        self.endpoints.get(agency, endpoint)
        return [self._seen(agency, info) for _, info in reversed(self.kept.values()) if info.endpoint == endpoint]

    def get(self, agency: str, endpoint: str, replay: str) -> ReplayInfo:
        """One of them."""
        for info in self.of(agency, endpoint):
            if info.id == replay:
                return info
        raise Unknown("this endpoint has no such replay")

    def cancel(self, agency: str, endpoint: str, replay: str, by: str) -> ReplayInfo:
        """Nothing more is told of it. Where it is over, nothing changes."""
        if self.get(agency, endpoint, replay).state in OPEN:
            self._become(replay, state="canceled", why="asked", ended=self.now())
        return self.get(agency, endpoint, replay)

    # What the dispatcher does

    def open(self) -> list[Replay]:
        """Of each active endpoint the oldest replay that is not over."""
        active = {endpoint.id for endpoint in self.endpoints.claim()}
        found: dict[str, Replay] = {}
        for turn, info in self.kept.values():
            if info.state in OPEN and turn.endpoint in active:
                found.setdefault(turn.endpoint, turn)
        return list(found.values())

    def begin(self, replay: Replay, first: int) -> bool:
        """It goes from `next` to before `end` in that epoch."""
        info = self.kept[replay.id][1]
        if replay.endpoint in self.endpoints.lost or info.state not in OPEN:
            return False
        self.kept[replay.id] = replay, info
        self._become(replay.id, state="running", begun=info.begun or self.now(), read=0, total=replay.end - replay.next)
        return True

    def known(self, replay: Replay, events: Sequence[Waiting]) -> dict[str, Known]:
        """What is known of these events, by their ids."""
        return {event.event_id: self._known(replay, event) for event in events}

    def note(self, progress: Progress) -> bool:
        """Keep it."""
        replay = progress.replay
        if replay.endpoint in self.endpoints.lost:
            return False
        info, endpoint = self.kept[replay.id][1], self.endpoints.kept[replay.endpoint]
        endpoint.attempts += progress.tried
        for event_id in progress.told:
            if (before := endpoint.events.get(event_id)) is not None and before[1] == "given-up":
                endpoint.events[event_id] = (before[0], "delivered")
        read = (info.total or 0) - (replay.end - replay.next)
        self.kept[replay.id] = replay, replace(info, counts=merged(info.counts, progress.counts), read=read)
        if info.state not in OPEN:
            return False
        if progress.state != "running":
            self._become(replay.id, state=progress.state, why=progress.why, ended=self.now())
        return True

    def _known(self, replay: Replay, event: Waiting) -> Known:
        came = [pair for pair in self.endpoints.kept[replay.endpoint].events.values() if pair[0].receipt == event.receipt]
        steps = [other.step for other, _ in came if other.lane == event.lane]
        newest = self.newest.get((replay.agency, event.lane, event.receipt), 0)
        waits = any(other.event_id == event.event_id and state == "waiting" for other, state in came)
        erased = bool({(event.receipt, None), (event.receipt, event.step)} & set(self.endpoints.gone))
        return Known(max([*steps, newest]), waits, bool(came), erased)

    def _seen(self, agency: str, info: ReplayInfo) -> ReplayInfo:
        over = info.state in OPEN and self.endpoints.get(agency, info.endpoint).state == "closed"
        return replace(info, state="canceled", why="closed") if over else info

    def _become(self, name: str, **changes: object) -> None:
        turn, info = self.kept[name]
        self.kept[name] = turn, replace(info, **changes)  # type: ignore[arg-type]


_: type[Replays] = MemoryReplays
_also: type[Replaying] = MemoryReplays
