"""The consumer of all inboxes: one group, those of new agencies as they come, acknowledged by hand."""

from datetime import UTC, datetime
from typing import cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from hub.bridge.record import Arrived, pattern
from schemas.errors import Misconfigured

log = structlog.get_logger()

GROUP = "hub.bridge"
WAIT = 0.5
_Place = tuple[str, int]


class Inboxes:
    """Reads on from what was acknowledged; an inbox that nobody read yet from its first record."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._prefix = prefix
        self._ends: dict[_Place, int] = {}
        self._consumer = Consumer(_settings(bootstrap, prefix))
        self._consumer.subscribe([pattern(prefix)], on_revoke=self._forget, on_lost=self._forget)

    def read(self, most: int) -> list[Arrived]:
        """What is there, at the most so many records; waits half a second for the first one."""
        first = self._consumer.poll(WAIT)
        if first is None:
            return []
        found = [first, *self._consumer.consume(most - 1, 0)]
        mine = {(place.topic, place.partition) for place in self._consumer.assignment()}
        return [self._arrived(message) for message in found if _is_record(message) and _place(message) in mine]

    def acknowledge(self, records: list[Arrived]) -> None:
        """Note that these are done with. What the broker does not take now is noted with the next ones."""
        self._ends.update({(self._prefix + record.topic, record.partition): record.offset + 1 for record in records})
        if not self._ends:
            return
        try:
            self._consumer.commit(offsets=[TopicPartition(*place, end) for place, end in self._ends.items()], asynchronous=False)
        except KafkaException as error:
            log.warning("the bridge's offsets are not noted yet; a restart would repeat, not lose", error=error.args[0].name())
            return
        self._ends.clear()

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _forget(self, _: Consumer, gone: list[TopicPartition]) -> None:
        """What is another's now is not ours to acknowledge."""
        for place in gone:
            self._ends.pop((place.topic, place.partition), None)

    def _arrived(self, message: Message) -> Arrived:
        topic, partition = _place(message)
        headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
        return Arrived(
            topic=topic.removeprefix(self._prefix),
            partition=partition,
            offset=message.offset() or 0,
            at=datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC),
            value=message.value() or b"",
            headers=tuple((name, value or b"") for name, value in headers),
        )


def _place(message: Message) -> _Place:
    return message.topic() or "", message.partition() or 0


def _is_record(message: Message) -> bool:
    """Whether it is a record. An inbox that went, or may not be read, holds up no other one."""
    error = message.error()
    if error is None:
        return True
    if error.fatal():
        raise Misconfigured(f"the bridge cannot read on: {error.str()}")
    log.warning("an inbox cannot be read", topic=message.topic(), error=error.name())
    return False


def _settings(bootstrap: str, prefix: str) -> dict[str, str | int | bool | object]:
    return {
        "bootstrap.servers": bootstrap,
        "client.id": "hub-bridge",
        "group.id": prefix + GROUP,
        "auto.offset.reset": "earliest",  # a new inbox may have records before we see it
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "allow.auto.create.topics": False,
        # Inboxes have one partition each: by range, the first of several bridges would get them all.
        "partition.assignment.strategy": "cooperative-sticky",
        "topic.metadata.refresh.interval.ms": 3_000,  # how long a new agency's first record waits at the most
        "session.timeout.ms": 6_000,
        "heartbeat.interval.ms": 1_000,
        "queued.max.messages.kbytes": 16 * 1024,
        "reconnect.backoff.max.ms": 2_000,
        "log_level": 2,
        "error_cb": _on_error,
    }


def _on_error(error: KafkaError) -> None:
    log.warning("Kafka", error=error.str())
