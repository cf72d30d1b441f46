"""Webhooks as agencies manage them and as whoever tells them sees them: the same over PostgreSQL and in memory."""

import base64
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update

from connectors.memory.endpoints import MemoryEndpoints
from connectors.store.deliveries import PostgresDeliveries
from connectors.store.endpoint_tables import ATTEMPTS, DELIVERIES, ENDPOINTS, POSITIONS
from connectors.store.endpoints import PostgresEndpoints
from connectors.store.names import Schemas
from connectors.store.purging import Purge
from connectors.store.tables import AUDIT
from hub.core.answers import answer_to
from hub.core.delivering import Standing, Waiting
from hub.ports import Attempt, Deliveries, Endpoints, Noted, State, Taken
from schemas.errors import Conflict, Refusal, Unknown

pytestmark = pytest.mark.database
SECRET, CURSORS = b"a secret of the tests", b"another secret of the tests"
AGENCY, OTHER = "ta-39", "evk-03"
URL = "https://agency.example/hook"
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
_holders = itertools.count(1)


@dataclass
class Store:
    """Both sides of one store. `erase` notes that a notice was erased."""

    endpoints: Endpoints
    deliveries: Deliveries
    erase: Callable[[str], object]
    most: int = field(default=20)


@pytest.fixture
def engine_of(request: pytest.FixtureRequest) -> Callable[[], tuple[Engine, Schemas]]:
    return lambda: (request.getfixturevalue("engine"), request.getfixturevalue("schemas"))


@pytest.fixture(params=["postgres", "memory"])
def store(request: pytest.FixtureRequest, engine_of: Callable[[], tuple[Engine, Schemas]]) -> Iterator[Store]:
    if request.param == "memory":
        memory = MemoryEndpoints(lambda: datetime.now(UTC))
        yield Store(memory, memory, lambda receipt: memory.gone.append((receipt, None)))
        return
    engine, schemas = engine_of()
    yield Store(
        PostgresEndpoints(engine, SECRET, CURSORS, schemas),
        a_process(engine, schemas),
        lambda receipt: Purge(engine, schemas.prefix).notice(receipt, "test"),
    )


def a_process(engine: Engine, schemas: Schemas, lease: float = 30.0) -> PostgresDeliveries:
    return PostgresDeliveries(engine, SECRET, f"process {next(_holders)}", schemas, lease)


def event(place: int, receipt: str = "r", step: int = 1) -> Waiting:
    return Waiting(f"id{place}", place, "notice", "fi:0112038-9", receipt, step, NOW)


def taken(endpoint: str, *events: Waiting, end: int = 100, epoch: str = "e1") -> Taken:
    return Taken(endpoint, epoch, end, events)


def noted(endpoint: str, event: Waiting, state: State, status: int | None = None, **more: Any) -> Noted:
    attempt = Attempt(NOW, 12, answer_to(status, None, NOW)) if status else None
    return Noted(endpoint, AGENCY, event, state, NOW, attempt, **more)


def added(store: Store, url: str = URL, agency: str = AGENCY) -> str:
    return store.endpoints.add(agency, url, "structured")[0].id


# What its agency does


def test_a_new_endpoint_is_active_and_its_secret_is_told_this_once(store: Store) -> None:
    info, secret = store.endpoints.add(AGENCY, URL, "binary")
    assert (info.url, info.mode, info.state, info.why) == (URL, "binary", "active", None)
    assert (info.failures, info.failing_since, info.waiting, info.secrets) == (0, None, 0, {1: None})
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert secret not in str(store.endpoints.of(AGENCY)) + str(store.endpoints.get(AGENCY, info.id))
    assert store.endpoints.of(AGENCY) == [info]


def test_each_endpoint_has_another_secret(store: Store) -> None:
    first, second = (store.endpoints.add(AGENCY, f"{URL}/{number}", "structured")[1] for number in range(2))
    assert first != second


