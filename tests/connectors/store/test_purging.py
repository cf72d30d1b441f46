"""What is past its time goes, by each rule; what is not stays; and the check finds what is left."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text

from connectors.store import audit
from connectors.store.names import Schemas
from connectors.store.purging import Purge
from connectors.store.reading import PostgresReading
from connectors.store.replacing import Views
from connectors.store.tables import API_KEYS, AUDIT, ERASED, SUBSCRIPTIONS
from connectors.store.trace_tables import RECIPIENTS, STAGES
from connectors.store.view_tables import NOTICES
from connectors.store.views import dump_view
from hub.ports import Page, Search
from schemas.topics import ALERTS, outbox
from tests.builders import a_downsizing_notice
from tests.connectors.store.filling import Filler
from tests.hub.projection import said

pytestmark = pytest.mark.database
DAY = date(2027, 6, 1)
SECRET = "Salaisuus"
Told = Callable[..., str]


def noon(days_ago: int) -> datetime:
    return datetime.combine(DAY - timedelta(days=days_ago), time(12), UTC)


@pytest.fixture
def purge(engine: Engine, schemas: Schemas) -> Purge:
    return Purge(engine, schemas.prefix, batch=3)


@pytest.fixture
def tell(fill: Filler) -> Told:
    """A notice of that number, so many days old, from the door to the outboxes; its receipt."""

    def told(number: int, days: int, **changes: Any) -> str:
        at = noon(days)
        step = {name: changes.pop(name) for name in ("step", "type", "notice") if name in changes}
        body = said.notice(number, **{"text": SECRET} | changes)
        fill(said.path(body, to=("ta-39", "ta-08"), received_at=at, **step), at=at)
        return said.receipt(number)

    return told


def counts(engine: Engine, schemas: Schemas) -> dict[str, int]:
    return {name: len(rows) for name, rows in dump_view(engine, schemas).items() if rows}


def rows(engine: Engine, schemas: Schemas, query: Any) -> list[Any]:
    with schemas.bind(engine).connect() as connection:
        return list(connection.execute(query))


def rows_of_audit(engine: Engine, schemas: Schemas) -> list[str]:
    return [row.about for row in rows(engine, schemas, select(AUDIT.c.about).order_by(AUDIT.c.id))]


RULES = [
    ("notice", 400, {}),
    ("notice-restricted", 180, {"access": {"level": "restricted"}}),
    ("notice-restricted", 180, {"access": {"level": "embargoed", "until": "2027-09-01T00:00:00Z"}}),
    ("notice-person", 180, {"employer": {"kind": "household", "name": None}}),
    ("notice-person", 180, {"employer": {"legal_form": "Toiminimi"}}),
    ("notice-early-signal", 180, {"kind": "downsizing", "stage": "early-signal"}),
    ("downsizing-restricted", 270, {"kind": "downsizing", "stage": "decision", "access": {"level": "restricted"}}),
    ("notice-ended", 90, {"type": "withdrawal"}),
]


@pytest.mark.parametrize(("rule", "days", "changes"), RULES, ids=[f"{number} {row[0]}" for number, row in enumerate(RULES)])
def test_a_notice_goes_with_all_that_was_made_of_it_on_the_day_after_its_last(
    tell: Told, purge: Purge, engine: Engine, schemas: Schemas, rule: str, days: int, changes: dict[str, Any]
) -> None:
    tell(1, days, **changes)
    whole = {"notices": 1, "stages": 4, "recipients": 2, "targets": 2, "offerings": 2, "outbox": 2}
    assert purge.run(DAY, "test") == ({"arrival": 1} if days > 90 else {})
    assert counts(engine, schemas) == whole | {"stages": 3 if days > 90 else 4}
    tomorrow = DAY + timedelta(days=1)
    assert purge.left(tomorrow).total == (12 if days > 90 else 13)
    assert purge.run(tomorrow, "test") == Counter({rule: 1}) + Counter({"arrival": 0 if days > 90 else 1})
    assert counts(engine, schemas) == {}
    assert purge.left(tomorrow).total == 0


def test_alerts_and_their_copies_go_with_the_notice(fill: Filler, purge: Purge, engine: Engine, schemas: Schemas) -> None:
    step = said.accepted(a_downsizing_notice(), received_at=noon(401))
    told = [said.history(step), said.alert(step, "ta-08"), said.alert(step, "ta-08", outbox("ta-08").name)]
    assert {message.topic for message in told} >= {ALERTS.name}
    fill(told, at=noon(401))
    assert counts(engine, schemas) == {"notices": 1, "stages": 1, "alerts": 1, "targets": 1, "outbox": 1}
    assert purge.run(DAY, "test") == {"notice": 1}
    assert counts(engine, schemas) == {}


def test_rows_of_which_no_notice_says_how_long_go_when_no_notice_could_be_older(
    tell: Told, purge: Purge, engine: Engine, schemas: Schemas
) -> None:
    for number in range(5):
        tell(number, 401)
    tell(9, 399)
    with schemas.bind(engine).begin() as connection:
        connection.execute(delete(NOTICES))
    assert purge.left(DAY).past["outbox"] == 10
    assert purge.run(DAY, "test")["notice"] == 5
    assert purge.left(DAY).total == 0
    assert counts(engine, schemas)["outbox"] == 2


def test_a_refusal_loses_its_body_first_and_then_goes(
    fill: Filler, purge: Purge, engine: Engine, schemas: Schemas, reading: PostgresReading
) -> None:
    for number, days in enumerate((29, 30, 31, 32, 33, 34, 90, 91, 92)):
        fill([said.refused(said.notice(number, text=SECRET), offset=number, received_at=noon(days))], at=noon(days))
    assert purge.left(DAY).past == Counter({"body": 7, "refused": 2})
    assert purge.run(DAY, "test") == {"refused-body": 7, "refused": 2}
    items = reading.refused("ta-39", None, 100).items
    assert [item["body"] is not None for item in items] == [True, True, False, False, False, False, False]
    assert all(item["findings"] for item in items)
    assert purge.left(DAY).total == 0
    assert purge.run(DAY, "test") == {}


def test_only_the_steps_that_are_past_their_time_go(tell: Told, purge: Purge, reading: PostgresReading) -> None:
    receipt = tell(1, 401)
    tell(1, 10, step=2, employer={"name": "Uudempi Oy"})
    assert purge.run(DAY, "test")["notice"] == 1
    for agency in ("ta-39", "ta-08"):
        seen = reading.notice(agency, receipt)
        assert seen is not None
        assert [version["step"] for version in seen["versions"]] == [2]
        assert seen["versions"][0]["changes"] is None


def test_keys_the_audit_and_what_stands_in_erased_have_their_time_too(
    purge: Purge, tell: Told, engine: Engine, schemas: Schemas
) -> None:
    tell(1, 401)
    purge.run(DAY, "test")
    purge.notice(said.receipt(2), "test")
    issued = datetime.now(UTC)
    key = {"hash": b"1", "agency": "ta-39", "label": "x", "scopes": [], "expires": issued + timedelta(days=900)}
    with schemas.bind(engine).begin() as connection:
        connection.execute(insert(API_KEYS).values(key | {"prefix": "revoked", "revoked": issued}))
        connection.execute(insert(API_KEYS).values(key | {"prefix": "valid", "hash": b"2"}))
    assert purge.run(issued.date() + timedelta(days=400), "test") == {}
    assert purge.run(issued.date() + timedelta(days=801), "test") == {"key": 1, "erased": 2}
    assert [row.receipt for row in rows(engine, schemas, select(ERASED))] == [said.receipt(2)]
    later = issued.date() + timedelta(days=3_651)
    before = len(rows(engine, schemas, select(AUDIT)))
    gone = purge.run(later, "test")
    assert (gone["requested"], gone["audit"]) == (1, before + 2)
    assert audit.broken_at(engine, schemas, issued.date().isoformat()) is None


def test_of_subscriptions_what_is_no_more_goes_and_what_stands_stays(purge: Purge, engine: Engine, schemas: Schemas) -> None:
    day = date(2026, 3, 1)
    versions = [
        *(("changed", 1, day, {}), ("changed", 2, day + timedelta(days=10), {"kind": ["downsizing"]})),
        *(("ended", 1, day, {}), ("ended", 2, day + timedelta(days=20), None)),
        ("stands", 1, day, {}),
    ]
    with schemas.bind(engine).begin() as connection:
        for id, version, on, filter in versions:
            at = datetime.combine(on, time(), UTC)
            row = {"id": id, "version": version, "agency": "ta-39", "name": id, "filter": filter, "at": at, "by": "x"}
            connection.execute(insert(SUBSCRIPTIONS).values(row))

    def left() -> set[tuple[str, int]]:
        return {(row.id, row.version) for row in rows(engine, schemas, select(SUBSCRIPTIONS))}

    assert purge.run(day + timedelta(days=410), "test") == {}
    assert purge.run(day + timedelta(days=411), "test") == {"subscription": 1}
    assert left() == {("changed", 2), ("ended", 1), ("ended", 2), ("stands", 1)}
    assert purge.run(day + timedelta(days=421), "test") == {"subscription": 2}
    assert left() == {("changed", 2), ("stands", 1)}


def test_a_year_of_days_leaves_nothing_older_than_its_time(
    fill: Filler, tell: Told, purge: Purge, engine: Engine, schemas: Schemas
) -> None:
    """Notices come for a year, and a purge each twentieth day: after each nothing is left, and in the end nothing is there."""
    gone: Counter[str] = Counter()
    for number in range(42):
        later = 20 * number
        if number < 20:
            tell(number, -later, **({"access": {"level": "restricted"}} if number % 2 else {}))
            fill([said.refused(said.notice(900 + number), offset=900 + number, received_at=noon(-later))], at=noon(-later))
        gone += purge.run(DAY + timedelta(days=later), "test")
        assert purge.left(DAY + timedelta(days=later)).total == 0
    del gone["erased"]  # goes by the time at which it was written, which is the clock's
    assert gone == {"notice": 10, "notice-restricted": 10, "arrival": 20, "refused-body": 20, "refused": 20}
    assert counts(engine, schemas) == {}


def test_a_purge_that_stops_between_two_batches_goes_on_where_it_was(
    tell: Told, purge: Purge, engine: Engine, schemas: Schemas
) -> None:
    for number in range(10):
        tell(number, 401)
    stop = threading.Event()
    first = purge.run(DAY, "test", stop, lambda rule, count: stop.set() if rule == "notice" else None)
    assert first == {"arrival": 10, "notice": 3}
    assert purge.left(DAY).total > 0
    assert len(rows(engine, schemas, select(NOTICES.c.receipt))) == 7
    assert purge.run(DAY, "test") == {"notice": 7}
    assert purge.left(DAY).total == 0


def test_a_batch_of_which_the_end_never_came_has_erased_nothing(
    tell: Told, purge: Purge, engine: Engine, schemas: Schemas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, what stands in work.erased and the audit are one transaction."""
    tell(1, 401)
    before = dump_view(engine, schemas)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(audit, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            purge.run(DAY, "test")
    assert dump_view(engine, schemas) == before
    assert rows(engine, schemas, select(ERASED)) == []
    assert purge.run(DAY, "test") == {"arrival": 1, "notice": 1}


def test_two_purges_at_once_erase_and_count_each_thing_once(tell: Told, purge: Purge, engine: Engine, schemas: Schemas) -> None:
    for number in range(30):
        tell(number, 401)
    with ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(Purge(engine, schemas.prefix, batch=3).run, DAY, "test") for _ in range(2))
    assert first.result() + second.result() == {"arrival": 30, "notice": 30}
    told = [about.rpartition(" ") for about in rows_of_audit(engine, schemas)]
    assert sum(int(count) for rule, _, count in told if rule == "notice") == 30
    assert purge.left(DAY).total == 0


