"""Partners' lives, test messages and keys: the same over PostgreSQL and in memory; and what a state does in the database."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from connectors.memory.keys import MemoryKeys
from connectors.memory.partners import MemoryPartners
from connectors.store.deliveries import PostgresDeliveries
from connectors.store.endpoints import PostgresEndpoints
from connectors.store.keys import PostgresKeys
from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.partner_tables import PARTNERS, TEST_KNOWN, TEST_NOTICES
from connectors.store.partners import PostgresPartners
from connectors.store.purging import Purge
from connectors.store.tables import AUDIT
from hub.core.conformance import Judged, Scene, judge
from hub.core.partners import Asked
from hub.core.reading import read_said
from hub.partner_ports import MOST_KEYS, Keys, NewKey, Partners
from hub.ports import Caller
from schemas.errors import Conflict, NotConforming, Unknown, WrongState
from schemas.partner import Move, Trial
from tests.builders import AT, DAY, a_downsizing_notice, a_small_registry, body_of
from tests.embedded import Services

pytestmark = pytest.mark.database
SECRET = b"a secret of the tests"
READ = frozenset({"read"})
_numbers = itertools.count(1)


@dataclass
class Place:
    """A database with all that the hub keeps, for all tests of this file: each has agencies of its own."""

    engine: Engine
    schemas: Schemas

    def audit_of(self, agency: str) -> list[tuple[str, str, str | None]]:
        with self.schemas.bind(self.engine).connect() as connection:
            wanted = select(AUDIT).where(AUDIT.c.about.startswith(agency)).order_by(AUDIT.c.id)
            return [(row.who, row.what, row.basis) for row in connection.execute(wanted)]

    def endpoints(self) -> PostgresEndpoints:
        return PostgresEndpoints(self.engine, SECRET, SECRET, self.schemas)

    def told(self) -> set[str]:
        """The endpoints that a new process would tell."""
        deliveries = PostgresDeliveries(self.engine, SECRET, f"process {next(_numbers)}", self.schemas)
        try:
            return {endpoint.id for endpoint in deliveries.claim()}
        finally:
            deliveries.leave()


@pytest.fixture(scope="module")
def place(servers: Services) -> Iterator[Place]:
    names = Schemas(f"p{os.getpid()}_")
    migrate(servers.url, names.prefix)
    engine = connect(servers.url, size=5)
    yield Place(engine, names)
    engine.dispose()
    drop_everything(servers.url, names.prefix)


@dataclass
class Store:
    partners: Partners
    keys: Keys


@pytest.fixture(params=["postgres", "memory"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "postgres":
        return in_postgres(request.getfixturevalue("place"))
    keys = MemoryKeys(lambda: datetime.now(UTC), lambda agency: partners.state(agency))
    partners = MemoryPartners(lambda: datetime.now(UTC), lambda agency: bool(keys.of(agency)))
    return Store(partners, keys)


def in_postgres(place: Place) -> Store:
    return Store(PostgresPartners(place.engine, place.schemas), PostgresKeys(place.engine, SECRET, place.schemas))


@pytest.fixture
def agency() -> str:
    return f"evk-{next(_numbers)}"


def move(store: Store, agency: str, *moves: Move, **how: Any) -> None:
    for one in moves:
        store.partners.move(agency, Asked(one, f"why {one}", **how), "the operator")


def caller_of(store: Store, key: str) -> Caller:
    found = store.keys.caller(key)
    assert found is not None
    return found


def a_trial(verdict: str = "accepted", said: str = "notice", **more: Any) -> Trial:
    return Trial.model_validate({"at": AT, "verdict": verdict, "said": said, "source": "s", "id": "1"} | more)


# States


def test_an_agency_of_which_nothing_was_said_is_active(store: Store, agency: str) -> None:
    assert store.partners.state(agency) == "active"
    assert store.partners.history(agency) == []


def test_each_change_is_kept_with_who_and_why(store: Store, agency: str) -> None:
    move(store, agency, "request", "approve")
    move(store, agency, "activate", anyway=True)
    move(store, agency, "suspend")
    history = store.partners.history(agency)
    assert [(one.number, one.state, one.by, one.why) for one in history] == [
        (1, "requested", "the operator", "why request"),
        (2, "approved", "the operator", "why approve"),
        (3, "active", "the operator", "why activate"),
        (4, "suspended", "the operator", "why suspend"),
    ]
    assert history[2].waived == ("notice-taken", "change-taken")
    assert store.partners.state(agency) == "suspended"
    assert history[-1] in store.partners.newest()
    with pytest.raises(WrongState):
        move(store, agency, "approve")
    assert len(store.partners.history(agency)) == 4


def test_it_goes_live_when_its_tests_show_all(store: Store, agency: str) -> None:
    move(store, agency, "request", "approve")
    store.partners.keep(agency, Judged(a_trial(), (("r-1", b"first"),)))
    with pytest.raises(NotConforming) as refused:
        move(store, agency, "activate")
    assert [finding.rule for finding in refused.value.findings] == ["change-taken"]
    store.partners.keep(agency, Judged(a_trial(said="withdrawal", id="2"), (("r-1", b"second"),)))
    assert [one.id for one in store.partners.trials(agency)] == ["1", "2"]
    assert store.partners.remembered(agency, "r-1") == b"second"
    assert store.partners.remembered("evk-0", "r-1") is None
    move(store, agency, "activate")
    assert store.partners.history(agency)[-1].waived == ()


@pytest.mark.parametrize("changes", [{}, {"measures": "many"}])
def test_what_came_of_a_test_is_kept_whole(store: Store, agency: str, changes: dict[str, Any]) -> None:
    scene = Scene("ta-39", a_small_registry(), DAY, AT)
    judged = judge(body_of(a_downsizing_notice() | changes), read_said, scene, lambda _: None)
    assert (judged.trial.would is None) == bool(changes)
    store.partners.keep(agency, judged)
    assert store.partners.trials(agency) == [judged.trial]


def test_a_new_life_begins_without_the_tests_of_the_last(store: Store, agency: str) -> None:
    move(store, agency, "request", "close")
    store.partners.keep(agency, Judged(a_trial(), (("r-1", b"first"),)))
    move(store, agency, "request")
    assert store.partners.trials(agency) == []
    assert store.partners.remembered(agency, "r-1") is None


def test_a_request_for_who_has_keys_is_refused(store: Store, agency: str) -> None:
    store.keys.issue(agency, "x", READ)
    with pytest.raises(WrongState, match="would cut it off"):
        move(store, agency, "request")
    assert store.partners.state(agency) == "active"


def test_who_calls_with_a_key_is_known_with_its_state(store: Store, agency: str) -> None:
    key = store.keys.issue(agency, "x", READ)
    assert caller_of(store, key).state == "active"
    move(store, agency, "suspend")
    assert caller_of(store, key).state == "suspended"
    move(store, agency, "activate")
    assert caller_of(store, key).state == "active"


# Keys


def test_a_partner_makes_keys_of_its_own(store: Store, agency: str) -> None:
    maker = caller_of(store, store.keys.issue(agency, "first", READ | {"manage"}))
    info, key = store.keys.make(maker, NewKey("reader", READ, timedelta(days=3)))
    assert (info.label, info.scopes, info.made_by, info.revoked) == ("reader", READ, maker.key_id, None)
    assert info.expires - info.issued == timedelta(days=3)
    assert caller_of(store, key).scopes == READ
    assert [one.label for one in store.keys.of(agency)] == ["first", "reader"]
    assert key not in repr(store.keys.of(agency))


def test_a_key_is_rotated_with_overlap_or_at_once(store: Store, agency: str) -> None:
    first = store.keys.issue(agency, "first", READ)
    maker = caller_of(store, first)
    info, second = store.keys.rotate(maker, maker.key_id, timedelta(hours=2))
    assert (info.label, info.scopes) == ("first", READ)
    (old, _) = store.keys.of(agency)
    assert timedelta(hours=1, minutes=59) < old.expires - info.issued <= timedelta(hours=2)
    assert [caller_of(store, key).agency for key in (first, second)] == [agency, agency]
    _, third = store.keys.rotate(maker, info.key_id, timedelta(0))
    assert store.keys.caller(second) is None
    assert caller_of(store, third).scopes == READ
    with pytest.raises(Unknown):
        store.keys.rotate(maker, info.key_id, timedelta(0))


def test_a_rotation_never_makes_a_key_hold_longer(store: Store, agency: str) -> None:
    maker = caller_of(store, store.keys.issue(agency, "first", READ))
    info, _ = store.keys.make(maker, NewKey("brief", READ, timedelta(hours=1)))
    store.keys.rotate(maker, info.key_id, timedelta(days=7))
    (after,) = [one for one in store.keys.of(agency) if one.key_id == info.key_id]
    assert after.expires == info.expires


def test_a_key_is_ended_at_once_and_again_without_harm(store: Store, agency: str) -> None:
    key = store.keys.issue(agency, "first", READ)
    maker = caller_of(store, key)
    store.keys.end(maker, maker.key_id)
    store.keys.end(maker, maker.key_id)
    assert store.keys.caller(key) is None


def test_keys_of_another_agency_are_not_there(store: Store, agency: str) -> None:
    maker = caller_of(store, store.keys.issue(agency, "x", READ))
    other = caller_of(store, store.keys.issue("evk-0", "x", READ))
    for act in (lambda: store.keys.end(maker, other.key_id), lambda: store.keys.rotate(maker, other.key_id, timedelta(0))):
        with pytest.raises(Unknown):
            act()
    assert store.keys.of(agency)[0].revoked is None


def test_an_agency_has_so_many_keys_and_no_more(store: Store, agency: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("connectors.store.keys", "connectors.memory.keys"):
        monkeypatch.setattr(f"{module}.MOST_KEYS", 2)
    maker = caller_of(store, store.keys.issue(agency, "x", READ))
    info, _ = store.keys.make(maker, NewKey("x", READ, timedelta(days=1)))
    with pytest.raises(Conflict, match="revoke one first"):
        store.keys.make(maker, NewKey("x", READ, timedelta(days=1)))
    store.keys.end(maker, info.key_id)
    store.keys.make(maker, NewKey("x", READ, timedelta(days=1)))
    assert MOST_KEYS > 2


# What a state does in the database


def test_each_change_stands_in_the_audit_with_its_reason(place: Place, agency: str) -> None:
    store = in_postgres(place)
    move(store, agency, "request", "approve")
    move(store, agency, "activate", anyway=True)
    assert place.audit_of(agency) == [
        ("the operator", "partner.requested", "why request"),
        ("the operator", "partner.approved", "why approve"),
        ("the operator", "partner.active", "why activate"),
    ]


def test_the_audit_names_the_key_by_which_a_partner_did_it(place: Place, agency: str) -> None:
    store = in_postgres(place)
    maker = caller_of(store, store.keys.issue(agency, "first", READ))
    info, _ = store.keys.make(maker, NewKey("x", READ, timedelta(days=1)))
    store.keys.rotate(maker, info.key_id, timedelta(hours=1))
    store.keys.end(maker, info.key_id)
    who = f"{agency}/{maker.key_id}"
    done = [(by, what) for by, what, _ in place.audit_of(agency)][1:]
    assert done == [(who, "key.issued"), (who, "key.ends"), (who, "key.issued"), (who, "key.revoked")]


def test_a_suspended_partner_s_endpoints_are_told_nothing_and_go_on_afterwards(place: Place, agency: str) -> None:
    store = in_postgres(place)
    info, _ = place.endpoints().add(agency, "https://agency.example/hook", "structured")
    assert info.id in place.told()
    move(store, agency, "suspend")
    assert info.id not in place.told()
    move(store, agency, "activate")
    assert info.id in place.told()


def test_a_process_that_tells_it_leaves_it_when_it_is_suspended(place: Place, agency: str) -> None:
    store = in_postgres(place)
    info, _ = place.endpoints().add(agency, "https://agency.example/hook", "structured")
    deliveries = PostgresDeliveries(place.engine, SECRET, "one process", place.schemas)
    assert info.id in {one.id for one in deliveries.claim()}
    move(store, agency, "suspend")
    assert info.id not in {one.id for one in deliveries.claim()}
    deliveries.leave()


def test_closing_ends_keys_and_endpoints_for_good(place: Place, agency: str) -> None:
    store = in_postgres(place)
    key = store.keys.issue(agency, "x", READ)
    info, _ = place.endpoints().add(agency, "https://agency.example/hook", "structured")
    move(store, agency, "close", "request", "approve")
    assert store.keys.caller(key) is None
    assert place.endpoints().get(agency, info.id).state == "closed"
    what = [what for _, what, _ in place.audit_of(agency)]
    assert {"key.revoked", "endpoint.closed", "partner.closed"} <= set(what)


def test_of_tests_the_newest_are_kept(place: Place, agency: str) -> None:
    partners = PostgresPartners(place.engine, place.schemas, most=2)
    for number in range(6):
        trial = a_trial(id=str(number), at=AT + timedelta(seconds=number))
        partners.keep(agency, Judged(trial, ((f"r-{number}", b"x"),)))
    assert [one.id for one in partners.trials(agency)] == ["4", "5"]
    assert [partners.remembered(agency, f"r-{number}") is not None for number in range(6)] == [False] * 2 + [True] * 4


def test_tests_and_states_that_are_no_more_are_purged_in_their_time(place: Place, agency: str) -> None:
    store = in_postgres(place)
    move(store, agency, "request", "approve")
    store.partners.keep(agency, Judged(a_trial(at=AT), (("r-1", b"x"),)))
    long_ago = AT - timedelta(days=4_000)
    with place.schemas.bind(place.engine).begin() as connection:
        connection.execute(update(PARTNERS).where(PARTNERS.c.agency == agency).values(at=long_ago))
    purge = Purge(place.engine, place.schemas.prefix)
    purge.run((AT + timedelta(days=90)).date(), "test")
    assert store.partners.trials(agency), "there for its whole days"
    purge.run((AT + timedelta(days=91)).date(), "test")
    assert store.partners.trials(agency) == []
    assert store.partners.remembered(agency, "r-1") is None
    assert [one.state for one in store.partners.history(agency)] == ["approved"], "the state that holds stays"
    with place.schemas.bind(place.engine).connect() as connection:
        assert not [*connection.execute(select(TEST_NOTICES)), *connection.execute(select(TEST_KNOWN))]
