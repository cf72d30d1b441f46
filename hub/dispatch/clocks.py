"""Fires what agents set on clocks.set: when a clock is due, the hub says what it holds through its own door.

The log is the whole memory: a clock that was fired is taken off the topic (a record without value). Killed between the two
it fires again, and intake answers `repeat`. Nothing is fired while the log still has more to read, so that none is taken for
due that was fired long ago. Clocks of one partition are fired by one process at a time; two at once do no harm.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from hub.core.submitting import submission_record
from hub.dispatch.consuming import cannot_read, settings
from hub.ports import Publisher
from schemas.errors import MalformedMessage, NotReady
from schemas.messages import Clock, Submission
from schemas.topics import CLOCKS, RECEIVED
from schemas.wire import HUB, read
from schemas.wire import Message as Wire

log = structlog.get_logger()

GROUP = "hub.clocks"
WAIT = 0.5
AGAIN_AFTER = 2.0
BEHIND = timedelta(seconds=2)
"""How far the broker's clock, which decides, may be behind ours: fired too early, a clock would be set again and again."""


class Clocks:
    """One reader of the clocks, and what waits in the partitions that it has."""

    def __init__(self, bootstrap: str, publisher: Publisher, now: Callable[[], datetime], prefix: str = "") -> None:
        self._publisher = publisher
        self._now = now
        self._prefix = prefix
        self._set: dict[int, dict[bytes, Clock]] = {}
        self._consumer = Consumer(settings(bootstrap, prefix + GROUP, "hub-clocks"))
        self._consumer.subscribe([prefix + CLOCKS.name], on_assign=self._assigned, on_revoke=self._revoked)

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        try:
            while not stop.is_set():
                if not self.step():
                    stop.wait(AGAIN_AFTER)
        finally:
            self.close()

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def step(self) -> bool:
        """Read on; where nothing more is there, fire what is due. False where Kafka did not take it: the same again later."""
        record = self._consumer.poll(WAIT)
        if record is not None:
            self._take(record)
            return True
        try:
            for number, clocks in self._set.items():
                for key in [key for key, clock in clocks.items() if clock.due + BEHIND <= self._now()]:
                    self._fire(number, key)
        except NotReady as error:
            log.warning("clocks wait for Kafka", error=error.detail)
            return False
        return True

    def waiting(self) -> int:
        """How many clocks are set in the partitions of this process."""
        return sum(len(clocks) for clocks in self._set.values())

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for place in partitions:
            place.offset = OFFSET_BEGINNING
            self._set[place.partition] = {}
        consumer.assign(partitions)

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        for place in partitions:
            self._set.pop(place.partition, None)

    def _take(self, record: Message) -> None:
        if (error := record.error()) is not None:
            cannot_read("clocks", error)
            return
        here, key = self._set.setdefault(record.partition() or 0, {}), record.key() or b""
        if record.value() is None:
            here.pop(key, None)
            return
        try:
            headers = cast("list[tuple[str, bytes | None]]", record.headers() or [])
            here[key] = read(Clock, record.value(), headers)
        except MalformedMessage as malformed:
            where = {"partition": record.partition(), "offset": record.offset()}
            log.error("this is no clock, nothing comes of it", detail=malformed.detail, **where)

    def _fire(self, number: int, key: bytes) -> None:
        clock = self._set[number][key]
        self._publisher.publish([self._said(clock)])
        self._publisher.publish([Wire(self._prefix + CLOCKS.name, key, None, (), number)])
        self._set[number].pop(key)
        log.info("a clock was fired", kind=clock.kind, change=clock.change)

    def _said(self, clock: Clock) -> Wire:
        """In the sender's name, by the hub."""
        said = Submission(sender=clock.sender, way="clock", body=clock.body)
        owner, named = clock.owner or clock.sender, (clock.source, clock.change)
        return submission_record(self._prefix + RECEIVED.name, said, owner, named, HUB, self._now())
