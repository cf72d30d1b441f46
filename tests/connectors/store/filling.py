"""Puts messages into the view as the projector would, without a broker."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from connectors.store.names import Schemas
from connectors.store.registry import Entry, entries_of
from connectors.store.writing import ViewWriter
from hub.ports import Page, Reading, Search
from hub.projection.rows import rows_of
from schemas.wire import Message
from tests.builders import AT, an_agency
from tests.hub.projection.said import as_record

CURSOR_SECRET = b"the cursors of the tests"


class Filler:
    """Each topic has one partition; records stand a millisecond apart."""

    def __init__(self, engine: Engine, schemas: Schemas) -> None:
        self.writer = ViewWriter(engine, schemas)
        self._offsets: Counter[str] = Counter()

    def __call__(self, messages: Sequence[Message], epoch: str = "e1", at: datetime = AT) -> None:
        """Take them in as one batch; `at` is when the broker had the first."""
        before = Counter(self._offsets)
        records = []
        for message in messages:
            record = as_record(message, self._offsets[message.topic], epoch)
            records.append(replace(record, at=at + timedelta(milliseconds=record.offset)))
            self._offsets[message.topic] += 1
        known = self.writer.positions()
        topics = {message.topic for message in messages}
        self.writer.enter([(topic, 0, epoch, 0, None) for topic in topics if (topic, 0) not in known])
        moves = [(topic, 0, epoch, before[topic], self._offsets[topic]) for topic in sorted(topics)]
        self.writer.write([rows_of(record) for record in records], moves)


def everything(page: Callable[[str | None], Page]) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found, cursor = [], None
    for _ in range(10_000):
        part = page(cursor)
        found += part.items
        if part.next is None:
            return found
        assert part.next != cursor, "the cursor stands still"
        cursor = part.next
    raise AssertionError("the list never ends")


def found(reading: Reading, agency: str = "ta-39", **wanted: Any) -> list[str]:
    """The sender's ids of all notices that are found."""
    items = everything(lambda cursor: reading.search(agency, Search(**wanted), cursor, 2))
    return sorted(item["notice"]["id"] for item in items)


def an_entry(id: str, **changes: Any) -> Entry:
    """An agency as an entry of the registry."""
    return next(entries_of((), (an_agency(id, **changes),), ()))
