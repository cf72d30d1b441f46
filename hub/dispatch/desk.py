"""One endpoint: what waits for it, what it is being told, and when it is its turn again. It costs no other endpoint anything."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from hub.core.answers import Answer
from hub.core.delivering import After, Lane, Turn, Waiting, after, foremost, next_turn
from hub.ports import Attempt, Endpoint, Noted, Posting, State, Told
from schemas.errors import HubError

log = structlog.get_logger()

ROOM = 4
"""Calls of one endpoint at one time, one of them for alerts alone."""
LOOKED_AT = 300
"""Notices that a turn looks at."""
MOST_WAITING = 5_000
"""Events that wait for an endpoint before no more are read for it."""
ENDED_KEPT = 1_000
"""Events that have ended of which an endpoint's desk still knows: what was read again beside the note of it is not told again."""
_LONGEST_SLEEP = 60.0
AGAIN_AFTER = timedelta(seconds=5)
"""An event whose copy cannot be read now is looked at again."""
BUG = Answer("retry", "hub-error", "the hub itself failed; it is tried again")


@dataclass(frozen=True, slots=True)
class Tools:
    """What all desks share. `told` gives the event as it may be told now; None where it may not, or is not there any more.

    `note` writes down soon what has become of an event; `at_once` before it returns: False where the endpoint is
    another process's.
    """

    posting: Posting
    told: Callable[[Endpoint, Waiting], Awaitable[Told | None]]
    note: Callable[[Noted], Awaitable[None]]
    at_once: Callable[[Sequence[Noted]], Awaitable[bool]]
    now: Callable[[], datetime]
    chance: Callable[[], float] = random.random


