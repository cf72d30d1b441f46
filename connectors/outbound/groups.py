"""How far consumer groups are: what they have not read, and whether they are at work."""

from collections.abc import Iterable
from threading import Lock

from confluent_kafka import Consumer, ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from connectors.offsets import LATEST, committed, offsets, partitions, reader_of
from schemas.errors import NotReady
from schemas.topics import READERS

ANSWER_WITHIN = 10.0


class Groups:
    """Asks the broker about consumer groups. Every method raises NotReady where it does not answer."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._readers: dict[str, Consumer] = {}
        self._lock = Lock()

    def without_offset(self, group: str) -> tuple[str, ...]:
        """Partitions that hold records and of which the group has no committed offset: it would read them all anew."""
        committed = self._committed(group, [topic.name for topic in READERS[group]])
        unknown = [place for place, offset in committed.items() if offset < 0]
        ends = offsets(self._admin, unknown, LATEST)
        return tuple(f"{topic}/{number}" for topic, number in unknown if ends[topic, number] > 0)

    def lag(self, group: str, topic: str) -> int:
        """How many records of the topic the group has not acknowledged."""
        return sum(waiting for _, waiting in self.behind(group, [topic]).values())

    def behind(self, group: str, topics: Iterable[str]) -> dict[tuple[str, int], tuple[int, int]]:
        """Of each partition with records that the group has not acknowledged: the first of them, and how many wait."""
        committed = {place: max(0, offset) for place, offset in self._committed(group, topics).items()}
        ends = offsets(self._admin, committed, LATEST)
        return {place: (at, ends[place] - at) for place, at in committed.items() if ends[place] > at}

    def is_at_work(self, group: str) -> bool:
        """Whether the group has members and each has its partitions."""
        try:
            asked = self._admin.describe_consumer_groups([self._prefix + group], request_timeout=ANSWER_WITHIN)
            found = asked[self._prefix + group].result()
        except KafkaException:
            return False
        return found.state == ConsumerGroupState.STABLE and bool(found.members)

    def _committed(self, group: str, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        try:
            there = partitions(self._admin, (self._prefix + topic for topic in topics))
            return committed(self._reader(group), there)
        except KafkaException as error:
            raise NotReady(f"the broker does not tell how far {group} is") from error

    def _reader(self, group: str) -> Consumer:
        with self._lock:
            if group not in self._readers:
                self._readers[group] = reader_of(self._bootstrap, self._prefix + group)
            return self._readers[group]
