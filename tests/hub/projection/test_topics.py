"""Topics that come, go and come back while the projector runs."""

import logging
import math
import time

import pytest
from sqlalchemy import Engine, func, select

from connectors.outbound.topics import apply_topics
from connectors.store.names import Schemas
from connectors.store.replacing import Views
from connectors.store.view_tables import OUTBOX, POSITIONS
from connectors.store.views import dump_view
from hub.projection.reader import Batch, Reader
from hub.projection.rebuild import rebuild
from hub.projection.record import Place
from schemas import topics
from schemas.errors import NotReady
from tests.hub.projection import said
from tests.hub.projection.helping import QUICK, Project, caught_up, notices, paths, running, scalars
from tests.hub.projection.log import Log
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
WENT = topics.outbox("ta-08")


def test_a_new_agency_s_outbox_is_picked_up_while_running(log: Log, project: Project, engine: Engine, schemas: Schemas) -> None:
    projector = project()
    with running(projector):
        until(lambda: bool(projector.positions))
        apply_topics(log.bootstrap, [topics.outbox("takk")], log.prefix)
        log.say([said.copy(said.accepted(said.notice()), "takk")])
        until(lambda: scalars(engine, schemas, select(OUTBOX.c.agency)) == ["takk"])
    assert Place(topics.outbox("takk").name, 0) in projector.positions


def test_what_was_read_of_a_topic_that_is_made_anew_before_it_is_written_is_thrown_away(
    log: Log, project: Project, engine: Engine, schemas: Schemas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its offsets would be taken for those of the new topic."""
    projector = caught_up(project())
    log.say([said.copy(said.accepted(said.notice()), "ta-08")])
    monkeypatch.setattr(projector, "_next_look", math.inf)  # nor does the look for new topics tell of it in time
    batch = _something(projector._reader)
    monkeypatch.setattr(projector._reader, "read", lambda *_: batch)
    log.remove(WENT)
    log.make("ta-08")
    with pytest.raises(NotReady, match="made anew"):
        projector.step()
    assert scalars(engine, schemas, select(OUTBOX.c.event_id)) == []


def _something(reader: Reader) -> Batch:
    found = reader.read(10, 1.0)
    return found if found.records else _something(reader)


def test_a_topic_that_was_made_anew_is_read_from_its_start_under_its_new_epoch(
    log: Log, project: Project, engine: Engine, schemas: Schemas, caplog: pytest.LogCaptureFixture
) -> None:
    log.say([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(5)])
    projector = project()
    with running(projector):
        until(lambda: len(scalars(engine, schemas, select(OUTBOX.c.event_id))) == 5)
        log.remove(WENT)
        time.sleep(0.2)
        log.make("ta-08")
        # More than before, so that the old position would fit into the new topic.
        log.say([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(3, 13)])
        until(lambda: len(scalars(engine, schemas, select(OUTBOX.c.epoch).distinct())) == 2)
        until(lambda: projector.positions[Place(WENT.name, 0)].next_offset == 10)
    by_epoch = select(func.count()).select_from(OUTBOX).group_by(OUTBOX.c.epoch)
    assert sorted(scalars(engine, schemas, by_epoch)) == [5, 10]
    assert "was deleted and made anew" in caplog.text
    assert scalars(engine, schemas, select(POSITIONS.c.next_offset).where(POSITIONS.c.topic == WENT.name)) == [10]


def test_a_topic_made_anew_while_no_projector_ran_is_noticed_at_the_start(
    log: Log, project: Project, engine: Engine, schemas: Schemas, caplog: pytest.LogCaptureFixture
) -> None:
    log.say([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(5)])
    caught_up(project()).close()
    log.remove(WENT)
    log.make("ta-08")
    log.say([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(10, 17)])
    caught_up(project())
    assert len(scalars(engine, schemas, select(OUTBOX.c.event_id))) == 12
    assert "was deleted and made anew" in caplog.text


def test_a_topic_that_vanished_costs_the_others_nothing(
    log: Log, project: Project, engine: Engine, schemas: Schemas, caplog: pytest.LogCaptureFixture
) -> None:
    log.say(paths(0, 20))
    projector = project()
    with running(projector), caplog.at_level(logging.WARNING):
        until(lambda: notices(engine, schemas) == 20 and projector.lag() == 0)
        log.remove(WENT)
        for first in range(20, 50, 10):
            log.say([message for message in paths(first, first + 10) if message.topic != WENT.name])
            until(lambda end=first + 10: notices(engine, schemas) == end, 5)  # type: ignore[misc]
            time.sleep(0.3)
        until(lambda: not sum(projector.behind().values()))
        assert WENT.name not in projector.behind()
        begun_again = sum("begins again" in record.message for record in caplog.records)
    assert begun_again <= 3, "it does not try for ever to read what is gone"
    by_agency = select(func.count()).select_from(OUTBOX).group_by(OUTBOX.c.agency).order_by(OUTBOX.c.agency)
    assert scalars(engine, schemas, by_agency) == [20, 50]
    before = dump_view(engine, schemas)
    assert rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK).carried == 20
    assert dump_view(engine, schemas) == before
