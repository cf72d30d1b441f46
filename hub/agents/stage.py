"""The one loop over a stream, and the rules by which it loses nothing.

A record goes: step (pure) → outputs sent → outputs confirmed → state changes and a `done` mark sent → mark confirmed →
acknowledged, in the order of the log. So state in the log is never ahead of outputs, acknowledgements are never ahead of
state, and a record at or below `done` that comes again is skipped whole. Whatever is unexpected ends the process with
nothing acknowledged: the next one reads it all again.

Rules (each has a test of its name): state follows output; acks follow state, in order; one changelog for an agent; the
higher offset wins at load; gated until the state is there; drained before a revoke ends; a turn gap ends the process.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import structlog
from confluent_kafka import Producer

from hub.agents.changelog import Changelog, rank_header
from hub.agents.state import DONE, Change, PartitionState
from schemas.wire import Headers, Message

log = structlog.get_logger()

WINDOW = 2_000
"""Records in flight at the most: enough to fill the broker's pipeline, few enough to drain in a second."""
TURN = 0.002
DRAIN_WITHIN = 4.0
BY_KEY = -1
"""librdkafka's word for "the partitioner decides"."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a step sees it. `at_ms` is the broker's append time."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    at_ms: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a step wants done: records to send, and changes of the partition's state."""

    outputs: tuple[Message, ...] = ()
    updates: tuple[tuple[bytes, bytes | None], ...] = ()


Step = Callable[[Record, PartitionState], Plan]


@dataclass(slots=True)
class _InFlight:
    event: Any
    partition: int
    offset: int
    updates: tuple[tuple[bytes, bytes | None], ...]
    replayed: bool
    pending: int


@dataclass(slots=True)
class _Batch:
    entries: list[_InFlight] = field(default_factory=list)
    marks: int = 0


def die(reason: str, **facts: Any) -> NoReturn:
    """End the process at once, acknowledging nothing. The supervisor starts it again."""
    log.error("worker ends itself, nothing is lost", reason=reason, **facts)
    os._exit(70)


