"""Sends the load at a steady pace, in order, whatever happens to the broker meanwhile."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Producer

from hub.trials.load import Item, record_of

_TURN = 0.05


class Publishing:
    """One idempotent producer in a thread: an author's submissions keep their order across the broker's death."""

    def __init__(self, bootstrap: str, topic: str, items: Sequence[Item], per_second: float) -> None:
        self.sent = 0
        self.failed = 0
        self._topic = topic
        self._items = items
        self._per_second = per_second
        self._stop = threading.Event()
        self._producer = _producer(bootstrap)
        self._thread = threading.Thread(target=self._run, name="publishing", daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait until all are there."""
        self._thread.join()

    def end(self) -> None:
        """Send no more; what is on its way arrives."""
        self._stop.set()
        self.join()

    @property
    def over(self) -> bool:
        """Whether all are there (or could not be sent)."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        begun = time.monotonic()
        for number, item in enumerate(self._items):
            while number > (time.monotonic() - begun) * self._per_second and not self._stop.is_set():
                self._producer.poll(_TURN)
            if self._stop.is_set():
                break
            self._send(item)
        self._producer.flush(300)

    def _send(self, item: Item) -> None:
        message = record_of(item, self._topic, datetime.now(UTC))
        headers: list[tuple[str, str | bytes | None]] = [*message.headers]
        self._producer.produce(message.topic, message.value, message.key, headers=headers, on_delivery=self._told)
        self._producer.poll(0)

    def _told(self, error: Any, _: Any) -> None:
        if error is None:
            self.sent += 1
        else:
            self.failed += 1


def _producer(bootstrap: str) -> Producer:
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "delivery.timeout.ms": 600_000,
            "queue.buffering.max.messages": 1_000_000,
            "log_level": 0,
        }
    )
