"""Topics of a test on the real broker."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from connectors.outbound.topics import apply_topics
from hub.projection.rows import is_projected
from schemas import topics
from schemas.wire import Message
from tests.taking_away import take_away

AGENCIES = ("ta-39", "ta-08", "evk-04", "finnvera")


@dataclass
class Log:
    """Makes and removes the topics, and writes to them."""

    bootstrap: str
    prefix: str

    def __post_init__(self) -> None:
        broker = {"bootstrap.servers": self.bootstrap, "log_level": 0}
        self._admin = AdminClient(broker)
        self._producer = Producer(
            broker | {"linger.ms": 5, "message.max.bytes": topics.LARGEST_MESSAGE + 64 * 1024, "partitioner": "murmur2_random"}
        )

    def make(self, *agencies: str) -> None:
        """The topics that the projector reads or writes, with the outboxes of these agencies; few partitions are quick."""
        known = (topic for topic in topics.every_topic(agencies) if is_projected(topic.name) or topic is topics.DEAD_LETTERS)
        few = [dataclasses.replace(topic, partitions=min(topic.partitions, 3)) for topic in known]
        apply_topics(self.bootstrap, few, self.prefix)

    def remove(self, topic: topics.Topic) -> None:
        """Delete the topic with all that it holds."""
        take_away(self._admin, self.prefix + topic.name)

    def say(self, messages: Sequence[Message]) -> None:
        """Write the messages and wait for the broker."""
        for message in messages:
            self._send(message)
        assert self._producer.flush(30) == 0

    def _send(self, message: Message) -> None:
        where = {} if message.partition is None else {"partition": message.partition}
        try:
            self._producer.produce(
                self.prefix + message.topic, message.value, message.key, headers=list(message.headers), **where
            )
        except BufferError:
            self._producer.poll(0.5)
            self._send(message)
