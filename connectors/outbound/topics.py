"""Makes the topics on a broker, and commits offset 0 for the groups that read a new one: a group never starts at the end."""

import time
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import KafkaError, NewTopic

from schemas.errors import Misconfigured, NotReady
from schemas.topics import READERS, Topic

ANSWER_WITHIN = 20.0


def apply_topics(bootstrap: str, topics: Iterable[Topic], prefix: str = "") -> tuple[str, ...]:
    """Create what is missing; the names that were created. A topic with another partition count is Misconfigured."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = _partitions(admin, bootstrap)
    wanted = {prefix + topic.name: topic for topic in topics}
    made = _create(admin, [_new(name, topic) for name, topic in wanted.items() if name not in there])
    there = _once_all_are_seen(admin, bootstrap, frozenset(wanted))
    _start_groups(bootstrap, frozenset(made), there, prefix)
    for name, topic in wanted.items():
        if there[name] != topic.partitions:
            raise Misconfigured(f"{name} has {there[name]} partitions, {topic.partitions} are wanted: keys would move")
    return made


def _start_groups(bootstrap: str, made: frozenset[str], partitions: Mapping[str, int], prefix: str) -> None:
    """Offset 0 of each new topic for each group that reads it."""
    for group, read in READERS.items():
        names = [prefix + topic.name for topic in read if prefix + topic.name in made]
        starts = [TopicPartition(name, number, 0) for name in names for number in range(partitions[name])]
        if starts:
            _commit(bootstrap, prefix + group, starts)


def _commit(bootstrap: str, group: str, starts: list[TopicPartition]) -> None:
    settings = {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False}
    consumer = Consumer(settings)
    deadline = time.monotonic() + ANSWER_WITHIN
    try:
        while True:
            try:
                consumer.commit(offsets=starts, asynchronous=False)
                return
            except KafkaException as error:  # a broker that has just started looks for its coordinator
                if time.monotonic() > deadline:
                    raise NotReady(f"offset 0 could not be committed for {group}") from error
            time.sleep(0.2)
    finally:
        consumer.close()


def _once_all_are_seen(admin: AdminClient, bootstrap: str, names: frozenset[str]) -> dict[str, int]:
    """A broker may list a new topic only a moment after it has confirmed its creation."""
    deadline = time.monotonic() + ANSWER_WITHIN
    while not names <= (there := _partitions(admin, bootstrap)).keys():
        if time.monotonic() > deadline:
            raise NotReady(f"the broker does not list {sorted(names - there.keys())[0]} after {ANSWER_WITHIN:.0f} s")
        time.sleep(0.05)
    return there


def _partitions(admin: AdminClient, bootstrap: str) -> dict[str, int]:
    try:
        found = admin.list_topics(timeout=ANSWER_WITHIN)
    except KafkaException as error:
        raise NotReady(f"no Kafka answers at {bootstrap}: start one with `hub up`, or set HUB_KAFKA__BOOTSTRAP") from error
    return {name: len(topic.partitions) for name, topic in found.topics.items()}


def _new(name: str, topic: Topic) -> NewTopic:
    return NewTopic(name, num_partitions=topic.partitions, replication_factor=1, config=topic.settings())


def _create(admin: AdminClient, new: list[NewTopic]) -> tuple[str, ...]:
    if not new:
        return ()
    made = admin.create_topics(new, operation_timeout=ANSWER_WITHIN)
    return tuple(name for name, future in made.items() if _done(future))


def _done(future: object) -> bool:
    try:
        future.result()  # type: ignore[attr-defined]
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True
