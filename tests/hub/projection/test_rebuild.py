"""A view is built anew beside the one that serves, and takes its place at once."""

import threading
import time
from collections.abc import Iterator

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import Engine, delete, text

from connectors.store.names import Schemas
from connectors.store.replacing import Views
from connectors.store.view_tables import NOTICES, OUTBOX
from connectors.store.views import dump_view
from hub.projection.projector import Projector
from hub.projection.rebuild import rebuild
from schemas import topics
from schemas.errors import NotReady
from tests.hub.projection.helping import QUICK, Project, notices, paths, running
from tests.hub.projection.log import Log
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture
def served(log: Log, project: Project, engine: Engine, schemas: Schemas) -> Iterator[Projector]:
    """A running projector with 300 notices in its view."""
    log.say(paths(0, 300))
    projector = project()
    with running(projector):
        until(lambda: notices(engine, schemas) == 300 and projector.lag() == 0)
        yield projector


def test_a_rebuilt_view_says_the_same(log: Log, served: Projector, engine: Engine, schemas: Schemas) -> None:
    before = dump_view(engine, schemas)
    done = rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK)
    assert (done.records, done.carried) == (1800, 0)
    assert dump_view(engine, schemas) == before


def test_the_projector_goes_on_in_the_new_view_while_notices_keep_coming(
    log: Log, served: Projector, engine: Engine, schemas: Schemas
) -> None:
    """Three rebuilds under load; after each the counts only grow, and at the end all is there once."""
    stop, seen = threading.Event(), [0]
    written = [300]

    def write() -> None:
        while not stop.is_set():
            log.say(paths(written[0], written[0] + 20))
            written[0] += 20
            time.sleep(0.2)

    def watch() -> None:
        while not stop.is_set():
            seen.append(notices(engine, schemas))
            time.sleep(0.01)

    threads = [threading.Thread(target=write), threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK)
    stop.set()
    for thread in threads:
        thread.join()
    until(lambda: notices(engine, schemas) == written[0] and served.lag() == 0)
    assert seen[1:] == sorted(seen[1:]), "a reader saw the view go back"
    live = dump_view(engine, schemas)
    rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK)
    assert dump_view(engine, schemas) == live
    assert len(live["stages"]) == 4 * written[0]


def test_what_a_rebuild_heals(log: Log, served: Projector, engine: Engine, schemas: Schemas) -> None:
    with schemas.bind(engine).begin() as connection:
        connection.execute(delete(NOTICES).where(NOTICES.c.id == "R-7"))
    assert notices(engine, schemas) == 299
    rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK)
    assert notices(engine, schemas) == 300


def test_copies_that_the_log_no_longer_holds_are_carried_over(
    log: Log, served: Projector, engine: Engine, schemas: Schemas
) -> None:
    before = dump_view(engine, schemas)
    admin = AdminClient({"bootstrap.servers": log.bootstrap})
    gone = [TopicPartition(log.prefix + topics.outbox("ta-08").name, 0, 120)]
    for deleted in admin.delete_records(gone).values():
        deleted.result()
    done = rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK)
    assert done.carried == 120
    assert dump_view(engine, schemas) == before
    with schemas.bind(engine).begin() as connection:  # what was taken out on purpose stays out
        connection.execute(delete(OUTBOX).where(OUTBOX.c.agency == "ta-08", OUTBOX.c.offset < 50))
    assert rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK).carried == 70


def test_a_view_is_built_where_there_was_none(log: Log, engine: Engine, schemas: Schemas) -> None:
    """It is whole when it begins to serve, also where no older one says how far to read."""
    log.say(paths(0, 300))
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schemas.view} CASCADE"))
    assert rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK).records == 1800
    assert notices(engine, schemas) == 300


def test_a_rebuild_that_is_stopped_leaves_the_view_as_it_was(
    log: Log, served: Projector, engine: Engine, schemas: Schemas
) -> None:
    before = dump_view(engine, schemas)
    stop = threading.Event()
    stop.set()
    with pytest.raises(NotReady):
        rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK, stop)
    assert dump_view(engine, schemas) == before


def test_a_writer_that_does_not_let_go_holds_up_the_swap_and_nothing_else(
    log: Log, served: Projector, engine: Engine, schemas: Schemas
) -> None:
    views = Views(engine, schemas.prefix, wait_seconds=0.3)
    with schemas.bind(engine).begin() as connection:
        connection.execute(text(f"LOCK TABLE {schemas.view}.positions IN ROW EXCLUSIVE MODE"))
        began = time.monotonic()
        with pytest.raises(NotReady), views.halted():
            pass
        assert time.monotonic() - began < 5
        assert notices(engine, schemas) == 300
