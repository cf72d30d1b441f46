"""Tells agencies' endpoints what stands in their outboxes. Each endpoint has a desk of its own; here is what they share.

Addresses of mail are told the same way by a dispatcher of their own (hub.dispatch.mail), so that neither waits for the other.

A round claims endpoints, reads their outboxes on from `work.positions`, and hands what is new to the desks. Killed at any point,
the next process goes on from the database: what was told and not noted yet is told once more, under the same id.
"""

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol

import structlog

from hub.core.delivering import Waiting
from hub.core.registry import Registry
from hub.dispatch.choosing import Choosing
from hub.dispatch.copies import about_step, waiting_of
from hub.dispatch.desk import Desk, Tools
from hub.dispatch.held import Held
from hub.dispatch.noting import Noting
from hub.dispatch.outboxes import InOutbox
from hub.dispatch.replaying import Replaying
from hub.dispatch.way import WEBHOOK, Way
from hub.ports import LEASE_SECONDS, Deliveries, Endpoint, Posting, Publisher, Taken, Told
from schemas.errors import HubError
from schemas.wire import know_version

log = structlog.get_logger()

CLAIM_EACH = 1.0
"""Seconds between two looks at which endpoints there are, and whether they were paused, closed or changed."""
READ_AT_ONCE = 500
READ_WITHIN = 0.1
AGAIN_AFTER = 2.0
LEAVE_WITHIN = 5.0
"""Seconds in which answers are awaited when the process ends; what is not answered then is told again by the next one."""
_LEASE_MARGIN = 5.0


class Reading(Protocol):
    """What is asked of outboxes: hub.dispatch.outboxes.Outboxes."""

    def epochs(self, agencies: Collection[str]) -> dict[str, str]:
        """The epoch of each outbox that is there."""

    def since(self, agency: str, moment: datetime) -> int:
        """The first offset of that moment or later."""

    def follow(self, wanted: Mapping[str, int]) -> None:
        """Read these outboxes, each on from that offset, and no other."""

    def read(self, most: int, within: float) -> list[InOutbox]:
        """What comes next."""

    def again(self, agency: str, offset: int) -> InOutbox | None:
        """The record at that place."""

    def close(self) -> None:
        """Read nothing more."""


