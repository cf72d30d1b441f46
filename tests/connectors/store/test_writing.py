"""Rows and positions, all or nothing."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from connectors.store.names import Schemas
from connectors.store.trace_tables import STAGES
from connectors.store.writing import Refused, ViewWriter
from schemas.errors import Misconfigured, NotReady

pytestmark = pytest.mark.database
AT = datetime(2026, 3, 2, tzinfo=UTC)
TOPIC = "employer.events"


def a_stage(number: int, **changes: Any) -> list[tuple[str, dict[str, Any]]]:
    row = {
        "receipt": f"r{number}", "step": 1, "stage": "accepted", "sender": "a", "at": AT, "topic": TOPIC, "epoch": "e",
        "partition": 0, "offset": number, "detail": {},
    }  # fmt: skip
    return [("stages", row | changes)]


@pytest.fixture
def writer(engine: Engine, schemas: Schemas) -> ViewWriter:
    made = ViewWriter(engine, schemas)
    made.enter([(TOPIC, 0, "e", 0, None)])
    assert made.positions() == {(TOPIC, 0): ("e", 0)}
    return made


def receipts(engine: Engine, schemas: Schemas) -> set[str | None]:
    with schemas.bind(engine).connect() as connection:
        return set(connection.scalars(select(STAGES.c.receipt)))


def test_rows_and_positions_are_written_together(writer: ViewWriter, engine: Engine, schemas: Schemas) -> None:
    writer.write([a_stage(0), a_stage(1)], [(TOPIC, 0, "e", 0, 2)])
    assert receipts(engine, schemas) == {"r0", "r1"}
    assert writer.positions() == {(TOPIC, 0): ("e", 2)}


@pytest.mark.parametrize("move", [(TOPIC, 0, "e", 1, 3), (TOPIC, 0, "other", 0, 2), (TOPIC, 7, "e", 0, 2)])
def test_nothing_is_written_from_a_position_that_is_not_there(
    writer: ViewWriter, engine: Engine, schemas: Schemas, move: tuple[str, int, str, int, int]
) -> None:
    with pytest.raises(Misconfigured, match="another projector"):
        writer.write([a_stage(0)], [move])
    assert receipts(engine, schemas) == set()
    assert writer.positions() == {(TOPIC, 0): ("e", 0)}


def test_of_two_writers_at_one_position_one_wins(writer: ViewWriter, engine: Engine, schemas: Schemas) -> None:
    outcomes: list[str] = []
    together = threading.Barrier(4)

    def write(number: int) -> None:
        other = ViewWriter(engine, schemas)
        other.positions()
        together.wait()
        try:
            other.write([a_stage(number)], [(TOPIC, 0, "e", 0, 1)])
            outcomes.append("written")
        except Misconfigured:
            outcomes.append("stopped")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["stopped", "stopped", "stopped", "written"]
    assert len(receipts(engine, schemas)) == 1


def test_refused_records_are_left_out_whole_and_handed_over_before_the_end(
    writer: ViewWriter, engine: Engine, schemas: Schemas
) -> None:
    records = [a_stage(number) for number in range(20)]
    records[3] = a_stage(3, receipt="zero\x00byte")
    records[11] = a_stage(500) + a_stage(11, step=2**40)
    records[19] = a_stage(19, receipt=None, step=None)
    found: list[Refused] = []
    during: list[set[str | None]] = []

    def bury(refused: Any) -> None:
        found.extend(refused)
        during.append(receipts(engine, schemas))

    writer.write(records, [(TOPIC, 0, "e", 0, 20)], bury)
    assert found == [(3, "22P05"), (11, "22003"), (19, "23502")]
    assert during == [set()], "the dead letters stand before the positions move"
    assert receipts(engine, schemas) == {f"r{number}" for number in range(20)} - {"r3", "r11", "r19"}


def test_nothing_is_written_where_the_dead_letters_cannot_be(writer: ViewWriter, engine: Engine, schemas: Schemas) -> None:
    def bury(refused: Any) -> None:
        raise NotReady("the broker is away")

    with pytest.raises(NotReady):
        writer.write([a_stage(0), a_stage(1, step=2**40)], [(TOPIC, 0, "e", 0, 2)], bury)
    assert receipts(engine, schemas) == set()
    assert writer.positions() == {(TOPIC, 0): ("e", 0)}


def test_a_new_epoch_starts_again_only_from_the_position_that_was_seen(writer: ViewWriter) -> None:
    writer.enter([(TOPIC, 0, "e2", 0, ("e", 7))])
    assert writer.positions() == {(TOPIC, 0): ("e", 0)}
    writer.enter([(TOPIC, 0, "e2", 0, ("e", 0))])
    assert writer.positions() == {(TOPIC, 0): ("e2", 0)}


def test_a_connection_that_breaks_is_not_ready_and_the_next_one_works(
    writer: ViewWriter, engine: Engine, schemas: Schemas
) -> None:
    def bury(refused: Any) -> None:
        with engine.connect() as other:
            locks = "pg_locks JOIN pg_class ON pg_class.oid = relation JOIN pg_namespace ON pg_namespace.oid = relnamespace"
            here = "nspname = :view AND pid <> pg_backend_pid()"  # the server is other tests' too
            other.execute(
                text(f"SELECT pg_terminate_backend(pid) FROM (SELECT DISTINCT pid FROM {locks} WHERE {here}) AS writing"),
                {"view": schemas.view},
            )

    with pytest.raises(NotReady):
        writer.write([a_stage(0), a_stage(1, step=2**40)], [(TOPIC, 0, "e", 0, 2)], bury)
    writer.write([a_stage(0)], [(TOPIC, 0, "e", 0, 2)])
    assert receipts(engine, schemas) == {"r0"}


def test_without_its_tables_it_says_what_to_do(engine: Engine) -> None:
    with pytest.raises(Misconfigured, match="migrations"):
        ViewWriter(engine, Schemas("nothing_here_")).positions()


@pytest.mark.parametrize("prefix", ["a-b", "a b", 'a"', "a.b", "x" * 41])
def test_a_prefix_that_would_have_to_be_quoted_is_refused(prefix: str) -> None:
    with pytest.raises(Misconfigured):
        Schemas(prefix)
