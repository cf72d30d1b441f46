"""What was erased stays away when the view is built anew, also when the rebuild began before; what was not is the same."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import Engine

from connectors.store.names import Schemas
from connectors.store.purging import Purge
from connectors.store.replacing import Views
from connectors.store.views import dump_view
from hub.projection.projector import Pace, Projector
from hub.projection.rebuild import rebuild
from schemas import topics
from tests.hub.projection import said
from tests.hub.projection.helping import QUICK, Project, notices, running
from tests.hub.projection.log import Log
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
WHOLE, CLOSED = 300, 100
"""So many notices, and how many of them are restricted; beside them so many refusals."""


HALF = Pace(batch=500, linger=2.0)
"""Long enough for a first batch, which is not yet the whole log."""


class Meanwhile(Views):
    """Something else is done when the draft is half read."""

    def __init__(self, engine: Engine, prefix: str, work: Callable[[], object]) -> None:
        super().__init__(engine, prefix)
        self._work = work

    def settle(self) -> None:
        super().settle()
        self._work()


@pytest.fixture
def served(log: Log, project: Project, engine: Engine, schemas: Schemas) -> Iterator[Projector]:
    """A running projector with all of them in its view."""
    for number in range(WHOLE):
        access = {"access": {"level": "restricted"}} if number < CLOSED else {}
        log.say(said.path(said.notice(number, **access)))
    log.say([said.refused(said.notice(900 + number), offset=number, received_at=now()) for number in range(CLOSED)])
    projector = project()
    with running(projector):
        until(lambda: notices(engine, schemas) == WHOLE and projector.lag() == 0)
        yield projector


@pytest.fixture
def purge(engine: Engine, schemas: Schemas) -> Purge:
    return Purge(engine, schemas.prefix, batch=30)


def now() -> datetime:
    return datetime.now(UTC)


def in_days(days: int) -> date:
    return now().date() + timedelta(days=days)


def some_receipts() -> list[str]:
    return [said.receipt(number) for number in range(CLOSED, WHOLE, 7)]


def test_a_rebuilt_view_says_the_same_as_the_one_that_was_purged(
    log: Log, served: Projector, purge: Purge, engine: Engine, schemas: Schemas
) -> None:
    """Bodies first; then, later, restricted notices and refusals; and some notices by hand."""
    for days, wanted in (
        (40, {"refused-body": CLOSED}),
        (181, {"notice-restricted": CLOSED, "refused": CLOSED, "arrival": WHOLE}),
    ):
        assert purge.run(in_days(days), "test") == wanted
        before = dump_view(engine, schemas)
        rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK)
        assert dump_view(engine, schemas) == before
        assert purge.left(in_days(days)).total == 0
    for receipt in some_receipts():
        purge.notice(receipt, "test")
    before = dump_view(engine, schemas)
    assert len(before["notices"]) == WHOLE - CLOSED - len(some_receipts())
    rebuild(log.bootstrap, Views(engine, schemas.prefix), log.prefix, QUICK)
    assert dump_view(engine, schemas) == before


def test_what_is_erased_during_a_rebuild_is_in_neither_view(
    log: Log, served: Projector, purge: Purge, engine: Engine, schemas: Schemas
) -> None:
    """The draft holds part of it, the rest is read after the purge; copies that the log no longer holds are carried over."""
    gone = [TopicPartition(log.prefix + topics.outbox("ta-08").name, 0, 150)]
    admin = AdminClient({"bootstrap.servers": log.bootstrap})  # has to live as long as its answers are waited for
    for deleted in admin.delete_records(gone).values():
        deleted.result(20)
    draft, served_then = Schemas(schemas.prefix, "_new"), list[dict[str, list[str]]]()

    def erase() -> None:
        assert any(dump_view(engine, draft).values()), "the rebuild has begun"
        purge.run(in_days(181), "test")
        for receipt in some_receipts():
            purge.notice(receipt, "test")
        served_then.append(dump_view(engine, schemas))

    rebuild(log.bootstrap, Meanwhile(engine, schemas.prefix, erase), log.prefix, HALF)
    assert dump_view(engine, schemas) == served_then[0]
    assert len(served_then[0]["notices"]) == WHOLE - CLOSED - len(some_receipts())
    assert purge.left(in_days(181)).total == 0


def test_the_projector_passes_over_what_still_comes_of_an_erased_notice(
    log: Log, served: Projector, purge: Purge, engine: Engine, schemas: Schemas
) -> None:
    purge.notice(said.receipt(CLOSED), "test")
    log.say(said.path(said.notice(CLOSED, text="anew"), step=2) + said.path(said.notice(WHOLE)))
    until(lambda: notices(engine, schemas) == WHOLE and served.lag() == 0)
    assert said.receipt(CLOSED) not in str(dump_view(engine, schemas))
    assert served.buried == 0