def test_the_same_url_twice_is_a_conflict_until_it_is_closed(store: Store) -> None:
    first = added(store)
    with pytest.raises(Conflict, match="twice"):
        added(store)
    added(store, agency=OTHER)
    store.endpoints.close(AGENCY, first)
    second = added(store)
    assert [info.id for info in store.endpoints.of(AGENCY)] == [second]
    other = added(store, "https://agency.example/other")
    with pytest.raises(Conflict):
        store.endpoints.change(AGENCY, other, url=URL)


def test_an_agency_has_at_most_twenty(store: Store) -> None:
    for number in range(20):
        added(store, f"{URL}/{number}")
    with pytest.raises(Conflict, match="20"):
        added(store)
    added(store, agency=OTHER)


def test_another_agency_s_endpoint_is_unknown_whatever_is_asked(store: Store) -> None:
    name = added(store)
    endpoints = store.endpoints
    asked: list[Callable[[], object]] = [
        lambda: endpoints.get(OTHER, name),
        lambda: endpoints.change(OTHER, name, mode="binary"),
        lambda: endpoints.change(OTHER, name),
        lambda: endpoints.pause(OTHER, name),
        lambda: endpoints.resume(OTHER, name),
        lambda: endpoints.close(OTHER, name),
        lambda: endpoints.rotate(OTHER, name, timedelta()),
        lambda: endpoints.target(OTHER, name),
        lambda: endpoints.tried(OTHER, name, "x", Attempt(NOW, 1, answer_to(200, None, NOW))),
        lambda: endpoints.attempts(OTHER, name, None, 10),
        lambda: endpoints.get(AGENCY, "ep_nothing"),
    ]
    for ask in asked:
        with pytest.raises(Unknown):
            ask()
    assert endpoints.of(OTHER) == []
    assert endpoints.get(AGENCY, name).state == "active"


def test_while_a_secret_is_changed_over_both_hold_and_then_the_new_one_alone(store: Store) -> None:
    info, first = store.endpoints.add(AGENCY, URL, "structured")
    changed, second = store.endpoints.rotate(AGENCY, info.id, timedelta(hours=1))
    assert store.endpoints.target(AGENCY, info.id).secrets == (second, first)
    assert list(changed.secrets) == [2, 1]
    assert changed.secrets[2] is None
    assert changed.secrets[1] is not None
    _, third = store.endpoints.rotate(AGENCY, info.id, timedelta())
    assert store.endpoints.target(AGENCY, info.id).secrets == (third,)
    assert list(store.endpoints.get(AGENCY, info.id).secrets) == [3]


def test_a_longer_overlap_gives_no_secret_back_its_time(store: Store) -> None:
    info, first = store.endpoints.add(AGENCY, URL, "structured")
    store.endpoints.rotate(AGENCY, info.id, timedelta())
    store.endpoints.rotate(AGENCY, info.id, timedelta(hours=5))
    assert first not in store.endpoints.target(AGENCY, info.id).secrets


def test_a_closed_endpoint_can_be_seen_and_nothing_else(store: Store) -> None:
    name = added(store)
    store.endpoints.close(AGENCY, name)
    store.endpoints.close(AGENCY, name)
    assert store.endpoints.get(AGENCY, name).state == "closed"
    assert store.endpoints.attempts(AGENCY, name, None, 5).items == []
    for ask in (store.endpoints.resume, store.endpoints.pause, store.endpoints.target, store.endpoints.change):
        with pytest.raises(Unknown):
            ask(AGENCY, name)


def test_attempts_are_listed_newest_first_page_by_page(store: Store) -> None:
    name = added(store)
    for number in range(5):
        store.endpoints.tried(AGENCY, name, f"id{number}", Attempt(NOW, number, answer_to(200 + number, None, NOW)))
    first = store.endpoints.attempts(AGENCY, name, None, 3)
    second = store.endpoints.attempts(AGENCY, name, first.next, 3)
    assert [item["event_id"] for item in first.items + second.items] == [f"id{number}" for number in (4, 3, 2, 1, 0)]
    assert second.next is None
    assert first.items[0] == {
        "at": NOW.isoformat(),
        "event_id": "id4",
        "milliseconds": 4,
        "outcome": "delivered",
        "code": "delivered",
        "words": "taken",
        "status": 204,
        "replay": None,
    }
    with pytest.raises(Refusal):
        store.endpoints.attempts(AGENCY, name, "forged!", 3)