class TestErasedOnRequest:
    def test_no_reader_finds_anything_of_it_whoever_asks(
        self, tell: Told, fill: Filler, purge: Purge, reading: PostgresReading
    ) -> None:
        receipt, other = tell(1, 5), tell(2, 5)
        tell(1, 4, step=2)
        fill([said.refused(said.notice(1, text=SECRET), received_at=noon(3))], at=noon(3))
        assert reading.notice("ta-08", receipt) is not None
        assert purge.notice(receipt, "test") == 27
        for agency in ("ta-39", "ta-08", "hub"):
            assert reading.notice(agency, receipt) is None
            assert reading.trace(agency, receipt) is None
            assert receipt not in str(reading.search(agency, Search(), None, 100).items)
            assert receipt not in str(reading.timeline(agency, "fi:9000001-1", None, 100).items)
            assert receipt not in str(reading.outbox(agency, None, 100).items)
            assert reading.refused(agency, None, 100) == Page([], None)
        assert reading.notice("ta-08", other) is not None
        assert len(reading.outbox("ta-08", None, 100).items) == 1

    def test_what_still_comes_of_it_is_passed_over(
        self, tell: Told, fill: Filler, purge: Purge, engine: Engine, schemas: Schemas
    ) -> None:
        receipt = said.receipt(1)
        assert purge.notice(receipt, "test") == 0
        tell(1, 5)
        tell(1, 4, step=2)
        fill([said.refused(said.notice(1), received_at=noon(3))], at=noon(3))
        assert counts(engine, schemas) == {}
        tell(2, 3)
        assert counts(engine, schemas)["notices"] == 1

    def test_the_check_finds_what_is_there_again(self, tell: Told, purge: Purge, engine: Engine, schemas: Schemas) -> None:
        receipt = tell(1, 5)
        purge.notice(receipt, "test")
        assert purge.left(DAY).total == 0
        row = {"receipt": receipt, "step": 1, "agency": "ta-08", "outcome": "routed", "why": []}
        with schemas.bind(engine).begin() as connection:
            connection.execute(insert(RECIPIENTS).values(row))
        left = purge.left(DAY)
        assert (left.erased["recipients"], left.total) == (1, 1)


