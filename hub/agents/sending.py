"""How an agent's records go out: with back-pressure, and never silently lost."""

import os
from collections.abc import Callable
from typing import Any, NoReturn

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from hub.core.dead import dead_letter
from schemas.topics import DEAD_LETTERS, Topic
from schemas.wire import Message

log = structlog.get_logger()

OnDelivery = Callable[[Any, Any], None]
BY_KEY = -1
"""librdkafka's word for "the partitioner decides"."""
_UNDELIVERABLE = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: "topic-vanished",
    KafkaError._UNKNOWN_TOPIC: "topic-vanished",
    KafkaError._UNKNOWN_PARTITION: "topic-vanished",
    KafkaError.MSG_SIZE_TOO_LARGE: "too-large",
}
"""What no repeat mends and no other record may wait for: the record goes to hub.dead-letters instead."""


def die(reason: str, **facts: Any) -> NoReturn:
    """End the process at once, acknowledging nothing. The supervisor starts it again."""
    log.error("worker ends itself, nothing is lost", reason=reason, **facts)
    os._exit(70)


class Sender:
    """The worker's producer. A delivery that fails for good ends the process, unless only its own topic is at fault."""

    def __init__(self, producer: Producer, prefix: str = "", by: str = "worker") -> None:
        self._producer = producer
        self._prefix = prefix
        self._by = by

    def name_of(self, topic: Topic) -> str:
        """The topic's name on the broker."""
        return self._prefix + topic.name

    def poll(self) -> None:
        """Hear of deliveries."""
        self._producer.poll(0)

    def flush(self, within: float) -> None:
        """Wait until all is delivered, at the most so many seconds."""
        self._producer.flush(within)

    def send_state(self, message: Message, confirmed: Callable[[Any], None] | None = None) -> None:
        """A record of the agent's own state: it has to arrive, else the process ends. `confirmed` gets the record."""

        def on_delivery(error: Any, record: Any) -> None:
            if error is not None:
                die("state could not be written", topic=message.topic, error=str(error))
            if confirmed is not None:
                confirmed(record)

        self._produce(message, on_delivery)

    def send(self, message: Message, confirmed: Callable[[], None]) -> None:
        """An output. `confirmed` is called when it is there, or a dead letter for it where its topic is at fault."""

        def on_delivery(error: Any, _: Any) -> None:
            if error is None:
                confirmed()
            else:
                self._failed(message, error, confirmed)

        try:
            self._produce(message, on_delivery)
        except KafkaException as raised:
            self._failed(message, raised.args[0], confirmed)

    def send_report(self, message: Message, done: Callable[[], None]) -> None:
        """What others go by and no step needs: where its topic is missing that is told, and nothing waits for it."""

        def on_delivery(error: Any, _: Any) -> None:
            if error is not None and error.code() not in _UNDELIVERABLE:
                die("a report could not be written", topic=message.topic, error=str(error))
            if error is not None:
                log.error("a report could not be written: `hub topics apply` makes its topic", topic=message.topic)
            done()

        try:
            self._produce(message, on_delivery)
        except KafkaException as raised:
            on_delivery(raised.args[0], None)

    def _failed(self, message: Message, error: KafkaError, confirmed: Callable[[], None]) -> None:
        code = _UNDELIVERABLE.get(error.code())
        if code is None or message.topic == self._prefix + DEAD_LETTERS.name:
            die("a record could not be delivered", topic=message.topic, error=str(error))
        log.error("a record goes to the dead letters", topic=message.topic, code=code)
        facts = {"by": self._by, "code": code, "detail": f"could not be written to {message.topic}", "topic": message.topic}
        value = message.value if code != "too-large" else None
        self.send(dead_letter(message.key, value, message.headers, facts, self._prefix), confirmed)

    def _produce(self, message: Message, on_delivery: OnDelivery) -> None:
        number = BY_KEY if message.partition is None else message.partition
        while True:
            try:
                self._producer.produce(
                    message.topic, message.value, message.key, number, headers=list(message.headers), on_delivery=on_delivery
                )
                return
            except BufferError:
                self._producer.poll(0.05)
