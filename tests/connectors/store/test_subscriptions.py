"""Subscriptions: in PostgreSQL and in memory alike; in PostgreSQL with an audit, and with writers that take turns."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, insert, select

from connectors.memory.subscriptions import MemorySubscriptions
from connectors.store import audit
from connectors.store.names import Schemas
from connectors.store.subscriptions import PostgresSubscriptions
from connectors.store.tables import AUDIT, SUBSCRIPTIONS
from hub.ports import Subscriptions
from schemas.errors import BadSubscription, Misconfigured, NameTaken, Unknown
from schemas.subscription import MOST_SUBSCRIPTIONS, Between, Filter

pytestmark = pytest.mark.database
LAYOFFS = Filter(kind=("downsizing",), count=(Between(least=10), Between(most=3, unknown=False)))
POSTS = Filter(kind=("recruitment",), area=("fi:kunta:837",))


@pytest.fixture
def stored(engine: Engine, schemas: Schemas) -> PostgresSubscriptions:
    return PostgresSubscriptions(engine, schemas)


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Subscriptions:
    found: Subscriptions = MemorySubscriptions() if request.param == "memory" else request.getfixturevalue("stored")
    return found


class TestBothAlike:
    def test_each_version_stays_as_it_was(self, store: Subscriptions) -> None:
        first = store.add("ta-39", "large", LAYOFFS, "k1")
        assert (first.version, first.filter, first.agency, first.name, first.by) == (1, LAYOFFS, "ta-39", "large", "k1")
        second = store.change("ta-39", first.id, POSTS, "k2")
        assert (second.version, second.filter, second.by, second.name) == (2, POSTS, "k2", "large")
        assert store.standing("ta-39") == [second]
        store.end("ta-39", first.id, "k3")
        assert store.standing("ta-39") == []
        versions = store.versions("ta-39", first.id)
        assert [(one.version, one.filter, one.by) for one in versions] == [(1, LAYOFFS, "k1"), (2, POSTS, "k2"), (3, None, "k3")]
        assert versions[:2] == [first, second]
        again = store.add("ta-39", "large", LAYOFFS, "k4")
        assert (again.id, again.version) == (first.id, 4)

    def test_the_same_again_makes_no_version(self, store: Subscriptions) -> None:
        first = store.add("ta-39", "large", LAYOFFS, "k1")
        assert store.add("ta-39", "large", LAYOFFS, "k2") == first
        assert store.change("ta-39", first.id, LAYOFFS, "k3") == first
        assert store.versions("ta-39", first.id) == [first]

    def test_a_name_has_one_filter(self, store: Subscriptions) -> None:
        store.add("ta-39", "large", LAYOFFS, "k1")
        with pytest.raises(NameTaken):
            store.add("ta-39", "large", POSTS, "k1")
        assert store.add("ta-08", "large", POSTS, "k1").filter == POSTS

    def test_they_come_by_name(self, store: Subscriptions) -> None:
        for name in ("b", "a", "c"):
            store.add("ta-39", name, POSTS, "k1")
        assert [one.name for one in store.standing("ta-39")] == ["a", "b", "c"]

    def test_an_heir_takes_all_that_stands_once(self, store: MemorySubscriptions | PostgresSubscriptions) -> None:
        large = store.add("ta-39", "large", LAYOFFS, "k1")
        ended = store.add("ta-39", "ended", POSTS, "k1")
        store.end("ta-39", ended.id, "k1")
        assert store.owners() == ["ta-39"]
        (taken,) = store.hand_over("ta-39", "ta-50", 9)
        assert (taken.agency, taken.name, taken.filter, taken.version) == ("ta-50", "large", LAYOFFS, 1)
        assert taken.id != large.id
        assert store.hand_over("ta-39", "ta-50", 9) == store.standing("ta-39") == []
        assert store.standing("ta-50") == [taken]
        assert store.owners() == ["ta-50"]
        assert [one.filter for one in store.versions("ta-39", large.id)] == [LAYOFFS, None]

    def test_two_that_become_one_are_handed_over_as_one(self, store: MemorySubscriptions | PostgresSubscriptions) -> None:
        store.add("ta-50", "large", POSTS, "k1")
        for name in ("large", "large (ta-39)"):
            store.add("ta-39", name, LAYOFFS, "k1")
        store.hand_over("ta-39", "ta-50", 9)
        assert [(one.name, one.version) for one in store.standing("ta-50")] == [("large", 1), ("large (ta-39)", 1)]

    def test_what_is_another_agencys_is_not_there(self, store: Subscriptions) -> None:
        id = store.add("ta-39", "large", LAYOFFS, "k1").id
        assert store.standing("ta-08") == store.versions("ta-08", id) == []
        with pytest.raises(Unknown):
            store.change("ta-08", id, POSTS, "k1")
        with pytest.raises(Unknown):
            store.end("ta-08", id, "k1")
        assert [one.filter for one in store.versions("ta-39", id)] == [LAYOFFS]

    def test_what_never_was_or_has_ended_cannot_be_changed(self, store: Subscriptions) -> None:
        id = store.add("ta-39", "large", LAYOFFS, "k1").id
        store.end("ta-39", id, "k1")
        for gone in (id, "nothing"):
            with pytest.raises(Unknown):
                store.change("ta-39", gone, POSTS, "k1")
            with pytest.raises(Unknown):
                store.end("ta-39", gone, "k1")
        assert store.versions("ta-39", "nothing") == []

    def test_ended_ones_do_not_count_against_the_limit(self, store: Subscriptions) -> None:
        made = [store.add("ta-39", f"n-{number}", POSTS, "k1") for number in range(MOST_SUBSCRIPTIONS)]
        with pytest.raises(BadSubscription):
            store.add("ta-39", "one more", POSTS, "k1")
        store.end("ta-39", made[0].id, "k1")
        assert store.add("ta-39", "one more", POSTS, "k1").version == 1
        with pytest.raises(BadSubscription):
            store.add("ta-39", "n-0", POSTS, "k1")


def test_a_hand_over_is_in_the_audit_on_both_sides(stored: PostgresSubscriptions, engine: Engine, schemas: Schemas) -> None:
    before = stored.add("ta-39", "large", LAYOFFS, "k1")
    (taken,) = stored.hand_over("ta-39", "ta-50", 9)
    with schemas.bind(engine).connect() as connection:
        rows = connection.execute(select(AUDIT.c.who, AUDIT.c.what, AUDIT.c.about).order_by(AUDIT.c.id)).all()
    assert [tuple(row) for row in rows[1:]] == [
        ("ta-39/hub, ta-39 to ta-50 by revision 9", "subscription.handed-over", f"ta-39/{before.id} version 2"),
        ("ta-50/hub, ta-39 to ta-50 by revision 9", "subscription.inherited", f"ta-50/{taken.id} version 1"),
    ]


def test_each_change_is_in_the_audit_without_what_it_asks_for(
    stored: PostgresSubscriptions, engine: Engine, schemas: Schemas
) -> None:
    first = stored.add("ta-39", "large", LAYOFFS, "k1")
    stored.add("ta-39", "large", LAYOFFS, "k1")
    stored.change("ta-39", first.id, POSTS, "k2")
    stored.end("ta-39", first.id, "k3")
    with schemas.bind(engine).connect() as connection:
        rows = connection.execute(select(AUDIT).order_by(AUDIT.c.id)).all()
    assert [(row.who, row.what, row.about) for row in rows] == [
        ("ta-39/k1", "subscription.added", f"ta-39/{first.id} version 1"),
        ("ta-39/k2", "subscription.changed", f"ta-39/{first.id} version 2"),
        ("ta-39/k3", "subscription.ended", f"ta-39/{first.id} version 3"),
    ]
    assert audit.broken_at(engine, schemas, rows[0].day) is None


def test_changes_at_the_same_time_take_turns(stored: PostgresSubscriptions) -> None:
    first = stored.add("ta-39", "large", LAYOFFS, "k1")
    failures: list[BaseException] = []

    def change(number: int) -> None:
        try:
            stored.change("ta-39", first.id, Filter(count=(Between(least=number),)), "k1")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [one.version for one in stored.versions("ta-39", first.id)] == list(range(1, 10))


def test_a_clause_of_a_newer_hub_stops_it_and_lets_nothing_through(
    stored: PostgresSubscriptions, engine: Engine, schemas: Schemas
) -> None:
    row = {
        "id": "x",
        "version": 1,
        "agency": "ta-39",
        "name": "x",
        "filter": {"later": ["a"]},
        "at": datetime.now(UTC),
        "by": "k",
    }
    with schemas.bind(engine).begin() as connection:
        connection.execute(insert(SUBSCRIPTIONS).values(row))
    with pytest.raises(Misconfigured, match="update this process"):
        stored.standing("ta-39")
