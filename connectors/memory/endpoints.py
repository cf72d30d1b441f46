"""Webhooks in memory: hub.ports.Endpoints and hub.ports.Deliveries over dictionaries, for one process at a time."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hub.core.delivering import Standing, Waiting, going
from hub.core.signing import secret_of
from hub.ports import (
    Attempt,
    Deliveries,
    Endpoint,
    EndpointInfo,
    Endpoints,
    Mode,
    Noted,
    Page,
    State,
    Taken,
    Target,
)
from schemas.errors import Conflict, Finding, Refusal, Unknown

_SECRET = b"the memory's own"


@dataclass
class _Kept:
    """An endpoint with all that belongs to it; `events` by their id."""

    agency: str
    info: EndpointInfo
    standing: Standing = field(default_factory=Standing)
    position: tuple[str, int] | None = None
    events: dict[str, tuple[Waiting, State]] = field(default_factory=dict)
    attempts: list[tuple[str, Attempt]] = field(default_factory=list)

    def waiting(self) -> list[Waiting]:
        """All that waits, in the outbox's order."""
        return sorted((event for event, state in self.events.values() if state == "waiting"), key=lambda event: event.place)


class MemoryEndpoints:
    """`gone` are notices (or steps) that were erased, in that order; `lost` are endpoints that another process has."""

    def __init__(self, now: Callable[[], datetime], most: int = 20) -> None:
        self.kept: dict[str, _Kept] = {}
        self.gone: list[tuple[str, int | None]] = []
        self.lost: set[str] = set()
        self._now = now
        self._most = most

    # What its agency does

    def add(self, agency: str, url: str, mode: Mode, subscription: str | None = None) -> tuple[EndpointInfo, str]:
        """A new endpoint and its secret. Conflict where the agency has one with that URL, or as many as it may have."""
        if len(self.of(agency)) >= self._most:
            raise Conflict(f"your agency has {self._most} endpoints, which is the most: close one first")
        self._refuse_twice(agency, url)
        name, now = f"ep_{secrets.token_hex(8)}", self._now()
        info = EndpointInfo(name, url, mode, subscription, "active", None, now, now, 0, None, 0, {1: None})
        self.kept[name] = _Kept(agency, info)
        return info, secret_of(_SECRET, name, 1)

    def of(self, agency: str) -> list[EndpointInfo]:
        """All that are not closed, oldest first."""
        there = [self.get(agency, name) for name, kept in self.kept.items() if kept.agency == agency]
        return [info for info in there if info.state != "closed"]

    def get(self, agency: str, endpoint: str) -> EndpointInfo:
        """One of them, closed or not."""
        kept = self._of(agency, endpoint)
        secrets = {number: until for number, until in kept.info.secrets.items() if until is None or until > self._now()}
        standing = kept.standing
        failing: dict[str, Any] = {"failures": standing.failures, "failing_since": standing.failing_since}
        return replace(kept.info, waiting=len(kept.waiting()), secrets=secrets, **failing)

    def change(self, agency: str, endpoint: str, url: str | None = None, mode: Mode | None = None) -> EndpointInfo:
        """Another URL or mode."""
        kept = self._open(agency, endpoint)
        if url is not None and url != kept.info.url:
            self._refuse_twice(agency, url)
        kept.info = replace(kept.info, url=url or kept.info.url, mode=mode or kept.info.mode)
        return self.get(agency, endpoint)

    def pause(self, agency: str, endpoint: str) -> EndpointInfo:
        """Nothing is told it until it is resumed."""
        self._become(self._open(agency, endpoint), state="paused", why="asked")
        return self.get(agency, endpoint)

    def resume(self, agency: str, endpoint: str) -> EndpointInfo:
        """It is told on from where it stopped; what failed before has all its time again."""
        kept = self._open(agency, endpoint)
        self._become(kept, state="active", why=None)
        kept.standing = Standing()
        for event in kept.waiting():
            kept.events[event.event_id] = (replace(event, attempts=0, first_tried=None, due=self._now()), "waiting")
        return self.get(agency, endpoint)

    def close(self, agency: str, endpoint: str) -> None:
        """It is told nothing any more."""
        self._become(self._of(agency, endpoint), state="closed", why="asked")

    def rotate(self, agency: str, endpoint: str, overlap: timedelta) -> tuple[EndpointInfo, str]:
        """A new secret; those before go on signing beside it for the time of the overlap."""
        kept, until = self._open(agency, endpoint), self._now() + overlap
        number = 1 + max(kept.info.secrets)
        older = {older: min(holds or until, until) for older, holds in self.get(agency, endpoint).secrets.items()}
        kept.info = replace(kept.info, secrets={number: None, **older})
        return self.get(agency, endpoint), secret_of(_SECRET, endpoint, number)

    def target(self, agency: str, endpoint: str) -> Target:
        """Where it is called and by which secrets."""
        self._open(agency, endpoint)
        info = self.get(agency, endpoint)
        return Target(info.url, info.mode, tuple(secret_of(_SECRET, endpoint, number) for number in info.secrets))

    def tried(self, agency: str, endpoint: str, event_id: str, attempt: Attempt) -> None:
        """Keep an attempt of a test among the others."""
        self._of(agency, endpoint).attempts.append((event_id, attempt))

    def attempts(self, agency: str, endpoint: str, cursor: str | None, limit: int) -> Page:
        """Each call of it and what came of it, newest first."""
        if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
            raise Refusal("no such cursor", (Finding(rule="cursor", place="/cursor", message="this is no cursor of this list"),))
        rows, begin = self._of(agency, endpoint).attempts[::-1], int(cursor or 0)
        items = [_told(*row) for row in rows[begin : begin + limit]]
        return Page(items, str(begin + limit) if len(rows) > begin + limit else None)

    # What the dispatcher does

    def claim(self) -> list[Endpoint]:
        """All that are active and that no other process has."""
        active = [name for name, kept in self.kept.items() if kept.info.state == "active" and name not in self.lost]
        return [self._claimed(name, self.kept[name]) for name in active]

    def waiting(self, endpoint: str) -> list[Waiting]:
        """All that waits for it, in the outbox's order; nothing of what was erased."""
        return [event for event in self.kept[endpoint].waiting() if not self._is_erased(event)]

    def take(self, taken: Sequence[Taken]) -> dict[str, list[Waiting]]:
        """Note what was read; by endpoint, what of it waits now: nothing that is done with, and nothing that was erased."""
        found: dict[str, list[Waiting]] = {}
        for one in taken:
            if one.endpoint not in self.lost:
                kept = self.kept[one.endpoint]
                kept.position = (one.epoch, one.end)
                left = going(one.events, one.following, {event.receipt for event, _ in kept.events.values()})
                events = sorted((event for event in left if not self._is_erased(event)), key=lambda event: event.place)
                found[one.endpoint] = [waits for event in events if (waits := _taken(kept, event))]
        return found

    def note(self, noted: Sequence[Noted]) -> frozenset[str]:
        """Note what has become of events; the endpoints that another process has."""
        for one in noted:
            if one.endpoint not in self.lost:
                self._note(self.kept[one.endpoint], one)
        return frozenset(one.endpoint for one in noted) & self.lost

    def erased_after(self, mark: int) -> tuple[int, frozenset[tuple[str, int | None]]]:
        """What was put in `gone` after that mark."""
        return len(self.gone), frozenset(self.gone[mark:])

    def erased(self, receipt: str) -> frozenset[int | None]:
        """As above, of one notice."""
        return frozenset(step for name, step in self.gone if name == receipt)

    def leave(self) -> None:
        """Nobody else waits for them."""

    def _is_erased(self, event: Waiting) -> bool:
        return bool({(event.receipt, None), (event.receipt, event.step)} & set(self.gone))

    def _note(self, kept: _Kept, noted: Noted) -> None:
        if noted.attempt:
            kept.attempts.append((noted.event.event_id, noted.attempt))
        before = kept.events.get(noted.event.event_id)
        same_place = before is not None and before[0].place == noted.event.place
        if before is not None and before[1] == "waiting" and (same_place or noted.state != "withheld"):
            kept.events[noted.event.event_id] = (replace(noted.event, place=before[0].place), noted.state)
        if kept.info.state == "active":
            kept.standing = noted.standing or kept.standing
            if noted.pause:
                self._become(kept, state="paused", why=noted.pause)

    def _claimed(self, name: str, kept: _Kept) -> Endpoint:
        info, target = kept.info, self.target(kept.agency, name)
        state = (kept.standing, info.since, info.made, kept.position)
        return Endpoint(name, kept.agency, target, *state, info.subscription)

    def _become(self, kept: _Kept, **changes: Any) -> None:
        kept.info = replace(kept.info, since=self._now(), **changes)

    def _refuse_twice(self, agency: str, url: str) -> None:
        if any(info.url == url for info in self.of(agency)):
            raise Conflict("your agency has an endpoint with this URL already: each event would be told twice")

    def _open(self, agency: str, endpoint: str) -> _Kept:
        kept = self._of(agency, endpoint)
        if kept.info.state == "closed":
            raise Unknown("your agency has no such endpoint, or it is closed")
        return kept

    def _of(self, agency: str, endpoint: str) -> _Kept:
        kept = self.kept.get(endpoint)
        if kept is None or kept.agency != agency:
            raise Unknown("your agency has no such endpoint, or it is closed")
        return kept


def _taken(kept: _Kept, event: Waiting) -> Waiting | None:
    """The event as it waits now; None where it is done with."""
    known = kept.events.get(event.event_id)
    if known is not None and known[1] not in ("waiting", "withheld"):
        return None
    waits = event if known is None else replace(known[0], place=event.place)
    kept.events[event.event_id] = (waits, "waiting")
    return waits


def _told(event_id: str, attempt: Attempt) -> dict[str, Any]:
    answer = attempt.answer
    said = {"outcome": answer.outcome, "code": answer.code, "words": answer.words, "status": answer.status, "replay": None}
    return {"at": attempt.at.isoformat(), "event_id": event_id, "milliseconds": attempt.milliseconds, **said}


_: type[Endpoints] = MemoryEndpoints
_also: type[Deliveries] = MemoryEndpoints
