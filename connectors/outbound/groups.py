"""How far consumer groups are: what they have not read, and whether they are at work."""

from collections.abc import Iterable

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.offsets import LATEST, offsets, partitions
from schemas.errors import NotReady
from schemas.topics import READERS

ANSWER_WITHIN = 10.0


class Groups:
    """Asks the broker about consumer groups. Every method raises NotReady where it does not answer."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._prefix = prefix

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
            places = [TopicPartition(*place) for place in there]
            if not places:
                return {}
            asked = self._admin.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(self._prefix + group, places)], request_timeout=ANSWER_WITHIN
            )
            known = next(iter(asked.values())).result().topic_partitions or []
        except KafkaException as error:
            raise NotReady(f"the broker does not tell how far {group} is") from error
        return {(place.topic, place.partition): place.offset for place in known}
