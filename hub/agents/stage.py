"""The one loop over a stream, and the rules by which it loses nothing.

A record goes: step (pure) → outputs sent → outputs confirmed → state changes and a `done` mark sent → mark confirmed →
acknowledged, in the order of the log. So state in the log is never ahead of outputs, acknowledgements are never ahead of
state, and a record at or below `done` that comes again is skipped whole. Whatever is unexpected ends the process with
nothing acknowledged: the next one reads it all again.

Rules (each has a test of its name): state follows output; acks follow state, in order; one changelog for an agent; the
higher offset wins at load; gated until the state is there; drained before a revoke ends; a turn gap ends the process; no
record is passed over (hub/agents/source.py); what is decided again is decided by the same registry (hub/agents/pinning.py).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog

from hub.agents.changelog import Changelog, change_record
from hub.agents.pinning import Pinned, Pins, reporting
from hub.agents.plan import Agent, Plan, Record
from hub.agents.sending import Sender, die
from hub.agents.source import InOrder, SourceLog
from hub.agents.state import DONE, Change, Fault, PartitionState
from schemas.errors import Misconfigured

log = structlog.get_logger()

WINDOW = 2_000
"""Records in flight at the most: enough to fill the broker's pipeline, few enough to drain in a second."""
TURN = 0.002
IN_A_ROW = 32
"""Records of one stage in a row: four stages in turns at each record made every step half as fast (the processor's caches)."""
ROW_WITHIN = 0.006
"""Seconds since the row before in which a stage that has fewer waiting lets them gather: short rows are as slow as no rows."""
STATE_EVERY = 0.05
"""Seconds between writings of state: one mark closes many steps; so much more is said twice after a kill."""
IDLE_TURN = 0.5
DRAIN_WITHIN = 4.0
NOTE_WITHIN = 10.0
TRIES = 3
"""Exceptions of the step at one record after which it is set aside."""


Place = Callable[[str, int, int], None]
"""Takes a topic, a partition and an offset."""


@dataclass(slots=True)
class _InFlight:
    event: Any
    partition: int
    offset: int
    updates: tuple[tuple[bytes, bytes | None], ...]
    replayed: bool
    pending: int

    def confirmed(self) -> None:
        """One of its outputs has arrived."""
        self.pending -= 1


@dataclass(slots=True)
class _Batch:
    entries: list[_InFlight] = field(default_factory=list)
    marks: int = 0


