"""What an agency is told, event by event: each given once, and acknowledged by whoever has dealt with it."""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from connectors.client.following import Following
from connectors.client.stores import MemoryStore, Store

MOST_OPEN = 10_000
"""Events that may wait for their acknowledgement; with more of them nobody acknowledges."""

_KEPT_EACH = 100


@dataclass(slots=True)
class _Given:
    """An event that was given, or a stretch in which there was none (`mark` None)."""

    cursor: str
    mark: str | None
    step: int = -1
    done: bool = False


class Progress:
    """Which events are new, and up to where everything is dealt with."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: deque[_Given] = deque()
        self._steps: dict[str, int] = {}
        self._passed = 0

    def is_new(self, mark: str, step: int) -> bool:
        """Whether neither this step nor a later one was given or acknowledged before."""
        return step > max(self._steps.get(mark, -1), self._store.step(mark))

    def give(self, cursor: str, mark: str, step: int) -> _Given:
        """The event is on its way to whoever subscribes."""
        if len(self._open) >= MOST_OPEN:
            raise RuntimeError(f"{MOST_OPEN} events wait to be acknowledged: call `await event.ack()` for each")
        given = _Given(cursor, mark, step)
        self._open.append(given)
        self._steps[mark] = step
        return given

    def acknowledge(self, given: _Given) -> None:
        """It is dealt with. The place moves on only as far as everything before is, too."""
        if given.done or given.mark is None:
            return
        given.done = True
        done = list(takewhile(lambda one: one.done, self._open))
        try:
            self._store.acknowledge(given.mark, given.step, done[-1].cursor if done else None)
        except BaseException:  # also a cancelled task: what is not kept is not dealt with
            given.done = False
            raise
        for _ in done:
            self._open.popleft()
        if self._steps.get(given.mark) == given.step:
            del self._steps[given.mark]

    def pass_by(self, cursor: str) -> None:
        """Nothing to acknowledge up to here: a repeat, or what was cut away."""
        if not self._open:
            self._move(cursor)
        elif self._open[-1].mark is None:
            self._open[-1].cursor = cursor
        else:
            self._open.append(_Given(cursor, None, done=True))

    def _move(self, cursor: str) -> None:
        """Kept now and then only: whoever begins further back passes the same by once more."""
        if self._passed % _KEPT_EACH == 0:
            self._store.move(cursor)
        self._passed += 1


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that the agency is told: of a notice (`receipt`) its `step`, cut to what the agency may see (`data`).

    An answer to a notice (`fi.employersituation.acknowledgement.…`) is no step of it: its step is 0.
    """

    id: str
    type: str
    time: str
    subject: str | None
    receipt: str | None
    step: int
    data: dict[str, Any]
    cursor: str
    _progress: Progress = field(repr=False, compare=False)
    _given: _Given = field(repr=False, compare=False)

    async def ack(self) -> None:
        """It is dealt with, and is kept as such before this returns; it will not come again."""
        self._progress.acknowledge(self._given)


async def subscribe(following: Following, store: Store | None) -> AsyncGenerator[Event, None]:
    """Each event that is new. Without a store, one counts as dealt with once the next is asked for."""
    progress = Progress(MemoryStore() if store is None else store)
    async with aclosing(following.items()) as items:
        async for item in items:
            place = str(following.cursor)
            if item is None or not progress.is_new(*_marked(item)):
                progress.pass_by(place)
                continue
            event = _event(item, place, progress)
            yield event
            if store is None:
                await event.ack()


def _marked(item: dict[str, Any]) -> tuple[str, int]:
    """What it is a step of, and which: of a notice, on the lane of alerts or on that of copies, which both bring each step."""
    if item.get("receipt") is None or ".acknowledgement." in item.get("type", ""):  # an answer is no step: each stands for itself
        return item["id"], 0
    lane = "alert" if ".alert." in item.get("type", "") else "notice"
    return f"{lane} {item['receipt']}", int(item["step"])


def _event(item: dict[str, Any], cursor: str, progress: Progress) -> Event:
    mark, step = _marked(item)
    return Event(
        id=item["id"],
        type=item.get("type", ""),
        time=item.get("time", ""),
        subject=item.get("subject"),
        receipt=item.get("receipt"),
        step=step,
        data=item.get("data", {}),
        cursor=cursor,
        _progress=progress,
        _given=progress.give(cursor, mark, step),
    )
