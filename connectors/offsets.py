"""Asks the broker how far partitions reach. Names are those of the broker, with their prefix."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import stamina
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from schemas.errors import NotReady

LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]
EARLIEST = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
ANSWER_WITHIN = 15.0


def partitions(admin: AdminClient, names: Iterable[str]) -> list[tuple[str, int]]:
    """The partitions of those of the topics that exist. NotReady where the broker does not answer.

    It is asked for these alone: a list of all topics of a large hub takes long to write and to read.
    """
    wanted = list(dict.fromkeys(names))
    try:
        asked = admin.describe_topics(TopicCollection(wanted), request_timeout=ANSWER_WITHIN) if wanted else {}
        found = {name: _there(future) for name, future in asked.items()}
    except KafkaException as error:
        raise NotReady("no Kafka answers") from error
    return [(name, number) for name in wanted for number in found[name]]


def reader_of(bootstrap: str, group: str) -> Consumer:
    """What asks for what a group has committed, without joining it; `committed` uses it. Close it, or keep it.

    Not an AdminClient: librdkafka ends the whole process there where the group's coordinator has just gone elsewhere, as at each
    start of a broker (rd_kafka_handle_OffsetFetch has no consumer group to tell of it).
    """
    return Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "log_level": 2})


def committed(reader: Consumer, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The next offset that the reader's group wants of each partition; negative: it has committed nothing there.

    KafkaException where the broker does not tell.
    """
    asked = [TopicPartition(*place) for place in places]
    found = reader.committed(asked, timeout=ANSWER_WITHIN) if asked else []
    for at in found:
        if at.error is not None:
            raise KafkaException(at.error)
    return {(at.topic, at.partition): at.offset for at in found}


def _there(future: Future[Any]) -> list[int]:
    """Numbers in order; none of a topic that the broker does not know."""
    try:
        return sorted(partition.id for partition in future.result().partitions)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return []
        raise


@stamina.retry(on=NotReady, attempts=6, wait_initial=0.1, wait_max=1.0, timeout=None)  # a new topic has no leader at first
def offsets(admin: AdminClient, places: Iterable[tuple[str, int]], spec: OffsetSpec) -> dict[tuple[str, int], int]:
    """The offset that `spec` means in each of the partitions. NotReady where the broker goes on not telling."""
    wanted = {TopicPartition(*place): spec for place in places}
    try:
        asked = admin.list_offsets(wanted, request_timeout=ANSWER_WITHIN) if wanted else {}
        return {(at.topic, at.partition): future.result().offset for at, future in asked.items()}
    except KafkaException as error:
        raise NotReady("the broker does not tell how far its topics go") from error