def test_the_audit_says_how_much_went_and_nothing_of_what(tell: Told, purge: Purge, engine: Engine, schemas: Schemas) -> None:
    for number in range(4):
        tell(number, 401)
    kept = tell(9, 1)
    purge.run(DAY, "hub")
    purge.notice(kept, "operator")
    told = [(row.who, row.what, row.about) for row in rows(engine, schemas, select(AUDIT).order_by(AUDIT.c.id))]
    assert told == [
        ("hub", "purged", "arrival 3"),
        ("hub", "purged", "arrival 1"),
        ("hub", "purged", "notice 3"),
        ("hub", "purged", "notice 1"),
        ("operator", "notice.erased", kept),
    ]
    noted = str(rows(engine, schemas, select(ERASED)))
    assert not any(word in noted + str(told) for word in (SECRET, "Hitsaamo", "9000001-1", "ta-39", "rekry"))


def test_what_was_erased_is_only_ever_added_to(purge: Purge, engine: Engine, schemas: Schemas) -> None:
    purge.notice(said.receipt(1), "test")
    for change in ("UPDATE {}.erased SET rule = 'x'", "DELETE FROM {}.erased", "TRUNCATE {}.erased"):
        with pytest.raises(Exception, match="only ever added to"), engine.begin() as connection:
            connection.execute(text(change.format(schemas.work)))
    purge.notice(said.receipt(1), "test")
    assert len(rows(engine, schemas, select(ERASED))) == 1


def test_what_a_rebuild_left_behind_goes_too(tell: Told, purge: Purge, engine: Engine, schemas: Schemas) -> None:
    tell(1, 401)
    views = Views(engine, schemas.prefix)
    views.draft()
    with views.halted() as handover:
        handover.swap()
    assert purge.left(DAY).past["notices"] == 1, "in the view that was replaced"
    assert purge.run(DAY, "test") == {}
    assert purge.left(DAY).total == 0
    assert rows(engine, schemas, select(STAGES)) == []
