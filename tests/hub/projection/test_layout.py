"""A view that another version of the hub laid out: the projector builds it anew by itself, and readers go on meanwhile."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import Column, Engine, Integer, MetaData, Text, select, text

from connectors.store import views
from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas
from connectors.store.reading import PostgresReading
from connectors.store.replacing import Views
from connectors.store.view_tables import NOTICES, OUTBOX, VIEW
from connectors.store.views import dump_view, is_current
from hub.projection.rebuild import renew
from schemas import topics
from schemas.errors import Misconfigured
from tests.hub.projection.helping import QUICK, Project, caught_up, notices, paths, scalars
from tests.hub.projection.log import Log
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]


def made_older(engine: Engine, schemas: Schemas, *changes: str) -> None:
    """The view as a version of the hub made it that did not know these things."""
    with engine.begin() as connection:
        for change in (*changes, f"COMMENT ON SCHEMA {schemas.view} IS 'older'"):
            connection.execute(text(change.format(view=schemas.view)))


@pytest.fixture
def filled(log: Log, project: Project) -> None:
    log.say(paths(0, 300))
    caught_up(project()).close()


@contextmanager
def reading(ask: Callable[[], int]) -> Iterator[list[int]]:
    """Asks all the time while the context lasts; what was answered, -1 for an error."""
    stop, answers = threading.Event(), list[int]()

    def run() -> None:
        while not stop.is_set():
            try:
                answers.append(ask())
            except Exception:  # whatever a reader was answered: it is no answer
                answers.append(-1)
            time.sleep(0.01)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def schemas(database_url: str, prefix: str) -> Iterator[Schemas]:
    """Named as the projector's own process will name them."""
    names = Schemas(prefix.replace(".", "_"))
    migrate(database_url, names.prefix)
    yield names
    drop_everything(database_url, names.prefix)


@contextmanager
def hub_project(log: Log, database_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The projector's own process."""
    env = {
        **os.environ,
        "HUB_FOLDER": str(folder),
        "HUB_KAFKA__BOOTSTRAP": log.bootstrap,
        "HUB_KAFKA__TOPIC_PREFIX": log.prefix,
        "HUB_DATABASE__URL": database_url,
    }
    process = subprocess.Popen([sys.executable, "-m", "hub", "project"], env=env, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_a_view_without_a_column_is_built_anew_while_it_is_read(
    log: Log, filled: None, engine: Engine, schemas: Schemas, database_url: str, tmp_path: Path
) -> None:
    before = dump_view(engine, schemas)
    made_older(engine, schemas, "ALTER TABLE {view}.notices DROP COLUMN historic")
    api = PostgresReading(engine, b"a secret of the tests", schemas)
    with reading(lambda: len(api.outbox("ta-39", None, 200).items)) as answers, hub_project(log, database_url, tmp_path):
        until(lambda: is_current(engine, schemas))
        log.say(paths(300, 310))
        until(lambda: notices(engine, schemas) == 310)
    assert set(answers) == {200}, "a reader was refused, or saw less"
    assert set(scalars(engine, schemas, select(NOTICES.c.historic))) == {False}
    after = dump_view(engine, schemas)
    assert all(set(before[table]) <= set(after[table]) for table in before)


def test_a_view_of_this_version_is_left_as_it_is(log: Log, filled: None, engine: Engine, schemas: Schemas) -> None:
    made = scalars(engine, schemas, text(f"SELECT '{schemas.view}.positions'::regclass::oid::bigint"))
    renew(log.bootstrap, Views(engine, schemas.prefix), log.prefix, threading.Event(), QUICK)
    assert scalars(engine, schemas, text(f"SELECT '{schemas.view}.positions'::regclass::oid::bigint")) == made


def forget_first_copies(log: Log, count: int) -> None:
    """The log holds the first copies for ta-08 no longer."""
    gone = [TopicPartition(log.prefix + topics.outbox("ta-08").name, 0, count)]
    admin = AdminClient({"bootstrap.servers": log.bootstrap})
    for deleted in admin.delete_records(gone).values():
        deleted.result(20)


def test_copies_that_the_log_no_longer_holds_come_along_without_the_new_column(
    log: Log, filled: None, engine: Engine, schemas: Schemas
) -> None:
    made_older(engine, schemas, "ALTER TABLE {view}.outbox DROP COLUMN kind")
    forget_first_copies(log, 120)
    renew(log.bootstrap, Views(engine, schemas.prefix), log.prefix, threading.Event(), QUICK)
    assert is_current(engine, schemas)
    kinds = scalars(engine, schemas, select(OUTBOX.c.kind).where(OUTBOX.c.agency == "ta-08").order_by(OUTBOX.c.offset))
    assert kinds == [None] * 120 + ["recruitment"] * 180


def test_a_column_that_they_cannot_do_without_stops_the_projector_and_costs_no_row(
    log: Log, filled: None, engine: Engine, schemas: Schemas
) -> None:
    made_older(engine, schemas, "ALTER TABLE {view}.outbox DROP COLUMN rank")
    forget_first_copies(log, 120)
    with pytest.raises(Misconfigured, match=r"outbox.*\(rank\)"):
        renew(log.bootstrap, Views(engine, schemas.prefix), log.prefix, threading.Event(), QUICK)
    assert not is_current(engine, schemas)
    counted = text(f"SELECT count(*) FROM {schemas.view}.outbox WHERE agency = 'ta-08'")
    assert scalars(engine, schemas, counted) == [300]


def test_a_projector_that_finds_the_view_of_another_version_stops_and_writes_nothing(
    log: Log, project: Project, engine: Engine, schemas: Schemas
) -> None:
    """As an older one does when a newer one has put its view in the place of theirs."""
    log.say(paths(0, 20))
    projector = caught_up(project())
    made_older(engine, schemas)
    log.say(paths(20, 40))
    with pytest.raises(Misconfigured, match="another version"):
        projector.resume_patiently(threading.Event())
    assert notices(engine, schemas) == 20


@pytest.mark.parametrize("change", ["column", "index", "type"])
def test_whatever_is_changed_in_a_table_is_seen(
    change: str, engine: Engine, schemas: Schemas, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_current(engine, schemas)

    changed = MetaData()
    for table in VIEW.sorted_tables:
        copy = table.to_metadata(changed)
        if table is NOTICES and change == "column":
            copy.append_column(Column("municipality", Text))
        if table is NOTICES and change == "index":
            next(index for index in copy.indexes if index.name == "notices_of_employer").unique = True
        if table is NOTICES and change == "type":
            copy.c.kind.type = Integer()
    monkeypatch.setattr(views, "VIEW", changed)
    assert not is_current(engine, schemas)
