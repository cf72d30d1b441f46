"""One replay of one endpoint: it goes through an outbox in its order, behind what is to be told anyway.

About a second's worth is looked at, told and noted at a time: killed at any point, what was told since the last note is told
once more, under the same id. Whether an event may go is asked at its own time: by the rights of then (DESIGN §5.4), and whether a
later step came meanwhile.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

import structlog

from hub.core.delivering import Waiting
from hub.core.registry import Registry
from hub.core.replaying import Known, left_out, next_after
from hub.dispatch.choosing import Choosing
from hub.dispatch.copies import about_step, told_of, waiting_of
from hub.dispatch.desk import Desk
from hub.dispatch.outboxes import InOutbox
from hub.ports import Attempt
from hub.replays import Progress, Replay
from hub.replays import Replaying as Store
from schemas.errors import HubError
from schemas.wire import header, know_version

log = structlog.get_logger()

MARK = "replay"
"""The attribute of a CloudEvent that says of which replay it is."""
PAUSE = 0.05
STALE = 1.0
"""Seconds after which what is known of events is asked anew."""
CATCH_UP = 0.2
"""Seconds for which what was held up may go faster than it was asked for."""
AGAIN_AFTER = 2.0
AT_ONCE = 500


class Past(Protocol):
    """What is asked of outboxes: hub.dispatch.outboxes.Outboxes."""

    def since(self, agency: str, moment: datetime) -> int:
        """The first offset of that moment or later."""

    def first(self, agency: str) -> int:
        """The first offset that is still there."""

    def part(self, agency: str, offset: int, most: int) -> list[InOutbox]:
        """What stands there and behind it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all replays share. `thread` runs a function with its arguments in a thread; `rights`: the registry and the day."""

    store: Store
    past: Past
    choosing: Choosing
    rights: Callable[[], tuple[Registry, date]]
    now: Callable[[], datetime]
    thread: Callable[..., Awaitable[Any]]
    chance: Callable[[], float] = random.random


@dataclass(slots=True)
class Part:
    """What was looked at, when, and what was done of it. `unmet`: ids of what is not of the endpoint's subscription."""

    at: float
    known: Mapping[str, Known]
    unmet: Collection[str]
    counts: Counter[str] = field(default_factory=Counter)
    tried: list[tuple[str, Attempt]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    end: str | None = None


class OneReplay:
    """Told to stop, it awaits and notes what is under way."""

    def __init__(self, replay: Replay, desk: Desk, tools: Tools) -> None:
        self.desk = desk
        self._over = asyncio.Event()
        self._replay = replay
        self._tools = tools
        self._clock = asyncio.get_running_loop().time
        self._next_at = 0.0
        self._due: datetime | None = None

    def stop(self) -> None:
        """Begin nothing more."""
        self._over.set()

    async def run(self) -> None:
        """Until its end, or until told to stop. Where Kafka, the database or the registry is away, the same again later."""
        while not self._over.is_set():
            try:
                if await self._may_go() and not await self._go_on():
                    return
            except HubError as error:
                log.warning("a replay waits", replay=self._replay.id, error=error.detail)
                await self._rest(AGAIN_AFTER)

    # Where it is

    async def _may_go(self) -> bool:
        """Wait a moment where an event that failed is not due, or the endpoint has something else to be told."""
        is_due = self._due is None or self._tools.now() >= self._due
        reads = self._tools.choosing.reads(self.desk.endpoint)
        if is_due and reads and self.desk.position is not None and self.desk.has_room_for_replay():
            return True
        await self._rest(PAUSE)
        return False

    async def _go_on(self) -> bool:
        """The next part; False at the end."""
        assert self.desk.position is not None  # noqa: S101 - looked at by _may_go
        if await self._is_elsewhere(self.desk.position[0]) and not await self._begin(*self.desk.position):
            return False
        records = await self._records()
        part = await self._looked_at(records)
        for record in records:
            if not await self._one(record, part):
                break
        return await self._note(part, is_last=not records)

    async def _is_elsewhere(self, epoch: str) -> bool:
        """Whether it has to begin anew: it has not begun, the outbox was made anew, or what comes next stands there no more.

        Where it was emptied, what is left stands behind, written again; what has passed its time is counted as lost.
        """
        one = self._replay
        if one.epoch != epoch:
            return True
        return one.next < one.end and one.next < await self._tools.thread(self._tools.past.first, one.agency)

    async def _begin(self, epoch: str, end: int) -> bool:
        """From where to where it goes: what came later was told by itself. In an outbox that was made anew once more."""
        asked, tools = self._replay, self._tools
        first = await tools.thread(tools.past.first, asked.agency)
        if asked.start is not None and asked.start[0] == epoch and (asked.start[1] >= first or not asked.alone):
            start = max(asked.start[1], first)
        elif asked.alone:
            start = await self._found_again(first, end)
        else:
            start = await tools.thread(tools.past.since, asked.agency, asked.since)
        start = min(start, end)
        last = min(start + 1, end) if asked.alone else end
        self._replay = replace(asked, epoch=epoch, next=start, end=last, attempts=0, left=0)
        return bool(await tools.thread(tools.store.begin, self._replay, first))

    async def _found_again(self, first: int, end: int) -> int:
        """Where the event that was asked for was written again, when its outbox was emptied or made anew; the end, if nowhere."""
        while first < end:
            records: list[InOutbox] = await self._tools.thread(self._tools.past.part, self._replay.agency, first, AT_ONCE)
            if not records:
                break
            for record in records:
                if header(record.headers, "ce_id") == self._replay.event:
                    return record.offset
            first = records[-1].offset + 1
        return end

    async def _records(self) -> list[InOutbox]:
        one = self._replay
        most = min(one.per_second, one.end - one.next)
        found = await self._tools.thread(self._tools.past.part, one.agency, one.next, most) if most > 0 else []
        return [record for record in found if record.offset < one.end]

    async def _looked_at(self, records: list[InOutbox]) -> Part:
        for record in records:
            know_version("a copy", record.headers)
        self.desk.look_on()  # before it is asked what is known: what comes from here on shows at the desk
        came = ((record, waiting_of(record, self._tools.now())) for record in records)
        events = [replace(event, step=about_step(record, event)) for record, event in came if event is not None]
        known = await self._tools.thread(self._tools.store.known, self._replay, events) if events else {}
        return Part(self._clock(), known, self._tools.choosing.following(self.desk.endpoint, records))

    # One event

    async def _one(self, record: InOutbox, part: Part) -> bool:
        """Tell it or leave it out; whether the next may follow at once."""
        event = waiting_of(record, self._tools.now())
        if event is None:  # no copy: passed over, as ever
            return self._behind(record, self._replay.left)
        why = left_out(event, part.known[event.event_id], event.event_id not in part.unmet, self._replay.alone)
        if why is not None:
            part.counts[why] += 1
            return self._behind(record, self._replay.left)
        if not await self._turn(part) or self.desk.overtakes(event):
            return False
        return await self._tell(record, event, part)

    async def _turn(self, part: Part) -> bool:
        """Wait for its time; False where that took so long that everything is to be looked at anew."""
        while not self._over.is_set() and self._clock() - part.at < STALE + 1 / self._replay.per_second:
            if self._clock() >= self._next_at and self.desk.has_room_for_replay():
                self._next_at = max(self._next_at, self._clock() - CATCH_UP) + 1 / self._replay.per_second
                return True
            await asyncio.sleep(min(PAUSE, max(0.001, self._next_at - self._clock())))
        return False

    async def _tell(self, record: InOutbox, event: Waiting, part: Part) -> bool:
        one, tools = self._replay, self._tools
        told = told_of(record, one.attempts + 1, *tools.rights())
        if told is None:
            part.counts["withheld"] += 1
            return self._behind(record, one.left)
        attempt = await self.desk.replay(event, replace(told, attributes=told.attributes | {MARK: one.id}))
        part.tried.append((event.event_id, attempt))
        found = next_after(attempt.answer, one.attempts, one.left, tools.now(), tools.chance())
        self._due, part.end = found.due, found.end
        if found.due is not None:
            self._replay = replace(one, attempts=one.attempts + 1)
            return False
        part.counts["told" if found.told else "failed"] += 1
        if found.told:
            part.told.append(event.event_id)
        return self._behind(record, found.left) and found.end is None

    def _behind(self, record: InOutbox, left: int) -> bool:
        self._replay = replace(self._replay, next=record.offset + 1, attempts=0, left=left)
        return True

    async def _note(self, part: Part, is_last: bool) -> bool:
        """Until it is written down; whether it goes on."""
        one = self._replay
        if one.alone and is_last:
            part.counts["gone"] += 1
        is_done = is_last or one.next >= one.end
        state = {"state": "failed", "why": part.end} if part.end else {"state": "done"} if is_done else {}
        progress = Progress(one, dict(part.counts), tuple(part.tried), tuple(part.told), **state)  # type: ignore[arg-type]
        while True:
            try:
                return bool(await self._tools.thread(self._tools.store.note, progress)) and not state
            except HubError as error:
                log.warning("what was done of a replay is not written down yet", replay=one.id, error=error.detail)
                if self._over.is_set():
                    return False
                await self._rest(AGAIN_AFTER)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
