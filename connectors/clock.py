"""Asks the broker for its time: Kafka tells it only on a record, so a topic is made for one and removed again."""

import os
import time

from confluent_kafka import Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.errors import NotReady

WITHIN = 10.0


def broker_ahead(bootstrap: str, prefix: str = "") -> float:
    """Seconds that the broker's clock is ahead of the one here. NotReady or KafkaException where it does not tell."""
    name = f"{prefix}hub.clock.{os.getpid()}"
    admin = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 10_000, "log_level": 0})
    own_time = {"message.timestamp.type": "LogAppendTime"}
    admin.create_topics([NewTopic(name, 1, 1, config=own_time)], operation_timeout=WITHIN)[name].result()
    try:
        return _ahead(bootstrap, name)
    finally:
        admin.delete_topics([name], operation_timeout=WITHIN)[name].result()


def _ahead(bootstrap: str, topic: str) -> float:
    """The broker's time of a record against the middle of the time that it took; the first record finds the way."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0, "log_level": 0})
    told: list[Message] = []
    for _ in range(2):
        before = time.time()
        producer.produce(topic, b"", on_delivery=lambda error, message: told.append(message))
        if producer.flush(WITHIN):
            raise NotReady("the broker took no record in time")
    return float(told[-1].timestamp()[1]) / 1000 - (before + time.time()) / 2