class Stage:
    """One agent: a source topic, a pure step, and the state of the partitions that this process has."""

    def __init__(
        self, agent: Agent, source: SourceLog, changelog: Changelog, sender: Sender, longest_gap: float, pinned: Pinned
    ) -> None:
        self.name = agent.name
        self.source = source
        self.changelog = changelog
        self.handled = 0
        self._agent = agent
        self._sender = sender
        self._longest_gap = longest_gap
        self._states: dict[int, PartitionState] = {}
        self._assigned: frozenset[int] = frozenset()
        self._gate = asyncio.Event()
        self._busy = asyncio.Event()
        self._generation = 0
        self._written = 0.0
        self._took = 0.0
        self._waiting: deque[tuple[int, Any]] = deque()
        self._flying: deque[_InFlight] = deque()
        self._marking: deque[_Batch] = deque()
        self._in_order = InOrder(source, agent.name, lambda *_: None)
        self._begin_at: Callable[[int, int], None] = lambda *_: None
        self._pins = Pins(pinned, self._note_change, reporting(sender, agent.name))

    def reads_through(self, set_back: Place, begin_at: Place) -> None:
        """Before the start: what has the consumer read a partition from an offset, at once or where it would begin behind it."""
        self._in_order = InOrder(self.source, self.name, partial(set_back, self.source.topic))
        self._begin_at = partial(begin_at, self.source.topic)

    async def run(self, stream: Any) -> None:
        """The loop. Never raises: an exception would make Faust acknowledge the record."""
        stream.enable_acks = False
        with self._or_die("the loop failed"):
            async for event in stream.events():
                self._waiting.append((self._generation, event))
                self._busy.set()
                while len(self._waiting) >= WINDOW:  # noqa: ASYNC110 - they go by the pump's turns, not by an event
                    await asyncio.sleep(TURN)

    @contextmanager
    def _or_die(self, what: str) -> Iterator[None]:
        try:
            yield
        except Misconfigured as error:  # such as a record of a newer major version: its words hold no value, and say what to do
            die(error.detail, stage=self.name)
        except Exception as error:
            log.exception(what, stage=self.name)
            die(what, stage=self.name, error=type(error).__name__)

    def _in_flight(self) -> int:
        return len(self._flying) + sum(len(batch.entries) for batch in self._marking)

    def _work(self, now: float) -> None:
        """Take what waits, some records in a row."""
        if 0 < len(self._waiting) < IN_A_ROW and now - self._took < ROW_WITHIN:
            return
        if not self._gate.is_set() or not self._pins.settled(self._states, lambda: not self._in_flight()):
            return
        self._took = now if self._waiting else self._took
        for _ in range(IN_A_ROW):
            if not self._waiting or not self._gate.is_set() or self._in_flight() >= WINDOW:
                return
            self._take(*self._waiting.popleft())

    def _take(self, generation: int, event: Any) -> None:
        message = event.message
        if generation != self._generation or message.partition not in self._assigned:
            return  # read under an assignment that is over; whoever has the partition now reads it again
        state = self._states[message.partition]
        if message.offset <= state.handled:
            self._fly(_InFlight(event, message.partition, message.offset, (), True, 0))
            return
        if not self._in_order.passes_over(message.partition, message.offset, state):
            self._do(event, message, state)

    def _do(self, event: Any, message: Any, state: PartitionState) -> None:
        self._pins.use(state)
        plan = self._decide(_record(message), state)
        entry = _InFlight(event, message.partition, message.offset, plan.updates, False, len(plan.outputs))
        state.apply(plan.updates)
        state.handled = message.offset
        self._fly(entry)
        for output in plan.outputs:
            self._sender.send(output, entry.confirmed)
        self.handled += 1

    def _fly(self, entry: _InFlight) -> None:
        self._flying.append(entry)
        self._busy.set()

    def _decide(self, record: Record, state: PartitionState) -> Plan:
        """The step's plan. Where the step fails that is noted in the log, and the process ends; after three, set aside."""
        if state.fault.offset == record.offset and state.fault.times >= TRIES:
            log.error("a record is set aside", stage=self.name, partition=record.partition, offset=record.offset)
            return self._agent.set_aside(record)
        try:
            return self._agent.step(record, state)
        except (MemoryError, Misconfigured):  # no record is to blame: only more memory or an update mends it
            raise
        except Exception as error:
            log.exception("step failed", stage=self.name, partition=record.partition, offset=record.offset)
            self._note(record, state.fault.again_at(record.offset))
            die("a step failed", stage=self.name, error=type(error).__name__)

    def _note(self, record: Record, fault: Fault) -> None:
        self._sender.send_state(change_record(self.changelog.topic, record.partition, fault.change()))
        self._sender.flush(NOTE_WITHIN)

    async def pump(self) -> None:
        """Take records, serve deliveries, write state behind outputs, acknowledge behind state; until the process ends."""
        with self._or_die("the pump failed"):
            last = time.monotonic()
            while True:
                now = time.monotonic()
                if now - last > self._longest_gap:
                    die("this process stood still too long, its partitions may be another's", seconds=round(now - last, 1))
                last = now
                self._turn(now)
                await self._next_turn()

    def _turn(self, now: float) -> None:
        self._sender.poll()
        self._work(now)
        if self._state_is_due(now):
            self._written = now
            self._write_state()
        self._acknowledge()

    def _state_is_due(self, now: float) -> bool:
        """Now and then, so that one mark closes many steps; at once where records or a revoke wait for it."""
        pressed = len(self._flying) >= WINDOW // 2 or not self._gate.is_set()
        return pressed or now - self._written >= STATE_EVERY

    async def _next_turn(self) -> None:
        """Soon while anything is under way, else when the next record comes: an idle worker costs nothing."""
        if self._in_flight() or self._waiting:
            pressed = len(self._waiting) >= IN_A_ROW and self._gate.is_set() and self._in_flight() < WINDOW
            await asyncio.sleep(0 if pressed else TURN)
            return
        self._busy.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._busy.wait(), IDLE_TURN)

    def _write_state(self) -> None:
        batch, highest = _Batch(), dict[int, int]()
        while self._flying and self._flying[0].pending == 0:
            entry = self._flying.popleft()
            batch.entries.append(entry)
            if entry.replayed:
                continue
            for key, value in entry.updates:
                self._change(entry.partition, Change(key, value, entry.offset))
            highest[entry.partition] = entry.offset
        batch.marks = len(highest)
        for partition, offset in highest.items():
            self._mark(batch, partition, offset)
        if batch.entries:
            self._marking.append(batch)

    def _note_change(self, partition: int, change: Change, noted: Callable[[], None]) -> None:
        def confirmed(record: Any) -> None:
            self._states[partition].log_end = record.offset()
            noted()

        self._sender.send_state(change_record(self.changelog.topic, partition, change), confirmed)

    def _change(self, partition: int, change: Change) -> None:
        self._sender.send_state(change_record(self.changelog.topic, partition, change))

    def _mark(self, batch: _Batch, partition: int, offset: int) -> None:
        def confirmed() -> None:
            batch.marks -= 1

        self._note_change(partition, Change(DONE, b"", offset), confirmed)

    def _acknowledge(self) -> None:
        while self._marking and self._marking[0].marks == 0:
            for entry in self._marking.popleft().entries:
                entry.event.ack()

    async def on_revoked(self, *_: Any, **__: Any) -> None:
        """Close the gate, then wait until everything in flight is confirmed; not in time → the process ends."""
        self._gate.clear()
        self._generation, deadline = self._generation + 1, time.monotonic() + DRAIN_WITHIN
        while self._in_flight() or self._pins.busy:
            if time.monotonic() > deadline:
                die("what is in flight was not confirmed before the partitions go", stage=self.name)
            await asyncio.sleep(TURN)

    async def on_assigned(self, assigned: frozenset[int]) -> None:
        """Read the state of the partitions, then open the gate."""
        started = time.monotonic()
        try:
            self._states = await asyncio.to_thread(self.changelog.load, self._states, sorted(assigned), self._change)
            self._bind(await asyncio.to_thread(self.source.ends, self._states))
        except Exception as error:
            die("the state could not be read", stage=self.name, error=repr(error))
        self._assigned = assigned
        self._pins.read(self._states)
        self._in_order.begin()
        for number, state in self._states.items():
            self._begin_at(number, state.handled + 1)
        self._gate.set()
        log.info("state read", stage=self.name, partitions=len(assigned), seconds=round(time.monotonic() - started, 2))

    def _bind(self, ends: dict[int, int]) -> None:
        """What is in the log now, the one before may have decided, so far as a window reaches: by the revision of then."""
        for number, state in self._states.items():
            state.pinned_to = min(ends[number] - 1, state.handled + WINDOW) if state.revision else -1


def _record(message: Any) -> Record:
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    at = int(message.timestamp * 1000)
    return Record(message.topic, message.partition, message.offset, message.key, message.value, tuple(headers), at)
