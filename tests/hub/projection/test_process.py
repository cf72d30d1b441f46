"""The projector as a process: SIGTERM ends it well, and what it says of itself meanwhile."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from connectors.store.names import Schemas
from connectors.store.view_tables import POSITIONS
from hub.stopping import told_to_stop
from schemas import topics
from tests.hub.projection import said
from tests.hub.projection.helping import Project, notices, paths, running, scalars
from tests.hub.projection.log import Log
from tests.waiting import until

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from connectors.store.names import Schemas, connect
from connectors.store.writing import ViewWriter
from hub.projection.process import run_until_signal
from hub.projection.projector import Projector

bootstrap, url, topics, schemas = sys.argv[1:]
run_until_signal(Projector(bootstrap, ViewWriter(connect(url), Schemas(schemas)), topics))
print("closed")
"""


@pytest.mark.broker
@pytest.mark.database
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well(log: Log, engine: Engine, schemas: Schemas, database_url: str, number: int) -> None:
    log.say(paths(0, 20))
    arguments = (log.bootstrap, database_url, log.prefix, schemas.prefix)
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        until(lambda: notices(engine, schemas) == 20)
        process.send_signal(number)
        told, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, told.splitlines()[-1]) == (0, "closed")
    read = scalars(engine, schemas, select(POSITIONS.c.next_offset).where(POSITIONS.c.topic == topics.EVENTS.name))
    assert sum(read) == 20


@pytest.mark.broker
@pytest.mark.database
def test_how_far_it_is_behind_can_be_asked_from_elsewhere(log: Log, project: Project) -> None:
    log.say([said.submitted(said.notice(number)) for number in range(5)])
    projector = project()
    until(lambda: {topic: count for topic, count in projector.behind().items() if count} == {topics.RECEIVED.name: 5})
    with running(projector):
        until(lambda: not sum(projector.behind().values()))
    assert projector.taken == 5


def test_signals_mean_what_they_meant_before_when_it_is_over() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with told_to_stop() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5)
    assert signal.getsignal(signal.SIGTERM) is before