class Webhooks:
    """The dispatcher's part for webhooks. `posting` makes the sender: inside the loop that it works in.

    Without `replaying` nothing is replayed.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        outboxes: Reading,
        posting: Callable[[], Posting],
        publisher: Publisher,
        rights: Callable[[], tuple[Registry, date]],
        choosing: Choosing,
        now: Callable[[], datetime],
        prefix: str = "",
        way: Way = WEBHOOK,
        replaying: Replaying | None = None,
    ) -> None:
        self._way = way
        self._deliveries = deliveries
        self._outboxes = outboxes
        self._make_posting = posting
        self._publisher = publisher
        self._rights = rights
        self._choosing = choosing
        self._now = now
        self._prefix = prefix
        self._replaying = replaying
        self._desks: dict[str, Desk] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._held = Held()
        self._erased = 0
        self._claimed_at = float("-inf")
        self._threads = ThreadPoolExecutor(4, "webhooks")
        self._finding = ThreadPoolExecutor(1, "finding")

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        asyncio.run(self._work(stop))

    async def _work(self, stop: threading.Event) -> None:
        posting = self._make_posting()
        self._noting = Noting(self._thread, self._publisher.publish, self._deliveries.note, self._prefix)
        self._tools = Tools(posting, self._told, self._noting.put, self._noting.at_once, self._now)
        noting = asyncio.create_task(self._noting.run())
        try:
            while not stop.is_set() and not noting.done():
                await self._round_or_wait()
        finally:
            await self._leave(noting)
            await posting.close()
        if noting.done() and not noting.cancelled():
            noting.result()

    async def _round_or_wait(self) -> None:
        """Where Kafka or the database is away, the same again later; what a newer version wrote ends the process."""
        try:
            records = await self._read()
        except HubError as error:
            await self._wait(error)
            return
        for record in records:
            know_version("a copy", record.headers)
        try:
            if records:
                await self._take(records)
        except HubError as error:
            await self._wait(error)

    async def _wait(self, error: HubError) -> None:
        log.warning("endpoints wait", error=error.detail)
        await asyncio.sleep(AGAIN_AFTER)

    async def _read(self) -> list[InOutbox]:
        self._drop(self._noting.lost & self._desks.keys())
        if self._clock() - self._claimed_at >= CLAIM_EACH:
            await self._claim()
        wanted = self._wanted()
        await self._thread(self._outboxes.follow, wanted)
        if not wanted:
            await asyncio.sleep(READ_WITHIN)
            return []
        found: list[InOutbox] = await self._thread(self._outboxes.read, READ_AT_ONCE, READ_WITHIN)
        return found

    # Which endpoints there are

    async def _claim(self) -> None:
        asked = self._clock()
        endpoints = {endpoint.id: endpoint for endpoint in await self._thread(self._deliveries.claim)}
        await self._thread(self._choosing.renew, endpoints.values())
        until = asked + LEASE_SECONDS - _LEASE_MARGIN
        self._drop([name for name, desk in self._desks.items() if not _is_same(desk, endpoints.get(name))])
        for name, endpoint in endpoints.items():
            if name in self._desks:
                self._desks[name].renew(endpoint, until)
            elif name not in self._runs:  # one that was dropped has to end first
                await self._seat(endpoint, until)
        self._erased, erased = await self._thread(self._deliveries.erased_after, self._erased)
        for desk in self._desks.values() if erased else ():
            await desk.forget(erased)
        await self._find_positions()
        if self._replaying is not None:
            await self._replaying.look(self._desks)
        self._claimed_at = asked

    async def _seat(self, endpoint: Endpoint, until: float) -> None:
        waiting = await self._thread(self._deliveries.waiting, endpoint.id)
        desk = self._desks[endpoint.id] = self._way.desk(endpoint, waiting, until, self._tools)
        run = self._runs[endpoint.id] = asyncio.create_task(desk.run())
        run.add_done_callback(lambda task: self._ended(endpoint.id, task))

    def _ended(self, name: str, run: "asyncio.Task[None]") -> None:
        """A desk that broke is set up anew by the next claim."""
        self._runs.pop(name, None)
        if not run.cancelled() and (error := run.exception()) is not None:
            log.error("the desk of an endpoint broke", endpoint=name, error=type(error).__name__)
            self._desks.pop(name, None)

    def _drop(self, names: Iterable[str]) -> None:
        for name in list(names):
            self._noting.lost.discard(name)
            self._desks.pop(name).stop()

    async def _find_positions(self) -> None:
        """Where each endpoint's outbox is read on: an outbox that was made anew, from its start."""
        epochs = await self._thread(self._outboxes.epochs, {desk.endpoint.agency for desk in self._desks.values()})
        new = []
        for desk in self._desks.values():
            epoch = epochs.get(desk.endpoint.agency)
            if epoch is None:
                desk.position = None
            elif desk.position is None and desk.endpoint.position is None:
                at = await self._thread(self._outboxes.since, desk.endpoint.agency, desk.endpoint.made)
                new.append(Taken(desk.endpoint.id, epoch, at))
            elif desk.position is None or desk.position[0] != epoch:
                known = desk.endpoint.position
                desk.position = known if known is not None and known[0] == epoch else (epoch, 0)
        if new:
            await self._note_taken(new)

    # What is new for them

    def _wanted(self) -> dict[str, int]:
        """By agency from where to read on: from where the first of its endpoints is, of those that have room."""
        found: dict[str, int] = {}
        for desk in self._desks.values():
            if desk.position is not None and self._has_room(desk):
                agency = desk.endpoint.agency
                found[agency] = min(found.get(agency, desk.position[1]), desk.position[1])
        return found

    def _has_room(self, desk: Desk) -> bool:
        return not desk.is_full and self._choosing.reads(desk.endpoint)

    async def _take(self, records: list[InOutbox]) -> None:
        now = self._now()
        by_agency: dict[str, list[InOutbox]] = {}
        for record in records:
            self._held.put(record)
            by_agency.setdefault(record.agency, []).append(record)
        desks = [desk for desk in self._desks.values() if desk.endpoint.agency in by_agency and self._has_room(desk)]
        await self._note_taken([one for desk in desks if (one := self._taken(desk, by_agency[desk.endpoint.agency], now))])

    def _taken(self, desk: Desk, records: list[InOutbox], now: datetime) -> Taken | None:
        """What of these records is new for the desk's endpoint."""
        if desk.position is None:
            return None
        epoch, start = desk.position
        new = [record for record in records if record.offset >= start]
        came = (event for record in new if (event := waiting_of(record, now)) is not None)
        events = tuple(replace(event, due=self._way.due(desk.endpoint, event, now)) for event in came)
        following = self._choosing.following(desk.endpoint, new)
        return Taken(desk.endpoint.id, epoch, new[-1].offset + 1, events, following) if new else None

    async def _note_taken(self, taken: list[Taken]) -> None:
        found = await self._thread(self._deliveries.take, taken)
        for one in taken:
            desk = self._desks.get(one.endpoint)
            if desk is not None and one.endpoint in found:
                desk.position = (one.epoch, one.end)
                desk.add(found[one.endpoint])

    # What a desk asks for

    async def _told(self, endpoint: Endpoint, event: Waiting) -> Told | None:
        """The event as its agency may see it today; its record is read again where it is not held any more."""
        place = (endpoint.agency, event.place)
        if (record := self._held.get(*place)) is None:
            find = partial(self._outboxes.again, *place)
            record = await asyncio.get_running_loop().run_in_executor(self._finding, find)
        if record is None:
            return None
        if event.lane == "answer":  # whether the step that it answers was erased; of all else the desk is told
            erased = await self._thread(self._deliveries.erased, event.receipt)
            if not erased.isdisjoint({None, about_step(record, event)}):
                return None
        registry, day = self._rights()
        return self._way.told(record, event.attempts + 1, registry, day)

    # The end

    async def _leave(self, noting: "asyncio.Task[None]") -> None:
        """Begin nothing more, await answers for a moment, write down what became of all, let others have the endpoints."""
        desks, runs = list(self._desks.values()), list(self._runs.values())
        if self._replaying is not None:
            await self._replaying.leave()
        for desk in desks:
            desk.stop()
        if runs:
            await asyncio.wait(runs, timeout=LEAVE_WITHIN)
        for desk in desks:
            desk.cancel()
        try:
            async with asyncio.timeout(LEAVE_WITHIN):
                await self._noting.drained()
                await self._thread(self._deliveries.leave)
        except (TimeoutError, HubError):
            log.warning("not all could be written down: it is told once more by the next process")
        noting.cancel()
        await self._thread(self._outboxes.close)

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()

    async def _thread(self, work: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *given))


def _is_same(desk: Desk, endpoint: Endpoint | None) -> bool:
    """Whether a desk may go on: the endpoint is ours and was not paused and resumed meanwhile."""
    return endpoint is not None and endpoint.since == desk.endpoint.since
