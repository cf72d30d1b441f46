"""Replays as agencies ask for them and as the dispatcher does them: the same over PostgreSQL and in memory."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from connectors.memory.endpoints import MemoryEndpoints
from connectors.memory.replays import MemoryReplays
from connectors.store.deliveries import PostgresDeliveries
from connectors.store.endpoint_tables import ATTEMPTS, DELIVERIES
from connectors.store.endpoints import PostgresEndpoints
from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.purging import Purge
from connectors.store.replaying import PostgresReplaying
from connectors.store.replays import PostgresReplays
from connectors.store.tables import AUDIT
from hub.core.answers import answer_to
from hub.core.delivering import Waiting
from hub.ports import Attempt, Deliveries, Endpoints, Taken
from hub.replays import Progress, Replay, Replaying, Replays, Wanted
from schemas.errors import Conflict, Unknown
from tests.builders import AT
from tests.connectors.store.filling import Filler
from tests.embedded import Services
from tests.hub.dispatch.boxes import a_copy, an_alert

pytestmark = pytest.mark.database
SECRET = b"a secret of the tests"
AGENCY, OTHER, SET_BACK = "ta-39", "evk-03", "ta-08"
HOLDER = "a process"
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
_urls = itertools.count(1)


@dataclass
class Store:
    """All sides of one store, whose outboxes hold the steps 1 and 2 of r1, step 1 of r2, and an alert of r1."""

    endpoints: Endpoints
    deliveries: Deliveries
    replays: Replays
    replaying: Replaying

    def add(self) -> str:
        name = self.endpoints.add(AGENCY, f"https://agency.example/{next(_urls)}", "structured")[0].id
        self.deliveries.claim()
        return name

    def ask(self, endpoint: str, wanted: Wanted | None = None, per_second: int = 10) -> str:
        return self.replays.ask(AGENCY, endpoint, wanted or Wanted(since=LONG_AGO), per_second, "key").id

    def turn(self, endpoint: str) -> Replay:
        (found,) = (one for one in self.replaying.open() if one.endpoint == endpoint)
        return found


COPIES = [a_copy("r1"), a_copy("r2"), a_copy("r1", 2), an_alert("r1")]


@pytest.fixture(scope="module")
def postgres(servers: Services) -> Iterator[tuple[Engine, Schemas]]:
    """One set of schemas for the whole file."""
    engine, schemas = connect(servers.url, size=10), Schemas(f"replays{os.getpid()}_")
    migrate(servers.url, schemas.prefix)
    Filler(engine, schemas)(COPIES)
    yield engine, schemas
    drop_everything(servers.url, schemas.prefix)
    engine.dispose()


@pytest.fixture(params=["postgres", "memory"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "postgres":
        engine, schemas = request.getfixturevalue("postgres")
        deliveries = PostgresDeliveries(engine, SECRET, HOLDER, schemas)
        endpoints = PostgresEndpoints(engine, SECRET, SECRET, schemas, most=1_000)
        return Store(endpoints, deliveries, PostgresReplays(engine, schemas), PostgresReplaying(engine, HOLDER, schemas))
    memory = MemoryEndpoints(lambda: datetime.now(UTC), 1_000)
    replays = MemoryReplays(memory, lambda: datetime.now(UTC))
    for offset, copy in enumerate(COPIES):
        name = dict(copy.headers)["ce_id"].decode()
        replays.stands[AGENCY, name] = "e1", offset, AT + timedelta(milliseconds=offset)
    replays.newest = {(AGENCY, "notice", "r1"): 2, (AGENCY, "notice", "r2"): 1, (AGENCY, "alert", "r1"): 1}
    return Store(memory, memory, replays, replays)


def event(receipt: str = "r1", step: int = 1, **more: Any) -> Waiting:
    return replace(Waiting(f"{receipt}.{step}.{AGENCY}", 0, "notice", "fi:0112038-9", receipt, step, NOW), **more)


def attempt(status: int = 204) -> Attempt:
    return Attempt(NOW, 12, answer_to(status, None, NOW))


# What its agency does


def test_a_new_replay_waits_and_says_what_was_asked_for(store: Store) -> None:
    endpoint = store.add()
    info = store.replays.ask(AGENCY, endpoint, Wanted(since=LONG_AGO), 7, "key")
    assert (info.state, info.endpoint, info.per_second, info.wanted) == ("waiting", endpoint, 7, Wanted(since=LONG_AGO))
    assert (info.begun, info.ended, info.counts, info.read, info.total, info.lost) == (None, None, {}, 0, None, None)
    assert store.replays.get(AGENCY, endpoint, info.id) == info
    later = store.replays.ask(AGENCY, endpoint, Wanted(event=f"r2.1.{AGENCY}", alone=True), 7, "key")
    assert store.replays.of(AGENCY, endpoint) == [later, info]


def test_an_event_that_is_not_in_the_outbox_is_unknown(store: Store) -> None:
    endpoint = store.add()
    for name in (f"r9.1.{AGENCY}", f"r1.1.{OTHER}", ""):
        with pytest.raises(Unknown, match="no event of this id"):
            store.ask(endpoint, Wanted(event=name))


def test_another_agency_has_none_of_it(store: Store) -> None:
    endpoint = store.add()
    name = store.ask(endpoint)
    with pytest.raises(Unknown):
        store.replays.ask(OTHER, endpoint, Wanted(since=LONG_AGO), 1, "key")
    with pytest.raises(Unknown):
        store.replays.of(OTHER, endpoint)
    with pytest.raises(Unknown):
        store.replays.get(OTHER, endpoint, name)
    with pytest.raises(Unknown):
        store.replays.cancel(OTHER, endpoint, name, "key")
    other = store.add()
    with pytest.raises(Unknown):
        store.replays.get(AGENCY, other, name)
    assert store.replays.get(AGENCY, endpoint, name).state == "waiting"


def test_too_many_at_once_are_a_conflict_until_one_is_canceled(store: Store) -> None:
    endpoint = store.add()
    names = [store.ask(endpoint) for _ in range(20)]
    with pytest.raises(Conflict, match="20 replays"):
        store.ask(endpoint)
    assert store.replays.cancel(AGENCY, endpoint, names[0], "key").state == "canceled"
    store.ask(endpoint)


def test_canceled_it_stays_so(store: Store) -> None:
    endpoint = store.add()
    name = store.ask(endpoint)
    info = store.replays.cancel(AGENCY, endpoint, name, "key")
    assert (info.state, info.why) == ("canceled", "asked")
    assert info.ended is not None
    assert store.replays.cancel(AGENCY, endpoint, name, "key") == info
    assert [one.id for one in store.replaying.open() if one.endpoint == endpoint] == []


def test_with_a_closed_endpoint_its_replays_are_over_and_none_can_be_asked_for(store: Store) -> None:
    endpoint = store.add()
    name = store.ask(endpoint)
    store.endpoints.close(AGENCY, endpoint)
    info = store.replays.get(AGENCY, endpoint, name)
    assert (info.state, info.why) == ("canceled", "closed")
    assert [one.id for one in store.replaying.open() if one.endpoint == endpoint] == []
    with pytest.raises(Unknown):
        store.ask(endpoint)


# What the dispatcher does


def test_they_take_turns_in_the_order_in_which_they_were_asked_for(store: Store) -> None:
    endpoint = store.add()
    first, second = store.ask(endpoint), store.ask(endpoint, Wanted(event=f"r2.1.{AGENCY}", alone=True), 3)
    turn = store.turn(endpoint)
    assert (turn.id, turn.agency, turn.since, turn.start, turn.epoch) == (first, AGENCY, LONG_AGO, None, None)
    assert store.replaying.note(Progress(replace(turn, epoch="e1"), state="done"))
    turn = store.turn(endpoint)
    assert (turn.id, turn.per_second, turn.alone, turn.start) == (second, 3, True, ("e1", 1))
    assert abs(turn.since - AT) < timedelta(seconds=1)


def test_how_far_it_is_stands_for_whoever_goes_on(store: Store) -> None:
    endpoint = store.add()
    name = store.ask(endpoint)
    begun = replace(store.turn(endpoint), epoch="e1", next=1, end=4)
    assert store.replaying.begin(begun, 0)
    assert store.turn(endpoint) == begun
    moved = replace(begun, next=3, attempts=2, left=1)
    assert store.replaying.note(Progress(moved, {"told": 1, "overtaken": 1}, (("r1.1", attempt()),), ("r1.1",)))
    assert store.replaying.note(Progress(moved, {"told": 1}))
    assert store.turn(endpoint) == moved
    info = store.replays.get(AGENCY, endpoint, name)
    assert (info.state, info.counts, info.read, info.total) == ("running", {"told": 2, "overtaken": 1}, 2, 3)
    assert [item["event_id"] for item in store.endpoints.attempts(AGENCY, endpoint, None, 9).items] == ["r1.1"]
    assert store.replaying.note(Progress(replace(moved, next=4), state="failed", why="http-500"))
    info = store.replays.get(AGENCY, endpoint, name)
    assert (info.state, info.why, info.read) == ("failed", "http-500", 3)


def test_what_was_done_counts_also_where_it_was_canceled_meanwhile(store: Store) -> None:
    endpoint = store.add()
    name = store.ask(endpoint)
    begun = replace(store.turn(endpoint), epoch="e1", next=0, end=4)
    store.replaying.begin(begun, 0)
    store.replays.cancel(AGENCY, endpoint, name, "key")
    assert not store.replaying.note(Progress(replace(begun, next=2), {"told": 2}, state="done"))
    info = store.replays.get(AGENCY, endpoint, name)
    assert (info.state, info.counts, info.read) == ("canceled", {"told": 2}, 2)
    assert not store.replaying.begin(begun, 0)


def test_what_is_known_of_events(store: Store) -> None:
    endpoint = store.add()
    store.ask(endpoint)
    turn = store.turn(endpoint)
    waits = event("r3", 1, event_id="r3.1", place=7)
    store.deliveries.take([Taken(endpoint, "e1", 8, (waits,))])
    alert = event("r1", 1, event_id="r1.1.alert", lane="alert")
    answer = event("r1", 0, event_id="a1", lane="answer")
    known = store.replaying.known(turn, [event("r1"), event("r2"), waits, alert, answer])
    assert {name: (one.newest, one.waits, one.went, one.erased) for name, one in known.items()} == {
        f"r1.1.{AGENCY}": (2, False, False, False),
        f"r2.1.{AGENCY}": (1, False, False, False),
        "r3.1": (1, True, True, False),
        "r1.1.alert": (1, False, False, False),
        "a1": (0, False, False, False),
    }


# PostgreSQL alone


@pytest.fixture
def whole(postgres: tuple[Engine, Schemas]) -> Store:
    engine, schemas = postgres
    deliveries = PostgresDeliveries(engine, SECRET, HOLDER, schemas)
    endpoints = PostgresEndpoints(engine, SECRET, SECRET, schemas, most=1_000)
    return Store(endpoints, deliveries, PostgresReplays(engine, schemas), PostgresReplaying(engine, HOLDER, schemas))


def test_what_no_outbox_holds_any_more_is_counted_and_dated(whole: Store) -> None:
    endpoint = whole.add()
    name = whole.ask(endpoint, Wanted(since=AT))
    turn = whole.turn(endpoint)
    whole.replaying.begin(replace(turn, epoch="e1", next=2, end=4), 2)
    lost = whole.replays.get(AGENCY, endpoint, name).lost
    assert lost is not None
    assert (lost.count, lost.first, lost.last) == (2, AT, AT + timedelta(milliseconds=1))
    whole.replaying.begin(replace(turn, epoch="e2", next=0, end=9), 0)
    lost = whole.replays.get(AGENCY, endpoint, name).lost
    assert lost is not None
    assert lost.count == 4, "none of them was written into the outbox that was made anew"
    whole.replaying.begin(replace(turn, epoch="e1", next=0, end=4), 0)
    assert whole.replays.get(AGENCY, endpoint, name).lost is None


def test_a_process_without_the_lease_sees_and_changes_nothing(whole: Store, postgres: tuple[Engine, Schemas]) -> None:
    endpoint = whole.add()
    name = whole.ask(endpoint)
    turn = replace(whole.turn(endpoint), epoch="e1", next=0, end=4)
    other = PostgresReplaying(postgres[0], "another process", postgres[1])
    assert endpoint not in {one.endpoint for one in other.open()}
    assert not other.begin(turn, 0)
    assert not other.note(Progress(turn, {"told": 3}, (("x", attempt()),), state="done"))
    assert whole.replays.get(AGENCY, endpoint, name).state == "waiting"
    assert whole.endpoints.attempts(AGENCY, endpoint, None, 9).items == []


def test_what_was_given_up_and_is_told_at_last_is_delivered(whole: Store, postgres: tuple[Engine, Schemas]) -> None:
    endpoint = whole.add()
    whole.ask(endpoint)
    turn = whole.turn(endpoint)
    engine = postgres[1].bind(postgres[0])
    whole.deliveries.take([Taken(endpoint, "e1", 8, tuple(event("g", step, event_id=f"g{step}") for step in (1, 2)))])
    mine = DELIVERIES.c.endpoint == endpoint
    with engine.begin() as connection:
        connection.execute(DELIVERIES.update().where(mine, DELIVERIES.c.step == 1).values(state="given-up"))
        connection.execute(DELIVERIES.update().where(mine, DELIVERIES.c.step == 2).values(state="superseded"))
    whole.replaying.note(Progress(replace(turn, epoch="e1"), {"told": 2}, (("g1", attempt()),), ("g1", "g2")))
    with engine.connect() as connection:
        states = dict(connection.execute(select(DELIVERIES.c.event_id, DELIVERIES.c.state).where(mine)).tuples().all())
        marked = connection.scalars(select(ATTEMPTS.c.replay).where(ATTEMPTS.c.endpoint == endpoint)).all()
    assert states == {"g1": "delivered", "g2": "superseded"}
    assert marked == [turn.id]


def test_asking_and_ending_stand_in_the_audit(whole: Store, postgres: tuple[Engine, Schemas]) -> None:
    endpoint = whole.add()
    name = whole.ask(endpoint)
    whole.replaying.note(Progress(replace(whole.turn(endpoint), epoch="e1"), {"told": 3}, state="done"))
    about = select(AUDIT.c.who, AUDIT.c.what, AUDIT.c.about).where(AUDIT.c.about.contains(name)).order_by(AUDIT.c.id)
    with postgres[1].bind(postgres[0]).connect() as connection:
        found = connection.execute(about).tuples().all()
    assert found == [
        (f"{AGENCY}/key", "replay.asked", f"{AGENCY}/{endpoint}/{name}"),
        ("hub", "replay.done", f"{AGENCY}/{endpoint}/{name} told 3"),
    ]


def test_after_ninety_days_it_is_purged(whole: Store, postgres: tuple[Engine, Schemas]) -> None:
    endpoint = whole.add()
    name = whole.ask(endpoint)
    with postgres[0].begin() as connection:
        table = f'"{postgres[1].work}".replays'
        connection.execute(text(f"UPDATE {table} SET asked = now() - interval '91 days' WHERE id = :id"), {"id": name})
    Purge(postgres[0], postgres[1].prefix).run(datetime.now(UTC).date(), "test")
    assert [one.id for one in whole.replays.of(AGENCY, endpoint)] == []


# Where the feed begins


def test_the_feed_begins_at_a_moment_or_with_an_event(store: Store) -> None:
    assert store.replays.cursor_before(AGENCY, Wanted(since=LONG_AGO))[0] is None
    assert store.replays.cursor_before(AGENCY, Wanted(since=AT + timedelta(milliseconds=2)))[0] == "e1.1"
    assert store.replays.cursor_before(AGENCY, Wanted(since=AT + timedelta(hours=1)))[0] == "e1.3"
    assert store.replays.cursor_before(AGENCY, Wanted(event=f"r1.2.{AGENCY}"))[0] == "e1.1"
    assert store.replays.cursor_before(AGENCY, Wanted(event=f"r1.1.{AGENCY}"))[0] is None
    with pytest.raises(Unknown, match="no event of this id"):
        store.replays.cursor_before(OTHER, Wanted(event=f"r1.1.{AGENCY}"))


def test_a_clock_that_was_set_back_hides_nothing_from_who_begins_at_a_moment(
    store: Store, request: pytest.FixtureRequest
) -> None:
    """The broker's clock was an hour ahead, and set right before the last record came."""
    ahead = AT + timedelta(hours=1)
    if isinstance(store.replays, MemoryReplays):
        store.replays.stands |= {(SET_BACK, f"r{n}"): ("e1", n, at) for n, at in enumerate((AT, ahead, AT))}
    else:
        fill = Filler(*request.getfixturevalue("postgres"))
        for number, at in enumerate((AT, ahead, AT)):
            fill([a_copy(f"r{number}", agency=SET_BACK)], at=at)

    def begins(at: datetime) -> str | None:
        return store.replays.cursor_before(SET_BACK, Wanted(since=at))[0]

    assert begins(AT + timedelta(minutes=30)) == "e1.0", "the second came after that moment, by the broker's time"
    assert begins(LONG_AGO) is None
    assert begins(ahead + timedelta(minutes=30)) == "e1.2"