# What whoever tells them does


def test_a_new_endpoint_is_claimed_with_all_that_is_needed_to_tell_it(store: Store) -> None:
    info, secret = store.endpoints.add(AGENCY, URL, "binary")
    (found,) = store.deliveries.claim()
    assert (found.id, found.agency, found.target.url, found.target.mode) == (info.id, AGENCY, URL, "binary")
    assert found.target.secrets == (secret,)
    assert (found.standing, found.position, found.made, found.since) == (Standing(), None, info.made, info.since)


def test_what_is_taken_waits_in_the_outbox_s_order(store: Store) -> None:
    name = added(store)
    store.deliveries.claim()
    assert store.deliveries.take([taken(name, event(7), event(3), end=8)]) == {name: [event(3), event(7)]}
    assert store.deliveries.waiting(name) == [event(3), event(7)]
    assert store.deliveries.claim()[0].position == ("e1", 8)
    assert store.endpoints.get(AGENCY, name).waiting == 2


def test_what_is_read_again_waits_once_and_what_is_done_waits_no_more(store: Store) -> None:
    name = added(store)
    store.deliveries.claim()
    tried = replace(event(1), attempts=2, first_tried=NOW, due=NOW + timedelta(minutes=1))
    store.deliveries.take([taken(name, event(1), event(2), event(3))])
    store.deliveries.note([noted(name, event(2), "delivered", 200), noted(name, tried, "waiting", 500)])
    store.deliveries.note([noted(name, event(3), "superseded")])
    again = store.deliveries.take([taken(name, event(1), event(2), event(3))])
    assert again == {name: [tried]}
    assert store.deliveries.waiting(name) == [tried]


def test_a_copy_that_is_written_again_waits_at_its_new_place_even_where_it_was_missed_meanwhile(store: Store) -> None:
    """An outbox that is emptied holds the same ids at later offsets."""
    name = added(store)
    store.deliveries.claim()
    store.deliveries.take([taken(name, event(1), event(2))])
    store.deliveries.note([noted(name, event(1), "withheld")])
    assert store.deliveries.waiting(name) == [event(2)]
    moved = [replace(event(1), place=11), replace(event(2), place=12)]
    assert store.deliveries.take([taken(name, *moved, end=20)]) == {name: moved}
    store.deliveries.note([noted(name, event(2), "withheld")])  # looked for at its old place, too late
    assert store.deliveries.waiting(name) == moved


def test_what_came_of_an_attempt_is_kept_with_the_standing(store: Store) -> None:
    name = added(store)
    store.deliveries.claim()
    store.deliveries.take([taken(name, event(1))])
    tried = replace(event(1), attempts=1, first_tried=NOW, due=NOW + timedelta(seconds=5))
    standing = Standing(1, NOW, NOW + timedelta(minutes=2), None, 0)
    assert store.deliveries.note([noted(name, tried, "waiting", 503, standing=standing)]) == frozenset()
    assert store.deliveries.claim()[0].standing == standing
    info = store.endpoints.get(AGENCY, name)
    assert (info.failures, info.failing_since, info.waiting) == (1, NOW, 1)
    (attempt,) = store.endpoints.attempts(AGENCY, name, None, 10).items
    assert (attempt["event_id"], attempt["code"], attempt["status"]) == ("id1", "http-503", 503)


def test_a_paused_endpoint_is_claimed_by_nobody_until_it_is_resumed(store: Store) -> None:
    name = added(store)
    store.deliveries.claim()
    store.deliveries.take([taken(name, event(1))])
    tried = replace(event(1), attempts=9, first_tried=NOW, due=NOW + timedelta(hours=6))
    failing = Standing(9, NOW, None, None, 3)
    store.deliveries.note([noted(name, tried, "waiting", 410, standing=failing, pause="gone")])
    info = store.endpoints.get(AGENCY, name)
    assert (info.state, info.why, info.waiting) == ("paused", "gone", 1)
    assert store.deliveries.claim() == []
    store.endpoints.resume(AGENCY, name)
    (found,) = store.deliveries.claim()
    assert (found.standing, found.position) == (Standing(), ("e1", 100))
    assert found.since > info.since
    (waits,) = store.deliveries.waiting(name)
    assert (waits.attempts, waits.first_tried) == (0, None)
    assert waits.due <= datetime.now(UTC)