class Stage:
    """One agent: a source topic, a pure step, and the state of the partitions that this process has."""

    def __init__(self, name: str, topic: str, changelog: Changelog, step: Step, producer: Producer, longest_gap: float) -> None:
        self.name = name
        self.topic = topic
        self.changelog = changelog
        self.handled = 0
        self._step = step
        self._producer = producer
        self._longest_gap = longest_gap
        self._states: dict[int, PartitionState] = {}
        self._assigned: frozenset[int] = frozenset()
        self._gate = asyncio.Event()
        self._generation = 0
        self._flying: deque[_InFlight] = deque()
        self._marking: deque[_Batch] = deque()

    async def run(self, stream: Any) -> None:
        """The loop. Never raises: an exception would make Faust acknowledge the record."""
        stream.enable_acks = False
        try:
            async for event in stream.events():
                await self._take(event)
        except Exception as error:
            log.exception("step failed", stage=self.name)
            die("a step failed", stage=self.name, error=repr(error))

    def _in_flight(self) -> int:
        return len(self._flying) + sum(len(batch.entries) for batch in self._marking)

    async def _take(self, event: Any) -> None:
        generation = self._generation
        await self._gate.wait()
        while self._in_flight() >= WINDOW or not self._gate.is_set():  # noqa: ASYNC110 - deliveries come by poll, not by event
            await asyncio.sleep(TURN)
        message = event.message
        if generation != self._generation or message.partition not in self._assigned:
            return  # read under an assignment that is over; whoever has the partition now reads it again
        state = self._states[message.partition]
        if message.offset <= state.handled:
            self._flying.append(_InFlight(event, message.partition, message.offset, (), True, 0))
            return
        self._do(event, message, state)

    def _do(self, event: Any, message: Any, state: PartitionState) -> None:
        record = Record(
            message.topic, message.partition, message.offset, message.key, message.value,
            tuple((message.headers or {}).items() if isinstance(message.headers, dict) else message.headers or ()),
            int(message.timestamp * 1000),
        )  # fmt: skip
        plan = self._step(record, state)
        entry = _InFlight(event, message.partition, message.offset, plan.updates, False, len(plan.outputs))
        state.apply(plan.updates)
        state.handled = message.offset
        self._flying.append(entry)
        for output in plan.outputs:
            self._send(output.topic, output.key, output.value, output.headers, output.partition, _counting(entry))
        self.handled += 1

    def _send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | list[tuple[str, bytes]],
        partition: int | None,
        on_delivery: Callable[[Any, Any], None],
    ) -> None:
        number = BY_KEY if partition is None else partition
        while True:
            try:
                self._producer.produce(topic, value, key, number, headers=list(headers), on_delivery=on_delivery)
                return
            except BufferError:
                self._producer.poll(0.05)

    async def pump(self) -> None:
        """Serve deliveries, write state behind outputs, acknowledge behind state; until the process ends."""
        last = time.monotonic()
        while True:
            now = time.monotonic()
            if now - last > self._longest_gap:
                die("this process stood still too long, its partitions may be another's", seconds=round(now - last, 1))
            last = now
            self._producer.poll(0)
            self._write_state()
            self._acknowledge()
            await asyncio.sleep(TURN)

    def _write_state(self) -> None:
        batch, highest = _Batch(), dict[int, int]()
        while self._flying and self._flying[0].pending == 0:
            entry = self._flying.popleft()
            batch.entries.append(entry)
            if entry.replayed:
                continue
            for key, value in entry.updates:
                self._change(entry.partition, Change(key, value, entry.offset), _failing)
            highest[entry.partition] = entry.offset
        batch.marks = len(highest)
        for partition, offset in highest.items():
            self._change(partition, Change(DONE, b"", offset), self._marked(batch, partition))
        if batch.entries:
            self._marking.append(batch)

    def _change(self, partition: int, change: Change, on_delivery: Callable[[Any, Any], None]) -> None:
        self._send(self.changelog.topic, change.key, change.value, rank_header(change.rank), partition, on_delivery)

    def _marked(self, batch: _Batch, partition: int) -> Callable[[Any, Any], None]:
        def confirmed(error: Any, message: Any) -> None:
            _failing(error, message)
            batch.marks -= 1
            self._states[partition].log_end = message.offset()

        return confirmed

    def _acknowledge(self) -> None:
        while self._marking and self._marking[0].marks == 0:
            for entry in self._marking.popleft().entries:
                entry.event.ack()

    async def on_revoked(self, *_: Any, **__: Any) -> None:
        """Close the gate, then wait until everything in flight is confirmed; not in time → the process ends."""
        self._generation += 1
        self._gate.clear()
        deadline = time.monotonic() + DRAIN_WITHIN
        while self._in_flight():
            if time.monotonic() > deadline:
                die("what is in flight was not confirmed before the partitions go", stage=self.name)
            await asyncio.sleep(TURN)

    async def on_assigned(self, assigned: frozenset[int]) -> None:
        """Read the state of the partitions, then open the gate."""
        started = time.monotonic()
        try:
            self._states = await asyncio.to_thread(self.changelog.load, self._states, sorted(assigned), self._heal)
        except Exception as error:
            die("the state could not be read", stage=self.name, error=repr(error))
        self._assigned = assigned
        self._gate.set()
        log.info("state read", stage=self.name, partitions=len(assigned), seconds=round(time.monotonic() - started, 2))

    def _heal(self, partition: int, change: Change) -> None:
        self._change(partition, change, _failing)


def _counting(entry: _InFlight) -> Callable[[Any, Any], None]:
    def confirmed(error: Any, message: Any) -> None:
        _failing(error, message)
        entry.pending -= 1

    return confirmed


def _failing(error: Any, message: Any) -> None:
    if error is not None:
        die("a record could not be delivered", topic=message.topic() if message else None, error=str(error))


def attach(app: Any, stages: list[Stage]) -> None:
    """Make each stage an agent of the app, and let the app's assignments open and close their gates."""
    for stage in stages:
        app.agent(app.topic(stage.topic, value_type=bytes), name=stage.name)(stage.run)

    async def assigned(_: Any, assigned: Any, **__: Any) -> None:
        for stage in stages:
            await stage.on_assigned(frozenset(tp.partition for tp in assigned if tp.topic == stage.topic))

    async def revoked(*_: Any, **__: Any) -> None:
        for stage in stages:
            await stage.on_revoked()

    async def pump() -> None:
        await asyncio.gather(*(stage.pump() for stage in stages))

    app.on_partitions_assigned.connect(assigned, weak=False)
    app.on_partitions_revoked.connect(revoked, weak=False)
    app.task(pump)
