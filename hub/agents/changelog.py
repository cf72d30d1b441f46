"""Reads an agent's state back from its changelog topic with a plain consumer, and knows how a change is written."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from hub.agents.state import Change, Loading, PartitionState
from schemas.errors import NotReady
from schemas.topics import DAY_MS
from schemas.wire import Message as Wire
from schemas.wire import know_version, version_of

RANK = "rank"
REMEMBERED_DAYS = 400
"""How long a notice is remembered after its last step, by the broker's time; what is older goes when state is read."""
BATCH_SECONDS = 0.05
SILENT_BATCHES = 400
READ_TOGETHER = 100_000
"""Records of partitions that are read at one time, at the most, but for one partition that is larger by itself."""


def change_record(topic: str, partition: int, change: Change) -> Wire:
    """The changelog record of a change; a header names the source offset that made it."""
    headers = ((RANK, str(change.rank).encode()), *version_of("state"))
    return Wire(topic, change.key, change.value, headers, partition)


def take_all(read: Mapping[int, Loading], records: Iterable[Message]) -> None:
    """Records of a changelog into the partitions that they are of.

    KafkaException where one of them is an error, Misconfigured where a newer major version wrote it.
    """
    for record in records:
        if (error := record.error()) is not None:
            raise KafkaException(error)
        day = record.timestamp()[1] // DAY_MS
        read[record.partition() or 0].take(record.key() or b"", record.value(), _rank_of(record.headers()), day)


def _rank_of(headers: Any) -> int:
    """The source offset that a header names; -1 where none does."""
    if headers and len(headers) == 1 and headers[0][0] == RANK:
        return int(headers[0][1] or -1)
    know_version("the state of an agent", headers or ())
    return int(dict(headers or ()).get(RANK) or -1)


class Changelog:
    """One changelog topic. Each source partition has the changelog partition of its own number."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.topic = topic
        self._settings = {
            "bootstrap.servers": bootstrap,
            "group.id": f"{topic}.reader",  # never committed: the library wants a name
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": False,
            "queued.max.messages.kbytes": 4 * 1024,  # what is fetched ahead stays with the process as memory
            "queued.min.messages": 5_000,
            "fetch.queue.backoff.ms": 5,  # the library would wait a whole second before it fetches on
        }

    def load(
        self, known: dict[int, PartitionState], partitions: Iterable[int], heal: Callable[[int, Change], None]
    ) -> dict[int, PartitionState]:
        """The state of each partition. A known one to which nobody else has written since is kept as it is."""
        consumer = Consumer(self._settings)
        try:
            ends = {number: _ends(consumer, TopicPartition(self.topic, number)) for number in partitions}
            kept = {number: known[number] for number, (_, end) in ends.items() if _is_current(known.get(number), end)}
            unread = {number: span for number, span in ends.items() if number not in kept}
            for together in _groups(unread):
                kept |= self._fresh(self._read(consumer, together), together, heal)
            return kept
        finally:
            consumer.close()

    def _fresh(
        self, read: dict[int, Loading], spans: dict[int, tuple[int, int]], heal: Callable[[int, Change], None]
    ) -> dict[int, PartitionState]:
        states = {}
        for number, loading in read.items():
            values, healing = loading.finish()
            healing += loading.forget(REMEMBERED_DAYS)
            for change in healing:
                heal(number, change)
            log_end = -1 if healing else spans[number][1] - 1
            states[number] = PartitionState(values, loading.done, log_end, loading.fault, loading.revision)
        return states

    def _read(self, consumer: Consumer, spans: dict[int, tuple[int, int]]) -> dict[int, Loading]:
        """These partitions together, each from its start to the end that it had; at the end each is let go."""
        read = {number: Loading() for number in spans}
        places = {number: TopicPartition(self.topic, number, low) for number, (low, end) in spans.items() if low < end}
        consumer.assign(list(places.values()))
        silent = 0
        while places:
            records = consumer.consume(5_000, BATCH_SECONDS)
            silent = 0 if records else silent + 1
            if silent > SILENT_BATCHES:
                raise NotReady(f"{self.topic} stands still before the end of partitions {sorted(places)}")
            take_all(read, records)
            self._let_go(consumer, places, spans)
        return read

    def _let_go(self, consumer: Consumer, places: dict[int, TopicPartition], spans: dict[int, tuple[int, int]]) -> None:
        for at in consumer.position(list(places.values())):
            if at.offset >= spans[at.partition][1]:
                consumer.incremental_unassign([places.pop(at.partition)])


def _groups(spans: dict[int, tuple[int, int]]) -> Iterator[dict[int, tuple[int, int]]]:
    """Partitions that are read at one time: what reading takes besides what is kept stays small, however large the log is."""
    together = dict[int, tuple[int, int]]()
    for number, (low, end) in spans.items():
        if together and sum(last - first for first, last in together.values()) + end - low > READ_TOGETHER:
            yield together
            together = {}
        together[number] = (low, end)
    yield together


def _is_current(known: PartitionState | None, end: int) -> bool:
    return known is not None and known.log_end == end - 1


def _ends(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    ends = consumer.get_watermark_offsets(place, timeout=20.0)
    if ends is None:
        raise NotReady(f"the broker does not tell the ends of {place.topic}")
    return int(ends[0]), int(ends[1])
