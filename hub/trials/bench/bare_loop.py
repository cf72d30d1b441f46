"""The rival (b): the same hops without Faust, in one process: read a batch, decide, send, flush, commit behind.

Run it as `python -m hub.trials.bench.bare_loop BOOTSTRAP PREFIX`.
"""

import signal
import sys
import threading

from confluent_kafka import Consumer, Message, Producer

from hub.agents.app import make_producer
from hub.agents.plan import Record
from hub.trials.bench.hops import Hop, hops
from schemas.wire import Message as Wire

_BATCH = 1_000
_WAIT = 0.01


class Line:
    """One hop with its consumer."""

    def __init__(self, hop: Hop, bootstrap: str, prefix: str, producer: Producer) -> None:
        self._hop = hop
        self._producer = producer
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"{prefix}bare.{hop.name}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )
        self._consumer.subscribe([hop.topic])

    def turn(self) -> None:
        """One batch: everything that it leads to is confirmed before it is committed."""
        batch = [record for record in self._consumer.consume(_BATCH, _WAIT) if record.error() is None]
        if not batch:
            return
        for record in batch:
            for message in self._hop.take(record_of(record)).outputs:
                self._send(message)
        self._producer.flush()
        self._consumer.commit(asynchronous=True)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _send(self, message: Wire) -> None:
        while True:
            try:
                self._producer.produce(message.topic, message.value, message.key, headers=[*message.headers])
                return
            except BufferError:
                self._producer.poll(0.05)


def record_of(record: Message) -> Record:
    """The record as a step takes it."""
    key, value = (None if part is None else bytes(part) for part in (record.key(), record.value()))
    headers: tuple[tuple[str, bytes | None], ...] = tuple(record.headers() or ())  # type: ignore[arg-type]
    at = record.timestamp()[1]
    return Record(record.topic() or "", record.partition() or 0, record.offset() or 0, key, value, headers, at)


def main(bootstrap: str, prefix: str) -> None:
    """Run until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    producer = make_producer(bootstrap)
    lines = [Line(hop, bootstrap, prefix, producer) for hop in hops(bootstrap, prefix)]
    while not stop.is_set():
        for line in lines:
            line.turn()
    for line in lines:
        line.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
