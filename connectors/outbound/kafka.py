"""hub.ports.Publisher over confluent-kafka: many threads write, one polls, each waits for the broker's confirmation."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Record

from hub.ports import Publisher
from schemas.errors import HubError, Misconfigured, NotReady
from schemas.messages import Coordinates
from schemas.topics import LARGEST_MESSAGE
from schemas.wire import Message

WITHIN = 10.0
_POLL = 0.2
_SAFE = "whatever did arrive is taken once, so sending the same again is safe"
_OPERATORS = {
    KafkaError._UNKNOWN_TOPIC: "there is no such topic: `hub topics apply` makes it",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "there is no such topic: `hub topics apply` makes it",
    KafkaError._UNKNOWN_PARTITION: "there is no such partition",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "this user may not write to it",
    KafkaError.MSG_SIZE_TOO_LARGE: "the record is larger than the topic allows",
}
"""Failures that a repeat does not mend."""


class KafkaPublisher:
    """Give it to everybody who writes; close it at the end."""

    def __init__(
        self,
        bootstrap: str,
        *,
        within: float = WITHIN,
        linger_ms: int = 1,
        client_id: str = "hub-api",
        more: Mapping[str, str | int | bool] | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._within = within
        self._settings = _settings(bootstrap, within, linger_ms, client_id) | dict(more or {})
        self._lock = threading.Lock()
        self._producer = Producer(self._settings)
        self._closed = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="kafka-delivery", daemon=True)
        self._poller.start()

    def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
        """Where each message stands now, in the order given.

        NotReady where the broker did not confirm all of them in time: some may be stored, and a repeat is safe.
        Misconfigured where a repeat would not help.
        """
        if self._closed.is_set():
            raise NotReady("this process is stopping; nothing was stored")
        if not messages:
            return []
        until = time.monotonic() + self._within
        awaited = _Awaited(len(messages))
        for place, message in enumerate(messages):
            self._hand_over(message, awaited, place, until)
        if not awaited.done.wait(max(0.0, until - time.monotonic())):
            raise NotReady(f"Kafka did not confirm within {self._within:g} seconds; {_SAFE}")
        return awaited.places()

    def ready(self) -> str | None:
        """None where the broker answers, else what is missing."""
        if not self._poller.is_alive():
            return "the thread that hears of confirmations has stopped: start the process again"
        try:
            self._producer.list_topics(timeout=2.0)
        except KafkaException:
            return f"no Kafka answers at {self._bootstrap}"
        return None

    def close(self) -> None:
        """Take nothing more, send what is on its way, stop. May be called twice."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._poller.join(timeout=5.0)
        self._producer.flush(self._within)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _hand_over(self, message: Message, awaited: _Awaited, place: int, until: float) -> None:
        def delivered(error: KafkaError | None, record: Record) -> None:
            awaited.note(place, error, record)

        producer = self._producer
        partition = -1 if message.partition is None else message.partition
        headers: list[tuple[str, str | bytes | None]] = [*message.headers]
        while True:
            try:
                producer.produce(message.topic, message.value, message.key, partition, on_delivery=delivered, headers=headers)
                return
            except BufferError:
                if time.monotonic() > until:
                    raise NotReady(f"too much waits for Kafka already; {_SAFE}") from None
                time.sleep(0.01)
            except KafkaException as error:
                self._renew(producer, error.args[0])
                raise _failure(error.args[0], message.topic) from error

    def _renew(self, broken: Producer, error: KafkaError) -> None:
        """After a fatal error a producer takes nothing more: the next one to write gets a new one."""
        if not error.fatal() and error.code() != KafkaError._FATAL:
            return
        with self._lock:
            if self._producer is broken and not self._closed.is_set():
                self._producer = Producer(self._settings)

    def _poll(self) -> None:
        while not self._closed.is_set():
            self._producer.poll(_POLL)


_: type[Publisher] = KafkaPublisher


class _Awaited:
    """The confirmations that one call waits for. Only the polling thread notes; the caller reads when all are there."""

    def __init__(self, number: int) -> None:
        self._places: list[Coordinates | None] = [None] * number
        self._failed: HubError | None = None
        self._left = number
        self.done = threading.Event()

    def note(self, place: int, error: KafkaError | None, record: Record) -> None:
        """What became of one message."""
        topic, partition, offset = record.topic(), record.partition(), record.offset()
        if error is not None or topic is None or partition is None or offset is None:
            self._failed = self._failed or _failure(error, topic or "")
        else:
            self._places[place] = Coordinates(topic=topic, partition=partition, offset=offset)
        self._left -= 1
        if self._left == 0:
            self.done.set()

    def places(self) -> list[Coordinates]:
        """All places; the first failure where there was one."""
        if self._failed is not None:
            raise self._failed
        return [place for place in self._places if place is not None]


def _failure(error: KafkaError | None, topic: str) -> HubError:
    if error is not None and error.code() in _OPERATORS:
        return Misconfigured(f"{topic}: {_OPERATORS[error.code()]}")
    name = error.name() if error is not None else "no place given"
    return NotReady(f"Kafka did not confirm ({name}); {_SAFE}")


def _settings(bootstrap: str, within: float, linger_ms: int, client_id: str) -> dict[str, str | int | bool]:
    return {
        "bootstrap.servers": bootstrap,
        "client.id": client_id,
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "linger.ms": linger_ms,
        "compression.type": "lz4",
        "delivery.timeout.ms": int(within * 1000),
        "request.timeout.ms": int(min(within, 5.0) * 1000),
        "socket.connection.setup.timeout.ms": 5_000,
        "reconnect.backoff.max.ms": 1_000,
        "topic.metadata.propagation.max.ms": int(within * 300),
        "message.max.bytes": LARGEST_MESSAGE + 64 * 1024,
        "log_level": 0,
    }
