"""Running a projector beside a test, waiting for it, and looking at what it made."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from connectors.store.names import Schemas
from connectors.store.trace_tables import STAGES
from connectors.store.view_tables import NOTICES, OUTBOX
from hub.projection.projector import Pace, Projector
from schemas import topics
from schemas.wire import Message
from tests.hub.projection import said
from tests.hub.projection.log import Log
from tests.waiting import until

QUICK = Pace(linger=0.05, look_around=0.3)
Project = Callable[[], Projector]


@contextmanager
def running(projector: Projector) -> Iterator[None]:
    """The projector runs in a thread while the context lasts, and has to end well."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            projector.run(stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
    assert not failures
    assert not thread.is_alive()


def read_all(projector: Projector) -> None:
    """Step until nothing is left to read."""
    until(lambda: not projector.step() and not projector.lag())


def caught_up(projector: Projector) -> Projector:
    """The projector, when it has begun and read all that there is."""
    projector.resume_patiently(threading.Event())
    read_all(projector)
    return projector


def scalars(engine: Engine, schemas: Schemas, query: Any) -> list[Any]:
    """The first column of what the query finds."""
    with schemas.bind(engine).connect() as connection:
        return list(connection.scalars(query))


def notices(engine: Engine, schemas: Schemas) -> int:
    """How many steps of notices there are."""
    return int(scalars(engine, schemas, select(func.count()).select_from(NOTICES))[0])


def counted(engine: Engine, schemas: Schemas) -> tuple[int, int, int]:
    """Notices, copies, stages; zeros while the database is away."""
    try:
        with schemas.bind(engine).connect() as connection:
            one, two, three = (connection.scalar(select(func.count()).select_from(t)) or 0 for t in (NOTICES, OUTBOX, STAGES))
            return one, two, three
    except DBAPIError:
        return 0, 0, 0


def paths(first: int, end: int) -> list[Message]:
    """All that is written about the notices of these numbers; six records each."""
    return [message for number in range(first, end) for message in said.path(said.notice(number))]


def letters(log: Log, wanted: int) -> list[tuple[bytes | None, dict[str, bytes]]]:
    """The dead letters of the test."""
    consumer = Consumer({"bootstrap.servers": log.bootstrap, "group.id": "letters", "auto.offset.reset": "earliest"})
    consumer.subscribe([log.prefix + topics.DEAD_LETTERS.name])
    found: list[tuple[bytes | None, dict[str, bytes]]] = []
    deadline = time.monotonic() + 20
    while len(found) < wanted and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is not None and message.error() is None:
            found.append((message.value(), dict(message.headers() or ())))
    consumer.close()
    return found
