"""Watches that a stage takes the records of its source one after another, and has those read again that were passed over.

What a stage has handled says which record is next, not what its consumer group has committed: a client that loses its place,
or commits ahead, must not cost a record. Where a later one comes, the log itself tells what lies next; the partition is set back
to that, and what comes before it is let go.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from hub.agents.sending import die
from hub.agents.state import PartitionState
from schemas.errors import NotReady

log = structlog.get_logger()

READ_WITHIN = 10.0
ASK_AGAIN = 2.0
ASKED = 10
"""Times, so many seconds apart, that a record which was passed over is asked for; then the process ends."""


class SourceLog:
    """One topic, read beside its consumer group."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.topic = topic
        self._settings = {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}.looker",  # never committed: the library wants a name
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_uncommitted",  # as the workers read
        }

    def next_from(self, partition: int, offset: int) -> int:
        """Offset of the first record there is at or after that one. NotReady where the broker does not give it in time."""
        consumer = Consumer(self._settings)
        try:
            consumer.assign([TopicPartition(self.topic, partition, offset)])
            for record in consumer.consume(1, READ_WITHIN):
                if record.error():
                    raise KafkaException(record.error())
                return record.offset() or 0
            raise NotReady(f"{self.topic}, partition {partition}: no record is given at or after {offset}")
        finally:
            consumer.close()

    def ends(self, states: dict[int, PartitionState]) -> dict[int, int]:
        """Where the log of each partition ends: the next offset.

        NotReady where it ends before what was handled of it: what is put there now would be passed over in silence.
        """
        consumer = Consumer(self._settings)
        try:
            return {partition: self._end(consumer, partition, state.handled) for partition, state in states.items()}
        finally:
            consumer.close()

    def _end(self, consumer: Consumer, partition: int, handled: int) -> int:
        span = consumer.get_watermark_offsets(TopicPartition(self.topic, partition), timeout=READ_WITHIN)
        if span is None:
            raise NotReady(f"the broker does not tell the ends of {self.topic}")
        if handled >= span[1]:
            raise NotReady(
                f"{self.topic}, partition {partition} ends before offset {span[1]}, but {handled} is handled: "
                "it is not the log it was; see docs/operating.md, A log that ends too early"
            )
        return int(span[1])


@dataclass(slots=True)
class _Hole:
    """What is missing after that offset. Asked for at that time last, so many times; 0 while the log is looked at."""

    after: int
    at: float = 0.0
    times: int = 0


class InOrder:
    """Lets a stage take only the record that is next in its partition. `set_back` has a partition read from an offset."""

    def __init__(self, source: SourceLog, name: str, set_back: Callable[[int, int], None]) -> None:
        self._source = source
        self._name = name
        self._set_back = set_back
        self._holes: dict[int, _Hole] = {}
        self._looking: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """A new assignment: what was looked for under the one before is over."""
        for task in self._looking:
            task.cancel()
        self._holes.clear()

    def passes_over(self, partition: int, offset: int, state: PartitionState) -> bool:
        """Whether records lie unread before this one. Then they are asked for, and this one is not to be taken."""
        if offset <= state.handled + 1:
            return False
        hole = self._holes.get(partition)
        if hole is None or hole.after != state.handled:
            self._holes[partition] = _Hole(state.handled)
            task = asyncio.create_task(self._close(partition, state))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        elif hole.times and time.monotonic() - hole.at > ASK_AGAIN:
            self._ask(partition, hole)
        return True

    def _ask(self, partition: int, hole: _Hole) -> None:
        if hole.times == ASKED:
            die("records that were passed over do not come", stage=self._name, partition=partition, after=hole.after)
        hole.at, hole.times = time.monotonic(), hole.times + 1
        self._set_back(partition, hole.after + 1)

    async def _close(self, partition: int, state: PartitionState) -> None:
        """Nothing lies between what is handled and what the log has next, so the stage goes on from there."""
        handled = state.handled
        try:
            first = await asyncio.to_thread(self._source.next_from, partition, handled + 1)
        except Exception as error:
            die("the log could not be read", stage=self._name, partition=partition, error=repr(error))
        if state.handled != handled:
            return  # it came meanwhile
        if first <= handled:
            die("the log ends before what is handled of it", stage=self._name, partition=partition, handled=handled)
        log.warning("a partition is set back", stage=self._name, partition=partition, handled=handled, next=first)
        state.handled = first - 1
        hole = self._holes[partition] = _Hole(state.handled)
        self._ask(partition, hole)