class Desk:
    """`position`: epoch and offset up to which the outbox was read for it. It tells nothing once its lease is over."""

    def __init__(self, endpoint: Endpoint, waiting: Iterable[Waiting], lease_until: float, tools: Tools) -> None:
        self.endpoint = endpoint
        self.position = endpoint.position
        self._waiting = {event.event_id: event for event in waiting}
        self._standing = endpoint.standing
        self._lease_until = lease_until
        self._tools = tools
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()
        self._erased: set[str] = set()
        self._ended: dict[str, None] = {}
        self._over = False
        self._replayed: Waiting | None = None
        self._came: dict[tuple[Lane, str], int] = {}

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be read for it now."""
        return len(self._waiting) >= MOST_WAITING

    def add(self, events: Iterable[Waiting]) -> None:
        """More that waits, or what waits at another place now. What is being told keeps its attempts.

        What has ended meanwhile is left out: the database did not know of it yet when it was read again.
        """
        for event in events:
            self._came[event.lane, event.receipt] = event.step
            if event.event_id in self._ended:
                continue
            known = self._waiting.pop(event.event_id, None)
            self._waiting[event.event_id] = event if known is None else replace(known, place=event.place)
        self._woken.set()

    def renew(self, endpoint: Endpoint, lease_until: float) -> None:
        """As it is known now: another address, other secrets, a longer lease."""
        self.endpoint, self._lease_until = endpoint, lease_until
        self._woken.set()

    async def forget(self, erased: Collection[tuple[str, int | None]]) -> None:
        """Leave out what was erased; what is being told at this moment is told no second time."""
        for event in list(self._waiting.values()):
            if {(event.receipt, None), (event.receipt, event.step)} & set(erased):
                self._erased.add(event.event_id)
                if event.event_id not in self._sending:
                    await self._done(event, "withheld")

    # Replays, for which hub.dispatch.replaying decides what goes

    def look_on(self) -> None:
        """From now on remember what comes, so that `overtakes` knows of it."""
        self._came.clear()

    def overtakes(self, event: Waiting) -> bool:
        """Whether the same or a later step of its notice came since `look_on`; any answer to it, where it is an answer."""
        return self._came.get((event.lane, event.receipt), -1) >= event.step

    def has_room_for_replay(self) -> bool:
        """Whether a replayed event may go: the endpoint takes what it is told, and nothing else is to be told now."""
        now, standing = self._tools.now(), self._standing
        rests = any(until is not None and now < until for until in (standing.not_before, standing.rests_until))
        if self._over or rests or asyncio.get_running_loop().time() >= self._lease_until:
            return False
        return not any(event.due <= now for event in self._waiting.values())

    async def replay(self, event: Waiting, told: Told) -> Attempt:
        """Tell it, whatever waits; meanwhile nothing of its employer is told in its lane. Nothing follows for the endpoint."""
        self._replayed = event
        try:
            return await self._call(told)
        except Exception as error:  # as below
            log.error("an event could not be replayed", endpoint=self.endpoint.id, error=type(error).__name__)
            return Attempt(self._tools.now(), 0, BUG)
        finally:
            self._replayed = None
            self._woken.set()

    def stop(self) -> None:
        """Begin nothing more."""
        self._over = True
        self._woken.set()

    async def run(self) -> None:
        """Tell what waits until stopped; then wait for the answers that are awaited."""
        while not self._over:
            self._woken.clear()
            turn = self._turn()
            for event in turn.superseded:
                await self._done(event, "superseded")
            for event in turn.given_up:
                await self._done(event, "given-up")
            self._send(turn)
            await self._sleep(turn.again_at)
        await asyncio.gather(*self._sending.values(), return_exceptions=True)

    def cancel(self) -> None:
        """Wait for no answer any more."""
        for task in self._sending.values():
            task.cancel()

    def _turn(self) -> Turn:
        now = self._tools.now()
        if asyncio.get_running_loop().time() >= self._lease_until:
            return Turn((), (), (), None)
        return self._next(now)

    def _next(self, now: datetime) -> Turn:
        looked_at, sending = foremost(self._waiting.values(), self._sending, now, LOOKED_AT), set(self._sending)
        if self._replayed is not None:
            looked_at = [self._replayed, *(event for event in looked_at if event.event_id != self._replayed.event_id)]
            sending.add(self._replayed.event_id)
        return next_turn(looked_at, sending, self._standing, now, ROOM)

    async def _sleep(self, until: datetime | None) -> None:
        left = _LONGEST_SLEEP if until is None else max(0.0, (until - self._tools.now()).total_seconds())
        try:
            async with asyncio.timeout(min(left + 0.001, _LONGEST_SLEEP)):
                await self._woken.wait()
        except TimeoutError:
            return

    def _send(self, turn: Turn) -> None:
        for event in turn.send:
            self._begin(event)

    def _begin(self, event: Waiting) -> None:
        self._sending[event.event_id] = asyncio.create_task(self._tell(event))

    async def _tell(self, event: Waiting) -> None:
        try:
            told = await self._tools.told(self.endpoint, event)
            if told is None:
                await self._done(event, "withheld")
            elif await self._may_begin([event]):
                await self._answered(event, await self._call(told))
        except HubError as error:  # its copy cannot be read, or the attempt not be noted; nobody was called
            log.warning("an event cannot be told yet", endpoint=self.endpoint.id, error=error.detail)
            self._waiting[event.event_id] = replace(event, due=self._tools.now() + AGAIN_AFTER)
        except Exception as error:  # whatever is wrong with one event or endpoint, the others are told
            log.error("an event could not be told", endpoint=self.endpoint.id, error=type(error).__name__)
            await self._answered(event, Attempt(self._tools.now(), 0, BUG))
        finally:
            self._sending.pop(event.event_id, None)
            self._woken.set()

    async def _may_begin(self, events: Sequence[Waiting]) -> bool:
        """Asked before each attempt. What is told twice is known by its id: no attempt has to be noted before it."""
        return True

    async def _call(self, told: Told) -> Attempt:
        began, clock = self._tools.now(), asyncio.get_running_loop().time
        start = clock()
        answer = await self._tools.posting.attempt(self.endpoint.target, told, began)
        return Attempt(began, round((clock() - start) * 1000), answer)

    async def _answered(self, event: Waiting, attempt: Attempt) -> None:
        await self._become(event, attempt, after(event, attempt.answer, self._standing, self._tools.now(), self._tools.chance()))

    async def _become(self, event: Waiting, attempt: Attempt, found: After) -> None:
        now = self._tools.now()
        self._standing = found.standing
        self._over = self._over or found.pause is not None
        left = None if event.event_id in self._erased else found.left
        state: State = "waiting" if left else "withheld" if found.left else "delivered"
        place = self._waiting.get(event.event_id, event).place
        become = replace(
            found.left or replace(event, attempts=event.attempts + 1, first_tried=event.first_tried or attempt.at), place=place
        )
        if left is None:
            self._end(event, state)
        else:
            self._waiting[event.event_id] = become
        marks: dict[str, Any] = {"standing": found.standing, "pause": found.pause, "warning": found.warning}
        await self._tools.note(Noted(self.endpoint.id, self.endpoint.agency, become, state, now, attempt, **marks))

    async def _done(self, event: Waiting, state: State) -> None:
        self._end(event, state)
        await self._tools.note(Noted(self.endpoint.id, self.endpoint.agency, event, state, self._tools.now()))

    def _end(self, event: Waiting, state: State) -> None:
        """It waits no more. What was withheld may be written again and wait anew; all else has ended for good."""
        self._waiting.pop(event.event_id, None)
        if state != "withheld":
            self._ended[event.event_id] = None
        while len(self._ended) > ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