def test_a_pause_that_its_agency_asked_for_is_not_undone_by_a_late_result(store: Store) -> None:
    name = added(store)
    store.deliveries.claim()
    store.deliveries.take([taken(name, event(1))])
    store.endpoints.pause(AGENCY, name)
    store.deliveries.note([noted(name, event(1), "delivered", 200, standing=Standing(), pause="failing")])
    info = store.endpoints.get(AGENCY, name)
    assert (info.state, info.why, info.waiting) == ("paused", "asked", 0)


def test_what_was_erased_is_told_once(store: Store) -> None:
    store.erase("before")
    mark, _ = store.deliveries.erased_after(0)
    assert store.deliveries.erased_after(mark) == (mark, frozenset())
    store.erase("after")
    mark, found = store.deliveries.erased_after(mark)
    assert found == {("after", None)}
    assert store.deliveries.erased_after(mark) == (mark, frozenset())


def test_what_was_erased_waits_no_more_and_is_taken_no_more(store: Store) -> None:
    name = added(store)
    store.deliveries.claim()
    store.deliveries.take([taken(name, event(1, "gone"), event(2, "stays"))])
    store.erase("gone")
    assert store.deliveries.waiting(name) == [event(2, "stays")]
    assert store.deliveries.take([taken(name, event(3, "gone", 2), event(4, "new"))]) == {name: [event(4, "new")]}


# Two processes, which only a database can have


@dataclass
class Two:
    """Two processes on one database; the lease of the first is short."""

    endpoints: PostgresEndpoints
    first: PostgresDeliveries
    second: PostgresDeliveries
    engine: Engine
    schemas: Schemas

    def lapse(self) -> None:
        """The time of all leases is over."""
        with self.schemas.bind(self.engine).begin() as connection:
            connection.execute(update(POSITIONS).values(until=text("now() - interval '1 second'")))

    def rows(self, table: Any) -> list[Any]:
        with self.schemas.bind(self.engine).connect() as connection:
            return list(connection.execute(select(table)))


@pytest.fixture
def two(engine: Engine, schemas: Schemas) -> Two:
    endpoints = PostgresEndpoints(engine, SECRET, CURSORS, schemas)
    return Two(endpoints, a_process(engine, schemas), a_process(engine, schemas), engine, schemas)


def test_an_endpoint_is_told_by_one_process_at_a_time(two: Two) -> None:
    name = two.endpoints.add(AGENCY, URL, "structured")[0].id
    assert [found.id for found in two.first.claim()] == [name]
    assert two.second.claim() == []
    assert [found.id for found in two.first.claim()] == [name]
    two.first.leave()
    assert [found.id for found in two.second.claim()] == [name]


def test_two_that_claim_at_once_do_not_wait_for_each_other(two: Two) -> None:
    for number in range(6):
        two.endpoints.add(AGENCY, f"{URL}/{number}", "structured")
    with two.schemas.bind(two.engine).begin() as held:
        held.execute(select(POSITIONS).order_by(POSITIONS.c.endpoint).limit(2).with_for_update())
        assert len(two.first.claim()) == 4
    assert len(two.second.claim()) == 2


def test_results_of_a_process_whose_lease_is_over_count_for_nothing(two: Two) -> None:
    name = two.endpoints.add(AGENCY, URL, "structured")[0].id
    two.first.claim()
    two.first.take([taken(name, event(1))])
    two.lapse()
    assert two.first.note([noted(name, event(1), "delivered", 200, standing=Standing(), pause="gone")]) == {name}
    assert two.first.take([taken(name, event(2), end=500)]) == {}
    (found,) = two.second.claim()
    assert found.position == ("e1", 100)
    assert two.second.waiting(name) == [event(1)]
    assert two.first.note([noted(name, event(1), "delivered", 200)]) == {name}
    assert two.rows(ATTEMPTS) == []
    assert two.second.note([noted(name, event(1), "delivered", 200)]) == frozenset()
    assert two.second.waiting(name) == []


