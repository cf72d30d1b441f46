"""Asks the broker how far partitions reach. Names are those of the broker, with their prefix."""

from collections.abc import Iterable

import stamina
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from schemas.errors import NotReady

LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]
EARLIEST = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
ANSWER_WITHIN = 15.0


@stamina.retry(on=NotReady, attempts=6, wait_initial=0.1, wait_max=1.0, timeout=None)  # a new topic has no leader at first
def offsets(admin: AdminClient, places: Iterable[tuple[str, int]], spec: OffsetSpec) -> dict[tuple[str, int], int]:
    """The offset that `spec` means in each of the partitions. NotReady where the broker goes on not telling."""
    wanted = {TopicPartition(*place): spec for place in places}
    try:
        asked = admin.list_offsets(wanted, request_timeout=ANSWER_WITHIN) if wanted else {}
        return {(at.topic, at.partition): future.result().offset for at, future in asked.items()}
    except KafkaException as error:
        raise NotReady("the broker does not tell how far its topics go") from error
