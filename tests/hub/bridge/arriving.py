"""Inboxes of a test, what is put into them, and what the hub's own topics hold afterwards."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from connectors.inbound.arrived import arrived
from connectors.outbound.topics import apply_topics
from schemas.messages import RefusedNotice, Submission
from schemas.topics import DEAD_LETTERS, RECEIVED, REFUSED, Topic, inbox
from schemas.wire import read
from tests.builders import a_downsizing_notice, body_of

PARTITIONS = 3
AGENCY, OTHER = "ta-39", "evk-03"
CODE = "131052-308T"
"""The well-known made-up personal identity code."""


def numbered(number: int, **changes: Any) -> bytes:
    """A notice of that number."""
    return body_of(a_downsizing_notice(id=f"D-{number}", **changes))


def in_event(data: bytes, **changes: Any) -> bytes:
    """The notice as a CloudEvent in structured mode."""
    attributes = {"specversion": "1.0", "id": "e-1", "source": "/system", "type": "notice"} | changes
    return json.dumps(attributes)[:-1].encode() + b', "data": ' + data + b"}"


@dataclass
class Place:
    """Topics of a test on the real broker."""

    bootstrap: str
    prefix: str

    def make(self, *agencies: str) -> None:
        """What the bridge reads and writes."""
        hubs = [replace(topic, partitions=PARTITIONS) for topic in (RECEIVED, REFUSED, DEAD_LETTERS)]
        apply_topics(self.bootstrap, [*hubs, *map(inbox, agencies)], self.prefix)

    def put(self, agency: str, values: Sequence[bytes | None], headers: Sequence[tuple[str, str]] = ()) -> None:
        """As the agency's own system would write it, in this order."""
        # A broker's limit holds for a whole batch: a client that makes larger ones than the topic takes loses them.
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "message.max.bytes": 320 * 1024})
        failed: list[object] = []
        for value in values:
            name = self.prefix + inbox(agency).name
            producer.produce(name, value, headers=list(headers), on_delivery=lambda error, _: failed.append(error))
        assert producer.flush(30) == 0
        assert failed == [None] * len(values)

    def received(self) -> list[tuple[bytes, Submission, dict[str, bytes]]]:
        """Key, submission and headers of all that stands on notices.received."""
        return [(key, read(Submission, value, headers.items()), headers) for key, value, headers in self.on(RECEIVED)]

    def refused(self) -> list[RefusedNotice]:
        """All refusals."""
        return [read(RefusedNotice, value, headers.items()) for _, value, headers in self.on(REFUSED)]

    def on(self, topic: Topic) -> list[tuple[bytes, bytes, dict[str, bytes]]]:
        """All that stands on a topic of the hub at this moment."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "looking", "enable.auto.commit": False})
        found = []
        for number in range(PARTITIONS):
            place = TopicPartition(self.prefix + topic.name, number, 0)
            end = consumer.get_watermark_offsets(place, timeout=10)[1]
            consumer.assign([place])
            while end and consumer.position([place])[0].offset < end:
                for message in arrived(consumer, 500, 0.2):
                    found.append((message.key() or b"", message.value() or b"", dict(message.headers() or [])))
        consumer.close()
        return found