def test_no_secret_of_an_endpoint_stands_in_the_database(two: Two) -> None:
    info, first = two.endpoints.add(AGENCY, URL, "structured")
    _, second = two.endpoints.rotate(AGENCY, info.id, timedelta(hours=1))
    kept = str([two.rows(table) for table in (ENDPOINTS, POSITIONS, AUDIT)])
    for secret in (first, second):
        assert secret.removeprefix("whsec_")[:10] not in kept


def test_whoever_has_another_installation_s_secret_signs_otherwise(two: Two) -> None:
    info, secret = two.endpoints.add(AGENCY, URL, "structured")
    other = PostgresEndpoints(two.engine, b"a secret of another hub", CURSORS, two.schemas)
    assert other.target(AGENCY, info.id).secrets != (secret,)


def test_what_is_done_with_an_endpoint_stands_in_the_audit(two: Two) -> None:
    name = two.endpoints.add(AGENCY, URL, "structured")[0].id
    two.endpoints.rotate(AGENCY, name, timedelta())
    two.endpoints.pause(AGENCY, name)
    two.endpoints.resume(AGENCY, name)
    two.first.claim()
    two.first.take([taken(name, event(1))])
    two.first.note([noted(name, event(1), "waiting", 410, standing=Standing(), pause="gone")])
    two.endpoints.close(AGENCY, name)
    told = [(row.who, row.what) for row in two.rows(AUDIT)]
    assert told == [
        *((AGENCY, f"endpoint.{what}") for what in ("added", "rotated", "paused", "resumed")),
        ("hub", "endpoint.paused"),
        (AGENCY, "endpoint.closed"),
    ]
    assert URL not in str(two.rows(AUDIT))


def test_attempts_deliveries_and_closed_endpoints_go_after_their_time(two: Two) -> None:
    names = [two.endpoints.add(AGENCY, f"{URL}/{number}", "structured")[0].id for number in range(2)]
    two.first.claim()
    two.first.take([taken(name, event(1)) for name in names])
    two.first.note(
        [
            Noted(name, AGENCY, event(1), "delivered", NOW, Attempt(datetime.now(UTC), 1, answer_to(200, None, NOW)))
            for name in names
        ]
    )
    two.endpoints.close(AGENCY, names[0])
    today = datetime.now(UTC).date()
    purge = Purge(two.engine, two.schemas.prefix)

    def counts() -> list[int]:
        return [len(two.rows(table)) for table in (ATTEMPTS, DELIVERIES, POSITIONS, ENDPOINTS)]

    assert purge.run(today + timedelta(days=90), "test") == {}
    assert counts() == [2, 2, 2, 2]
    later: date = today + timedelta(days=91)
    assert purge.left(later).total == 6
    assert purge.run(later, "test") == {"delivery": 6}
    assert counts() == [0, 0, 1, 1]


def test_what_only_follows_goes_where_something_of_its_notice_went(store: Store) -> None:
    """Before, or earlier in the same part of the outbox; whatever has become of that."""
    info, _ = store.endpoints.add(AGENCY, URL, "structured", "a-subscription")
    name = info.id
    assert [(one.id, one.subscription) for one in store.deliveries.claim()] == [(name, "a-subscription")]
    first = replace(taken(name, event(1, "met"), event(2, "not"), event(3, "met", 2)), following=frozenset({"id2", "id3"}))
    assert store.deliveries.take([first]) == {name: [event(1, "met"), event(3, "met", 2)]}
    store.deliveries.note([noted(name, event(1, "met"), "superseded"), noted(name, event(3, "met", 2), "delivered")])
    later = replace(taken(name, event(4, "met", 3), event(5, "not", 2)), following=frozenset({"id4", "id5"}))
    assert store.deliveries.take([later]) == {name: [event(4, "met", 3)]}
