"""Reads topics whole, from given starts to ends that are frozen first: what reckoning and trials look at the log with."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from connectors.inbound.arrived import arrived
from connectors.offsets import ANSWER_WITHIN, EARLIEST, LATEST, offsets, partitions
from schemas.errors import NotReady

Place = tuple[str, int]
"""Topic without the prefix, and partition."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record as it stands in the log; `topic` without the prefix, `at` the broker's append time."""

    topic: str
    partition: int
    offset: int
    at: datetime
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class Log:
    """The log of one hub. Each `read` goes on where the last one stopped. NotReady where the broker does not answer."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._prefix = prefix
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._settings = {
            "bootstrap.servers": bootstrap,
            "group.id": f"{prefix}hub.log.reader",  # never committed: the library wants a name
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "log_level": 2,
        }
        self._next: dict[Place, int] = {}

    def topics(self) -> tuple[str, ...]:
        """All topics of the hub, without the prefix."""
        try:
            names = self._admin.list_topics(timeout=ANSWER_WITHIN).topics
        except KafkaException as error:
            raise NotReady("no Kafka answers") from error
        return tuple(sorted(name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix)))

    def ends(self, topics: Iterable[str]) -> dict[Place, int]:
        """The next offset of each partition."""
        return self._offsets(topics, LATEST)

    def starts(self, topics: Iterable[str]) -> dict[Place, int]:
        """The first offset that each partition still holds."""
        return self._offsets(topics, EARLIEST)

    def since(self, topics: Iterable[str], moment: datetime) -> dict[Place, int]:
        """The first offset of each partition that the broker took in at that moment or later; its end where there is none."""
        names = list(topics)
        found = self._offsets(names, OffsetSpec.for_timestamp(int(moment.timestamp() * 1000)))
        return {place: end if found[place] < 0 else found[place] for place, end in self.ends(names).items()}

    def go_on_from(self, places: Mapping[Place, int]) -> None:
        """Begin there; partitions that are not named begin at their start."""
        self._next.update(places)

    def read(self, topics: Iterable[str]) -> Iterator[LogRecord]:
        """All records from where the last read stopped to the ends of this moment."""
        ends = {place: end for place, end in self.ends(topics).items() if end > self._next.get(place, 0)}
        if not ends:
            return
        consumer = Consumer(self._settings)  # a new one: told at once what to read it does so at once, else after a second
        try:
            consumer.assign([self._at(place) for place in ends])
            while ends:
                yield from self._come(consumer)
                self._note_positions(consumer, ends)
        finally:
            consumer.close()

    def _come(self, consumer: Consumer) -> Iterator[LogRecord]:
        for message in arrived(consumer, 5_000, 0.2):
            if (error := message.error()) is None:
                yield self._record(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._note_end(message)
            else:
                raise KafkaException(error)

    def _at(self, place: Place) -> TopicPartition:
        """The first offset is asked for by number: the library answers its own name for it half a second later."""
        return TopicPartition(self._prefix + place[0], place[1], self._next.get(place, 0))

    def _note_end(self, message: Message) -> None:
        """Where nothing was there to be read, as when retention has removed all, only this tells how far it goes."""
        place = ((message.topic() or "").removeprefix(self._prefix), message.partition() or 0)
        self._next[place] = max(self._next.get(place, 0), message.offset() or 0)

    def _note_positions(self, consumer: Consumer, ends: dict[Place, int]) -> None:
        """Positions, not records, tell the end: control records of transactions have offsets too."""
        asked = [TopicPartition(self._prefix + topic, number) for topic, number in ends]
        for at in consumer.position(asked):
            place = (at.topic.removeprefix(self._prefix), at.partition)
            self._next[place] = max(self._next.get(place, 0), at.offset)
            if self._next[place] >= ends[place]:
                del ends[place]
                consumer.incremental_unassign([at])

    def _record(self, message: Message) -> LogRecord:
        return LogRecord(
            topic=(message.topic() or "").removeprefix(self._prefix),
            partition=message.partition() or 0,
            offset=message.offset() or 0,
            at=datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC),
            key=message.key(),
            value=message.value(),
            headers=tuple(cast("list[tuple[str, bytes | None]]", message.headers() or [])),
        )

    def _offsets(self, topics: Iterable[str], spec: OffsetSpec) -> dict[Place, int]:
        found = offsets(self._admin, partitions(self._admin, (self._prefix + topic for topic in topics)), spec)
        return {(topic.removeprefix(self._prefix), number): offset for (topic, number), offset in found.items()}
