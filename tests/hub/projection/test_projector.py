"""The loop on a real broker and a real database."""

import threading

import pytest
from confluent_kafka import Producer
from sqlalchemy import Engine, select

from connectors.store.names import Schemas
from connectors.store.trace_tables import STAGES
from connectors.store.view_tables import NOTICES, OUTBOX
from connectors.store.views import dump_view
from hub.projection.sources import Lag, Sources
from schemas import topics
from schemas.errors import Misconfigured
from tests.hub.projection import said
from tests.hub.projection.helping import Project, caught_up, read_all, scalars
from tests.hub.projection.log import Log

pytestmark = [pytest.mark.broker, pytest.mark.database]


def test_a_notice_is_in_the_view_from_the_door_to_the_outboxes(
    log: Log, project: Project, engine: Engine, schemas: Schemas, bootstrap: str, prefix: str
) -> None:
    log.say(said.path(said.notice()))
    projector = caught_up(project())
    counts = {name: len(rows) for name, rows in dump_view(engine, schemas).items()}
    assert counts == {
        "notices": 1, "stages": 4, "recipients": 2, "targets": 2, "offerings": 2, "outbox": 2,
        "alerts": 0, "refused": 0, "acknowledgements": 0,
    }  # fmt: skip
    lag = Lag(Sources(bootstrap, prefix))
    positions: dict[tuple[str, int], tuple[str, int]] = {tuple(place): tuple(at) for place, at in projector.positions.items()}
    assert set(lag(positions).values()) == {0}
    log.say([said.submitted(said.notice(2)), said.submitted(said.notice(3))])
    assert {topic: behind for topic, behind in lag(positions).items() if behind} == {topics.RECEIVED.name: 2}


def test_what_was_written_twice_is_there_once_and_the_first_stays(
    log: Log, project: Project, engine: Engine, schemas: Schemas
) -> None:
    log.say(said.path(said.notice()) * 2)
    step = said.accepted(said.notice(employer={"name": "Toinen Oy"}))
    log.say([said.history(step), said.copy(step, "ta-08")])
    caught_up(project())
    assert scalars(engine, schemas, select(NOTICES.c.event["notice"]["employer"]["name"].astext)) == ["Hitsaamo Oy"]
    names = scalars(engine, schemas, select(OUTBOX.c.body["notice"]["employer"]["name"].astext))
    assert names == ["Hitsaamo Oy"] * 2
    stages = scalars(engine, schemas, select(STAGES.c.stage).order_by("stage"))
    assert stages == ["accepted", "enriched", "received", "received", "routed"]


def test_a_new_process_goes_on_where_the_last_one_was(log: Log, project: Project, engine: Engine, schemas: Schemas) -> None:
    log.say(said.path(said.notice(1)))
    first = project()
    first.resume_patiently(threading.Event())
    read_all(first)
    log.say(said.path(said.notice(2)))
    second = project()
    second.resume()
    assert second.positions == first.positions
    read_all(second)
    assert len(scalars(engine, schemas, select(NOTICES.c.receipt))) == 2


def test_a_projector_that_was_overtaken_stops_and_writes_nothing(
    log: Log, project: Project, engine: Engine, schemas: Schemas
) -> None:
    stopped, successor = project(), project()
    stopped.resume_patiently(threading.Event())
    successor.resume_patiently(threading.Event())
    log.say(said.path(said.notice(1)))
    read_all(successor)
    before = dump_view(engine, schemas)
    with pytest.raises(Misconfigured, match="another projector"):
        read_all(stopped)
    assert dump_view(engine, schemas) == before


def test_transactions_that_were_aborted_are_not_seen_and_their_markers_are_passed(
    log: Log, project: Project, engine: Engine, schemas: Schemas
) -> None:
    producer = Producer({"bootstrap.servers": log.bootstrap, "transactional.id": f"{log.prefix}test"})
    producer.init_transactions(30)
    for number, end in ((1, producer.abort_transaction), (2, producer.commit_transaction)):
        producer.begin_transaction()
        message = said.history(said.accepted(said.notice(number)))
        producer.produce(log.prefix + message.topic, message.value, message.key, headers=list(message.headers))
        producer.flush(30)  # else an abort would throw the record away before it was written
        end(30)
    projector = caught_up(project())
    assert scalars(engine, schemas, select(NOTICES.c.id)) == ["R-2"]
    assert projector.lag() == 0
