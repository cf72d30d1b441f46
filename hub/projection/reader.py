"""The consumer: partitions assigned by hand, never a group; committed records only."""

import logging
import time
from collections.abc import Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from hub.projection.record import Place, Position, Record, record_of
from schemas.errors import NotReady

_log = logging.getLogger(__name__)


_GATHERED = {"fetch.wait.max.ms": 100, "fetch.min.bytes": 64 * 1024}
"""The broker answers when there is a little to take along, or after a tenth of a second: nobody waits for a single row.

A fetch names each partition again (the library has no incremental fetches), some hundreds here. Answered at each record, 50
notices a second cost the broker 0.67 of a core and the projector 0.22; gathered 0.44 and 0.12, and alerts were in their outboxes
after 71 ms in place of 135 (99th percentile, two cores).
"""
_AT_ONCE = 100
_LARGEST_BATCH = 8 * 1024 * 1024
"""Bytes in a batch, but for the last hundred records: memory has to be enough for a batch of the largest messages."""


class Batch(NamedTuple):
    """Records in the order of their partitions, and how far each partition was read with them.

    `ends` may lie beyond the last record: markers of transactions take up offsets too.
    """

    records: list[Record]
    ends: dict[Place, int]


class Reader:
    """Reads on from where it is told to."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._at: dict[Place, Position] = {}
        self._consumer = _consumer(bootstrap, prefix)

    def assign(self, positions: Mapping[Place, Position]) -> None:
        """Read these partitions, each from its position; what was fetched for others is thrown away.

        A new client each time: the old one remembers a topic's leaders by its name alone, and takes those of a topic that
        was made anew for out of date. It would wait for its records for ever.
        """
        self._at = dict(positions)
        self._consumer.close()
        self._consumer = _consumer(self._bootstrap, self._prefix)
        try:
            self._consumer.assign([
                TopicPartition(self._prefix + place.topic, place.partition, position.next_offset)
                for place, position in positions.items()
            ])  # fmt: skip
        except KafkaException as error:
            raise NotReady("the partitions could not be assigned") from error

    def read(self, most: int, linger: float) -> Batch:
        """Up to `most` records, or what came within `linger` seconds. NotReady where a partition cannot be read on."""
        batch, size, deadline = Batch([], {}), 0, time.monotonic() + linger
        while len(batch.records) < most and size < _LARGEST_BATCH and (left := deadline - time.monotonic()) > 0:
            messages = self._consumer.consume(min(_AT_ONCE, most - len(batch.records)), left)
            self._take(messages, batch)
            size += sum(len(message) for message in messages)
        return batch

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()

    def _take(self, messages: list[Message], batch: Batch) -> None:
        for message in messages:
            place = self._place(message)
            position = self._at.get(place) if place else None
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise NotReady(f"{message.topic() or 'Kafka'}: {error.str()}")
            if place is None or position is None or (offset := message.offset() or 0) < position.next_offset:
                continue  # fetched for an assignment that no longer holds
            if error is None:
                batch.records.append(record_of(message, place.topic, position.epoch))
            batch.ends[place] = offset if error else offset + 1

    def _place(self, message: Message) -> Place | None:
        topic, partition = message.topic(), message.partition()
        return None if topic is None or partition is None else Place(topic.removeprefix(self._prefix), partition)


def _consumer(bootstrap: str, prefix: str) -> Consumer:
    return Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": f"{prefix}hub.projector",  # the client wants one; it is never joined
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "allow.auto.create.topics": False,
        **_GATHERED,
        "fetch.message.max.bytes": 1024 * 1024,
        "queued.max.messages.kbytes": 16 * 1024,
        "reconnect.backoff.max.ms": 2_000,
        "log_level": 2,
        "error_cb": lambda error: _log.warning("Kafka: %s", error.str()),
    })  # fmt: skip
