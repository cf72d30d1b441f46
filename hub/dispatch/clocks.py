"""Fires what agents set on clocks.set: when a clock is due, the hub says what it holds through its own door.

The log is the whole memory: a clock that was fired is taken off the topic (a record without value). Killed between the two
it fires again, and intake answers `repeat`. Nothing is fired while the log still has more to read, so that none is taken for
due that was fired long ago. Clocks of one partition are fired by one process at a time; two at once do no harm.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from hub.ports import Publisher
from schemas.errors import MalformedMessage, Misconfigured, NotReady
from schemas.ids import receipt_of
from schemas.messages import Clock, Submission
from schemas.topics import CLOCKS, RECEIVED
from schemas.wire import Message as Wire
from schemas.wire import event, read, type_of

log = structlog.get_logger()

GROUP = "hub.clocks"
WAIT = 0.5
AGAIN_AFTER = 2.0
BEHIND = timedelta(seconds=2)
"""How far the broker's clock, which decides, may be behind ours: fired too early, a clock would be set again and again."""
SEPARATOR = "\x1f"


class Clocks:
    """One reader of the clocks, and what waits in the partitions that it has."""

    def __init__(self, bootstrap: str, publisher: Publisher, now: Callable[[], datetime], prefix: str = "") -> None:
        self._publisher = publisher
        self._now = now
        self._prefix = prefix
        self._set: dict[int, dict[bytes, Clock]] = {}
        self._consumer = Consumer(_settings(bootstrap, prefix))
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
            if error.fatal():
                raise Misconfigured(f"the clocks cannot be read on: {error.str()}")
            log.warning("the clocks cannot be read at this moment", error=error.str())
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
        """Keyed as the notice itself, so that one partition of intake holds all its steps."""
        return event(
            self._prefix + RECEIVED.name,
            clock.sender + SEPARATOR + clock.source,
            Submission(sender=clock.sender, way="clock", body=clock.body),
            id=receipt_of(clock.sender, clock.source, clock.change),
            type=type_of("submission"),
            source="urn:employersituation:hub",
            time=self._now(),
        )


def _settings(bootstrap: str, prefix: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": bootstrap,
        "client.id": "hub-clocks",
        "group.id": prefix + GROUP,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "allow.auto.create.topics": False,
        "session.timeout.ms": 6_000,
        "heartbeat.interval.ms": 1_000,
        "reconnect.backoff.max.ms": 2_000,
        "log_level": 2,
    }
