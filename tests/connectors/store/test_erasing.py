"""Nothing comes in behind an erasure: not from who was writing, not into the draft of a rebuild, not by a swap."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from connectors.store.erasing import Eraser
from connectors.store.names import Schemas
from connectors.store.purging import Purge
from connectors.store.replacing import Views
from connectors.store.views import dump_view
from connectors.store.writing import ViewWriter
from hub.projection.rows import rows_of
from schemas.errors import NotReady
from schemas.topics import EVENTS
from tests.builders import AT
from tests.connectors.store.filling import Filler
from tests.hub.projection import said
from tests.hub.projection.said import as_record
from tests.waiting import until

pytestmark = pytest.mark.database
RECEIPT = said.receipt(1)
HISTORY = rows_of(as_record(said.history(said.accepted(said.notice(1)))))
TOO_LARGE = [("stages", {**HISTORY[1][1], "step": 2**40})]
"""What PostgreSQL refuses: whoever writes it is asked what to do, before its transaction ends."""


@pytest.fixture
def purge(engine: Engine, schemas: Schemas) -> Purge:
    return Purge(engine, schemas.prefix)


@pytest.fixture
def views(engine: Engine, schemas: Schemas) -> Views:
    return Views(engine, schemas.prefix)


@pytest.fixture
def draft(schemas: Schemas) -> Schemas:
    return Schemas(schemas.prefix, "_new")


def begun(writer: ViewWriter) -> ViewWriter:
    writer.enter([(EVENTS.name, 0, "e", 0, None)])
    writer.positions()
    return writer


def write(writer: ViewWriter, meanwhile: Callable[[], None] = lambda: None) -> None:
    """The notice, and in the same transaction something else."""
    writer.write([HISTORY, TOO_LARGE], [(EVENTS.name, 0, "e", 0, 2)], lambda refused: meanwhile())


def waits(engine: Engine, query: str) -> bool:
    """Whether somebody waits for a lock with a query like this."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE :query"
    with engine.connect() as connection:
        return bool(connection.scalar(text(asked), {"query": query}))


def is_empty(engine: Engine, schemas: Schemas) -> bool:
    return not any(dump_view(engine, schemas).values())


@pytest.mark.parametrize("into", ["the view", "the draft"])
def test_who_was_writing_is_waited_for_and_what_it_wrote_is_found(
    purge: Purge, views: Views, engine: Engine, schemas: Schemas, draft: Schemas, into: str
) -> None:
    writer = begun(views.draft() if into == "the draft" else ViewWriter(engine, schemas))
    started: list[threading.Thread] = []

    def erase() -> None:
        started.append(threading.Thread(target=purge.notice, args=(RECEIPT, "test")))
        started[0].start()
        until(lambda: waits(engine, f"LOCK TABLE {schemas.prefix}%"))

    write(writer, erase)
    started[0].join(30)
    assert is_empty(engine, schemas)
    assert into == "the view" or is_empty(engine, draft)


@pytest.mark.parametrize("into", ["the view", "the draft"])
def test_who_writes_afterwards_passes_over_what_was_erased(
    purge: Purge, views: Views, engine: Engine, schemas: Schemas, draft: Schemas, into: str
) -> None:
    writer = begun(views.draft() if into == "the draft" else ViewWriter(engine, schemas))
    purge.notice(RECEIPT, "test")
    write(writer)
    assert writer.positions() == {(EVENTS.name, 0): ("e", 2)}
    assert is_empty(engine, schemas)
    assert into == "the view" or is_empty(engine, draft)


def test_what_stands_in_a_draft_goes_with_what_stands_in_the_view(
    fill: Filler, purge: Purge, views: Views, engine: Engine, schemas: Schemas, draft: Schemas
) -> None:
    fill(said.path(said.notice(1)) + said.path(said.notice(2)))
    write(begun(views.draft()))
    assert not is_empty(engine, draft)
    purge.notice(RECEIPT, "test")
    assert is_empty(engine, draft)
    assert len(dump_view(engine, schemas)["notices"]) == 1


def test_what_goes_by_its_time_alone_goes_from_a_draft_too(
    fill: Filler, purge: Purge, views: Views, engine: Engine, schemas: Schemas, draft: Schemas
) -> None:
    told = [said.submitted(said.notice(7)), said.refused(said.notice(7), offset=0)]
    fill(told)
    records = [rows_of(as_record(message)) for message in told]
    writer = begun(views.draft())
    writer.write(records, [(EVENTS.name, 0, "e", 0, 2)])
    day = AT.date() + timedelta(days=31)
    assert purge.run(day, "test") == {"refused-body": 1}
    assert purge.left(day).total == 0
    assert {name: len(rows) for name, rows in dump_view(engine, draft).items() if rows} == {"stages": 1, "refused": 1}
    assert purge.run(day + timedelta(days=60), "test") == {"refused": 1, "arrival": 1}
    assert is_empty(engine, schemas)
    assert is_empty(engine, draft)


def test_a_draft_that_is_made_meanwhile_begins_after_the_erasure(
    views: Views, engine: Engine, schemas: Schemas, draft: Schemas
) -> None:
    making = threading.Thread(target=lambda: write(begun(views.draft())))
    with Eraser(engine, schemas.prefix, 10.0).batch() as batch:
        making.start()
        until(lambda: waits(engine, "SELECT pg_advisory_xact_lock%"))
        batch.notice(RECEIPT, "requested")
    making.join(30)
    assert is_empty(engine, draft)


def test_a_swap_is_waited_for_and_what_it_carried_over_is_found(
    fill: Filler, purge: Purge, views: Views, engine: Engine, schemas: Schemas
) -> None:
    """The copies are read from the old view before the erasure, and serve after it."""
    fill(said.path(said.notice(1)))
    views.draft()
    with views.halted() as handover:
        assert handover.carry_over({}) == 3
        erasing = threading.Thread(target=purge.notice, args=(RECEIPT, "test"))
        erasing.start()
        until(lambda: waits(engine, f"LOCK TABLE {schemas.prefix}%"))
        handover.swap()
    erasing.join(30)
    assert is_empty(engine, schemas)


def test_a_writer_that_does_not_let_go_ends_the_erasure_and_changes_nothing(
    fill: Filler, engine: Engine, schemas: Schemas
) -> None:
    fill(said.path(said.notice(1)))
    before = dump_view(engine, schemas)
    impatient = Purge(engine, schemas.prefix, wait_seconds=0.2)
    with schemas.bind(engine).begin() as connection:
        connection.execute(text(f"LOCK TABLE {schemas.view}.positions IN ROW EXCLUSIVE MODE"))
        with pytest.raises(NotReady):
            impatient.notice(RECEIPT, "test")
    assert dump_view(engine, schemas) == before


def test_readers_go_on_while_something_is_erased(fill: Filler, purge: Purge, engine: Engine, schemas: Schemas) -> None:
    fill(said.path(said.notice(1)))
    with engine.begin() as connection:
        connection.execute(text(f"SELECT * FROM {schemas.view}.notices"))
        assert purge.notice(RECEIPT, "test") == 13


def test_a_receipt_that_no_text_can_hold_is_refused_with_its_own_row(engine: Engine, schemas: Schemas, purge: Purge) -> None:
    purge.notice(RECEIPT, "test")
    refused: list[object] = []
    odd = [("stages", {**HISTORY[1][1], "receipt": "zero\x00byte"})]
    begun(ViewWriter(engine, schemas)).write([HISTORY, odd], [(EVENTS.name, 0, "e", 0, 2)], refused.extend)
    assert refused == [(1, "22P05")]
