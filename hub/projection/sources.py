"""What is there to be read: topics with their epoch and partitions, and from where to where each partition reaches."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from confluent_kafka import IsolationLevel, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from confluent_kafka.cimpl import KafkaError

from hub.projection.record import Place
from hub.projection.rows import is_projected
from schemas.errors import NotReady

_EARLIEST, _LATEST = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]
_URL_SAFE = str.maketrans("+/", "-_")
ANSWER_WITHIN = 10.0


class Source(NamedTuple):
    """A topic as it is now. A topic that was deleted and made again has another epoch."""

    epoch: str
    partitions: tuple[int, ...]


class Reach(NamedTuple):
    """The first offset that a partition still holds, and the next one that it will give out."""

    first: int
    end: int


class Sources:
    """Asks the broker. Every method raises NotReady where it does not answer."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 10_000, "log_level": 2})
        self._prefix = prefix

    def all(self) -> dict[str, Source]:
        """All topics that are projected, by their name without the prefix."""
        try:
            names = self._admin.list_topics(timeout=ANSWER_WITHIN).topics
        except KafkaException as error:
            raise NotReady(f"no Kafka answers: {error.args[0].str()}") from error
        bare = (name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix))
        return self.these([name for name in bare if is_projected(name)])

    def these(self, topics: Collection[str]) -> dict[str, Source]:
        """Those of the topics that exist."""
        if not topics:
            return {}
        wanted = TopicCollection([self._prefix + topic for topic in topics])
        asked = self._admin.describe_topics(wanted, request_timeout=ANSWER_WITHIN)
        found = {name.removeprefix(self._prefix): _answer(future) for name, future in asked.items()}
        return {
            name: Source(str(answer.topic_id).translate(_URL_SAFE), tuple(sorted(part.id for part in answer.partitions)))
            for name, answer in found.items()
            if answer is not None
        }

    def epochs(self, topics: Collection[str]) -> dict[str, str]:
        """Those of the topics that exist, each with its epoch."""
        return {name: source.epoch for name, source in self.these(topics).items()}

    def reach(self, places: Collection[Place]) -> dict[Place, Reach]:
        """How far each partition reaches, as a reader of committed records sees it."""
        first = self._offsets(places, _EARLIEST)
        end = self._offsets(places, _LATEST)
        return {place: Reach(first[place], end[place]) for place in places if place in first and place in end}

    def ends(self, places: Collection[Place]) -> dict[Place, int]:
        """The next offset of each partition that exists."""
        return self._offsets(places, _LATEST)

    def _offsets(self, places: Collection[Place], spec: OffsetSpec) -> dict[Place, int]:
        if not places:
            return {}
        asked = self._admin.list_offsets(
            {TopicPartition(self._prefix + place.topic, place.partition): spec for place in places},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=ANSWER_WITHIN,
        )
        found = {Place(at.topic.removeprefix(self._prefix), at.partition): _answer(future) for at, future in asked.items()}
        return {place: answer.offset for place, answer in found.items() if answer is not None}


class Lag:
    """How many records of each topic a reader at given positions has not read: what Reading.behind is made from."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def __call__(self, positions: Mapping[tuple[str, int], tuple[str, int]]) -> dict[str, int]:
        """By topic, without the prefix; a topic that was made anew counts from its start."""
        found = self._sources.all()
        places = [Place(topic, partition) for topic, source in found.items() for partition in source.partitions]
        behind = dict.fromkeys(found, 0)
        for place, reach in self._sources.reach(places).items():
            epoch, at = positions.get(place, ("", 0))
            read = at if epoch == found[place.topic].epoch else 0
            behind[place.topic] += max(0, reach.end - max(read, reach.first))
        return behind


def _answer(future: Any) -> Any:
    """What the broker said; None where the topic or partition is not there (any more)."""
    try:
        return future.result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise NotReady(f"the broker did not answer: {error.args[0].str()}") from error
