"""Database and broker are killed while the projector works: nothing is lost, nothing is there twice."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connectors.store.migrate import migrate
from connectors.store.names import Schemas, connect
from connectors.store.writing import ViewWriter
from hub.local import embedded
from hub.local.kafka import ANY_PORTS
from hub.local.supervisor import Supervisor
from hub.projection.projector import Pace, Projector
from schemas import topics
from tests.hub.projection import said
from tests.hub.projection.helping import counted, paths, running
from tests.hub.projection.log import AGENCIES, Log
from tests.waiting import until

SMALL = Pace(batch=100, linger=0.05, look_around=0.3)


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    folder = Path(tempfile.mkdtemp(prefix="hub-outage-"))
    folder.chmod(0o711)
    with Supervisor(folder, say=lambda line: None) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_engine(supervisor: Supervisor) -> Iterator[Engine]:
    """Of a PostgreSQL that the test may kill."""
    url = embedded.start_postgres(supervisor, supervisor.folder, usual_port=0).url
    migrate(url)
    made = connect(url)
    yield made
    made.dispose()


@pytest.fixture
def own_log(supervisor: Supervisor, prefix: str) -> Log:
    """On a broker that the test may kill."""
    kafka = embedded.start_kafka(supervisor, supervisor.folder, usual_ports=ANY_PORTS)
    made = Log(kafka.bootstrap, prefix)
    made.make(*AGENCIES)
    return made


@pytest.mark.broker
@pytest.mark.soak
def test_the_database_is_killed_again_and_again(supervisor: Supervisor, own_engine: Engine, log: Log) -> None:
    projector = Projector(log.bootstrap, ViewWriter(own_engine, Schemas()), log.prefix, SMALL)
    with running(projector):
        for first in (0, 500):
            log.say(paths(first, first + 500))
            before = counted(own_engine, Schemas())
            until(lambda at=before: counted(own_engine, Schemas()) > at)  # type: ignore[misc]
            killed = supervisor.kill("postgres")
            assert projector.taken < 6 * (first + 500), "it was killed too late to tell anything"
            supervisor.wait_ready("postgres", 30, other_than=killed)
        until(lambda: counted(own_engine, Schemas()) == (1000, 2000, 4000))
        time.sleep(0.3)
    assert counted(own_engine, Schemas()) == (1000, 2000, 4000)
    assert projector.buried == 0


@pytest.mark.broker
@pytest.mark.soak
def test_it_can_be_stopped_while_the_database_is_away(supervisor: Supervisor, own_engine: Engine, log: Log) -> None:
    stop = threading.Event()
    projector = Projector(log.bootstrap, ViewWriter(own_engine, Schemas()), log.prefix, SMALL)
    thread = threading.Thread(target=projector.run, args=(stop,))
    supervisor.stop()
    thread.start()
    time.sleep(1.0)
    assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.database
@pytest.mark.soak
def test_the_broker_is_killed_and_then_a_topic_is_made_anew(
    supervisor: Supervisor, engine: Engine, schemas: Schemas, own_log: Log
) -> None:
    """The new topic's leader has a lower epoch than the old one had: a client that knew the old one reads nothing of it."""
    own_log.say(paths(0, 300))
    projector = Projector(own_log.bootstrap, ViewWriter(engine, schemas), own_log.prefix, SMALL)
    with running(projector):
        until(lambda: counted(engine, schemas)[0] > 0)
        killed = supervisor.kill("kafka")
        supervisor.wait_ready("kafka", 60, other_than=killed)
        own_log.say(paths(300, 400))
        until(lambda: counted(engine, schemas) == (400, 800, 1600))
        own_log.remove(topics.outbox("ta-08"))
        own_log.make("ta-08")
        own_log.say([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(7)])
        until(lambda: counted(engine, schemas) == (400, 807, 1600))
    assert projector.buried == 0
