"""The loop: read inboxes, write what becomes of the records, wait for the broker, acknowledge. In this order, always.

A kill between writing and acknowledging makes the next bridge write again what was written: the same receipt, which
intake answers as a repeat. Nothing is acknowledged that the broker has not confirmed.
"""

import threading
from collections.abc import Callable, Sequence

import structlog

from hub.bridge.inboxes import Inboxes
from hub.bridge.record import Arrived
from hub.ports import Publisher
from schemas.errors import NotReady
from schemas.topics import REFUSED, inbox_owner
from schemas.wire import Message

log = structlog.get_logger()

AT_ONCE = 200
"""Records of a batch at the most: with the largest bodies 64 MiB."""
PAUSE = 1.0


class Bridge:
    """One process of it. Several share the inboxes among them."""

    def __init__(self, inboxes: Inboxes, publisher: Publisher, crossing: Callable[[Arrived], tuple[Message, ...]]) -> None:
        self._inboxes = inboxes
        self._publisher = publisher
        self._crossing = crossing
        self.crossed = 0

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. Misconfigured where a topic of the hub is missing: nothing is acknowledged then."""
        log.info("the bridge is open")
        try:
            while not stop.is_set():
                self.step(stop)
        finally:
            self._inboxes.close()
            log.info("the bridge is closed", crossed=self.crossed)

    def step(self, stop: threading.Event) -> None:
        """Take over one batch."""
        records = self._inboxes.read(AT_ONCE)
        written = [(record, self._crossing(record)) for record in records]
        if self._publish([message for _, messages in written for message in messages], stop):
            self._inboxes.acknowledge(records)
            self.crossed += len(records)
            _tell(written)

    def _publish(self, messages: Sequence[Message], stop: threading.Event) -> bool:
        """Whether the broker confirmed them all. What it did not confirm is sent again, for as long as it takes."""
        while True:
            try:
                self._publisher.publish(messages)
                return True
            except NotReady as error:
                log.warning("the bridge waits for Kafka", detail=error.detail)
            if stop.wait(PAUSE):
                return False


def _tell(written: list[tuple[Arrived, tuple[Message, ...]]]) -> None:
    """Refusals, by place alone: what stands in them is in no log."""
    for record, messages in written:
        if any(message.topic.endswith(REFUSED.name) for message in messages):
            log.info("refused", agency=inbox_owner(record.topic), topic=record.topic, offset=record.offset)
