"""Revisions in the order of their commits."""

import threading

import pytest
from sqlalchemy import Engine, select

from connectors.store import audit
from connectors.store.names import Schemas
from connectors.store.registry import Entry, changes_since, entries_of, import_registry, latest_revision
from connectors.store.tables import AUDIT, REVISIONS
from hub.data.load import load_registry
from schemas.agency import Agency
from schemas.errors import Misconfigured
from tests.connectors.store.filling import an_entry

pytestmark = pytest.mark.database


def test_an_import_is_one_revision_and_the_same_again_is_none(engine: Engine, schemas: Schemas) -> None:
    entries = [an_entry("ta-39"), an_entry("ta-08")]
    assert latest_revision(engine, schemas) == 0
    assert import_registry(engine, entries, "operator", schemas=schemas) == 1
    assert import_registry(engine, entries, "operator", schemas=schemas) == 1
    assert import_registry(engine, [an_entry("ta-39", mailbox="a@b.example")], "operator", schemas=schemas) == 2
    changes = changes_since(engine, 0, schemas)
    assert [(change.revision, [entry.id for entry in change.entries], change.totals) for change in changes] == [
        (1, ["ta-08", "ta-39"], {"agency": 2}),
        (2, ["ta-39"], {"agency": 2}),
    ]
    assert changes_since(engine, 1, schemas) == changes[1:]


def test_a_hand_over_stands_in_the_audit_once(engine: Engine, schemas: Schemas) -> None:
    import_registry(engine, [an_entry("ta-39"), an_entry("ta-50"), an_entry("ta-51")], "operator", schemas=schemas)
    dated = {"valid_to": "2026-12-31", "successors": ("ta-50", "ta-51")}
    ended = [an_entry("ta-39", **dated), an_entry("ta-50"), an_entry("ta-51")]
    import_registry(engine, ended, "operator", schemas=schemas)
    import_registry(engine, [an_entry("ta-39", mailbox="a@b.example", **dated)], "operator", schemas=schemas)
    with schemas.bind(engine).connect() as connection:
        rows = connection.execute(select(AUDIT.c.what, AUDIT.c.about).order_by(AUDIT.c.id)).all()
    assert [row.about for row in rows if row.what == "agency.handed-over"] == [
        "revision 2: ta-39 to ta-50 after 2026-12-31",
        "revision 2: ta-39 to ta-51 after 2026-12-31",
    ]


def test_what_is_no_longer_there_is_taken_out_only_when_asked(engine: Engine, schemas: Schemas) -> None:
    import_registry(engine, [an_entry("ta-39"), an_entry("ta-08")], "operator", schemas=schemas)
    assert import_registry(engine, [an_entry("ta-39")], "operator", schemas=schemas) == 1
    assert import_registry(engine, [an_entry("ta-39")], "operator", complete=True, schemas=schemas) == 2
    [change] = changes_since(engine, 1, schemas)
    assert change.entries == (Entry("agency", "ta-08", None),)
    assert change.totals == {"agency": 1}
    assert import_registry(engine, [an_entry("ta-08")], "operator", schemas=schemas) == 3


def test_a_row_given_twice_is_an_error_and_nothing_is_taken_in(engine: Engine, schemas: Schemas) -> None:
    with pytest.raises(Misconfigured, match="two rows"):
        import_registry(engine, [an_entry("ta-39"), an_entry("ta-39")], "operator", schemas=schemas)
    assert latest_revision(engine, schemas) == 0


def test_the_reference_registry_comes_back_as_it_went_in(engine: Engine, schemas: Schemas) -> None:
    content = load_registry()
    entries = list(entries_of(content.areas, content.agencies, content.offerings))
    import_registry(engine, entries, "hub up", "reference data", schemas=schemas)
    [change] = changes_since(engine, 0, schemas)
    assert {(entry.type, entry.id): entry.body for entry in change.entries} == {(e.type, e.id): e.body for e in entries}
    agencies = [Agency.model_validate(entry.body) for entry in change.entries if entry.type == "agency"]
    assert sorted(agencies, key=lambda agency: agency.id) == sorted(content.agencies, key=lambda agency: agency.id)


def test_imports_at_the_same_time_are_revisions_one_after_the_other(engine: Engine, schemas: Schemas) -> None:
    """A reader that sees revision n sees all before it: no number is committed before a lower one."""
    given: list[int] = []
    seen: list[list[int]] = []
    stop = threading.Event()
    together = threading.Barrier(8)

    def write(number: int) -> None:
        together.wait()
        for round_number in range(5):
            given.append(import_registry(engine, [an_entry(f"a-{number}-{round_number}")], f"writer {number}", schemas=schemas))

    def watch() -> None:
        with schemas.bind(engine).connect() as connection:
            while not stop.is_set():
                seen.append(list(connection.scalars(select(REVISIONS.c.revision).order_by("revision"))))
                connection.rollback()

    watcher = threading.Thread(target=watch)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    watcher.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    watcher.join()
    assert sorted(given) == list(range(1, 41))
    assert all(found == list(range(1, len(found) + 1)) for found in seen)
    with schemas.bind(engine).connect() as connection:
        days = set(connection.scalars(select(AUDIT.c.day)))
        assert len(connection.scalars(select(AUDIT.c.id)).all()) == 40
    assert all(audit.broken_at(engine, schemas, day) is None for day in days)
