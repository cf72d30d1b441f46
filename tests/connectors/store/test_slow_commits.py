"""Whoever pages an outbox while several write it with slow commits gets every event once, in its order."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from connectors.store.names import Schemas, connect
from connectors.store.reading import PostgresReading
from connectors.store.writing import ViewWriter
from hub.ports import Reading
from hub.projection.record import Record
from hub.projection.rows import rows_of
from schemas import topics
from schemas.errors import Misconfigured
from tests.builders import AT
from tests.connectors.store.filling import CURSOR_SECRET
from tests.hub.projection import said

pytestmark = pytest.mark.database
AGENCY, EPOCH, AT_ONCE = "ta-08", "e1", 4
TOPIC = topics.outbox(AGENCY).name


@pytest.fixture
def slow(database_url: str) -> Iterator[Engine]:
    """Of five commits one takes long: whoever wrote after it could be seen before it."""
    made = connect(database_url, size=10)
    event.listen(made, "commit", lambda _: time.sleep(random.choice((0.0, 0.0, 0.0, 0.0, 0.1))))
    yield made
    made.dispose()


def records(count: int) -> list[Record]:
    """Copies of notices that the door took in quite another order, many at one moment."""
    moments = [AT + timedelta(minutes=(7 * number) % 5) for number in range(count)]
    steps = [said.accepted(said.notice(number), received_at=moment) for number, moment in enumerate(moments)]
    return [said.as_record(said.copy(step, AGENCY), number, EPOCH) for number, step in enumerate(steps)]


def write(writer: ViewWriter, log: Sequence[Record]) -> None:
    """To the end of the log, a few records at a time; who is overtaken reads the positions again."""
    while (start := writer.positions()[TOPIC, 0][1]) < len(log):
        some = log[start : start + AT_ONCE]
        try:
            writer.write([rows_of(record) for record in some], [(TOPIC, 0, EPOCH, start, start + len(some))])
        except Misconfigured:
            continue


def paged(reading: Reading, limit: int, writers: Sequence[threading.Thread]) -> list[str]:
    """The cursors of all that is read, in its order, until nobody writes and nothing is left."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        over = not any(writer.is_alive() for writer in writers)
        page = reading.outbox(AGENCY, cursor, limit)
        if over and not page.items:
            return found
        found += [item["cursor"] for item in page.items]
        cursor = page.next


@pytest.mark.parametrize("limit", [1, 7])
def test_four_writers_with_slow_commits_hide_nothing_from_who_pages_meanwhile(
    slow: Engine, engine: Engine, schemas: Schemas, limit: int
) -> None:
    log = records(300)
    ViewWriter(slow, schemas).enter([(TOPIC, 0, EPOCH, 0, None)])
    writers = [threading.Thread(target=write, args=(ViewWriter(slow, schemas), log)) for _ in range(4)]
    for writer in writers:
        writer.start()
    read = paged(PostgresReading(engine, CURSOR_SECRET, schemas), limit, writers)
    for writer in writers:
        writer.join()
    assert read == [f"{EPOCH}.{number}" for number in range(300)]
