"""Lists: filters by area and stage, paging with ties, and cursors that are not the caller's."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from connectors.store.names import Schemas
from connectors.store.reading import PostgresReading
from hub.core.views import cut_for
from hub.ports import Page, Reading, Search
from schemas.errors import Refusal
from tests.builders import AT, a_downsizing_notice
from tests.connectors.store.filling import Filler, everything, found
from tests.hub.projection import said

pytestmark = pytest.mark.database
KEY = "fi:9000001-1"


def test_filters_look_at_the_newest_step_only(fill: Filler, reading: Reading) -> None:
    first = a_downsizing_notice()
    second = a_downsizing_notice(stage="decision", workplaces=[{"area": "fi:kunta:091"}])
    for step, body in ((1, first), (2, second)):
        event = said.accepted(body, step=step, received_at=AT + timedelta(days=step))
        fill([said.history(event), said.copy(event, "ta-08")])
    for agency in ("ta-39", "ta-08"):
        assert found(reading, agency, stage="negotiations") == []
        assert found(reading, agency, stage="decision") == ["D-1"]
        assert found(reading, agency, area="fi:kunta:837") == []
        assert found(reading, agency, area="fi:kunta:091") == ["D-1"]
        assert found(reading, agency, kind="recruitment") == []
        assert found(reading, agency, employer_key="fi:9000000-3", kind="downsizing") == ["D-1"]
        assert found(reading, agency, received_from=AT + timedelta(days=2)) == ["D-1"]
        assert found(reading, agency, received_to=AT + timedelta(days=2)) == []


def test_a_wider_area_holds_the_municipalities_in_it(fill: Filler, reading: Reading) -> None:
    fill([said.history(said.accepted(said.notice()))])
    assert found(reading, area="fi:maakunta:06") == ["R-1"]
    assert found(reading, area="fi:maakunta:01") == []


@pytest.mark.parametrize("agency", ["ta-39", "ta-08"])
def test_hundreds_of_notices_of_one_instant_are_each_seen_once(fill: Filler, reading: Reading, agency: str) -> None:
    steps = [said.accepted(said.notice(number)) for number in range(500)]
    fill([message for step in steps for message in (said.history(step), said.copy(step, "ta-08"))])
    wanted = sorted(step.receipt for step in steps)
    for size in (7, 100, 499, 500):
        listed = everything(lambda cursor, size=size: reading.search(agency, Search(), cursor, size))  # type: ignore[misc]
        assert [item["receipt"] for item in listed] == wanted[::-1]
        history = everything(lambda cursor, size=size: reading.timeline(agency, KEY, cursor, size))  # type: ignore[misc]
        assert [item["receipt"] for item in history] == wanted


@pytest.mark.parametrize("agency", ["ta-39", "ta-08"])
def test_one_at_a_time_ends(fill: Filler, reading: Reading, agency: str) -> None:
    steps = [said.accepted(said.notice(number)) for number in range(60)]
    fill([message for step in steps for message in (said.history(step), said.copy(step, "ta-08"))])
    assert len({item["receipt"] for item in everything(lambda cursor: reading.search(agency, Search(), cursor, 1))}) == 60
    assert len(everything(lambda cursor: reading.timeline(agency, KEY, cursor, 1))) == 60


def test_microseconds_are_not_lost_between_pages(fill: Filler, reading: Reading) -> None:
    for number in range(50):
        moment = AT + timedelta(microseconds=number)
        step = said.accepted(said.notice(number), received_at=moment)
        fill([said.history(step), said.refused(said.notice(number), offset=number, received_at=moment)])
    for size in (1, 2):
        history = everything(lambda cursor, size=size: reading.timeline("ta-39", KEY, cursor, size))  # type: ignore[misc]
        assert [item["notice"]["id"] for item in history] == [f"R-{number}" for number in range(50)]
        listed = everything(lambda cursor, size=size: reading.search("ta-39", Search(), cursor, size))  # type: ignore[misc]
        assert [item["notice"]["id"] for item in listed] == [f"R-{number}" for number in reversed(range(50))]
        refused = everything(lambda cursor, size=size: reading.refused("ta-39", cursor, size))  # type: ignore[misc]
        assert [item["id"] for item in refused] == [f"R-{number}" for number in reversed(range(50))]


@pytest.mark.parametrize("agency", ["ta-39", "ta-08"])
def test_a_full_page_of_one_instant_is_passed_by_also_where_it_is_the_moment_asked_for(
    fill: Filler, reading: Reading, agency: str
) -> None:
    moments = [AT - timedelta(seconds=1), *[AT] * 5, AT + timedelta(seconds=1)]
    steps = [said.accepted(said.notice(number), received_at=at) for number, at in enumerate(moments)]
    fill([message for step in steps for message in (said.history(step), said.copy(step, "ta-08"))])
    for size in (1, 5, 6):
        listed = everything(lambda cursor, size=size: reading.search(agency, Search(received_from=AT), cursor, size))  # type: ignore[misc]
        assert listed[0]["receipt"] == steps[-1].receipt
        assert [item["receipt"] for item in listed[1:]] == sorted((step.receipt for step in steps[1:-1]), reverse=True)


def test_own_and_received_notices_are_one_list(fill: Filler, reading: Reading) -> None:
    for number in range(20):
        sender, other = ("ta-39", "ta-08") if number % 2 else ("ta-08", "ta-39")
        step = said.accepted(said.notice(number), sender, received_at=AT + timedelta(minutes=number))
        fill([said.history(step), said.copy(step, other), said.copy(step, sender)])
    listed = everything(lambda cursor: reading.search("ta-39", Search(), cursor, 3))
    assert [item["notice"]["id"] for item in listed] == [f"R-{number}" for number in reversed(range(20))]
    assert [item["via"] for item in listed] == ["sent", "received"] * 10
    history = everything(lambda cursor: reading.timeline("ta-39", KEY, cursor, 3))
    assert [item["notice"]["id"] for item in history] == [f"R-{number}" for number in range(20)]


def test_a_starter_that_was_identified_has_one_history(fill: Filler, reading: Reading) -> None:
    """R-1 moves from the referral number to the company; R-2 and R-3 stand under one of the two. ta-08 was told of all,
    evk-04 only before the move: it does not learn who the starter is."""
    as_starter = {"employer_key": "ref:ta-39:7"}
    first = said.accepted(said.notice(1), **as_starter)
    moved = said.accepted(said.notice(1), step=2, type="moved", **as_starter)
    named = said.accepted(said.notice(1), step=3, type="correction", received_at=AT + timedelta(days=2))
    before = said.accepted(said.notice(2), received_at=AT + timedelta(days=1), **as_starter)
    after = said.accepted(said.notice(3), received_at=AT + timedelta(days=3))
    fill([said.history(step) for step in (first, moved, named, before, after)])
    fill([said.copy(step, "ta-08") for step in (first, named, before, after)] + [said.stub_of(moved, "ta-08")])
    fill([said.copy(step, "evk-04") for step in (first, before, after)] + [said.stub_of(moved, "evk-04")])

    def told(agency: str, key: str = "fi:9000001-1") -> list[tuple[str, int]]:
        items = everything(lambda cursor: reading.timeline(agency, key, cursor, 2))
        return [(item["receipt"], item["step"]) for item in items]

    one, two, three = (said.receipt(number) for number in (1, 2, 3))
    assert told("ta-39") == [(one, 1), (one, 2), (two, 1), (one, 3), (three, 1)]
    assert told("ta-08") == [(one, 2), (two, 1), (one, 3), (three, 1)]
    assert told("evk-04") == [(three, 1)]
    assert told("evk-04", "ref:ta-39:7") == [(one, 2), (two, 1)]


def test_a_history_is_narrowed_to_a_place_with_all_steps_of_its_notices(fill: Filler, reading: Reading) -> None:
    """R-1 names Tampere, R-2 moves from Tampere to Helsinki, R-3 names Helsinki. ta-08 has all, evk-04 no longer R-2."""
    helsinki = {"workplaces": [{"area": "fi:kunta:091"}]}
    first = said.accepted(said.notice(1))
    before = said.accepted(said.notice(2), received_at=AT + timedelta(days=1))
    after = said.accepted(said.notice(2, **helsinki), step=2, type="correction", received_at=AT + timedelta(days=2))
    there = said.accepted(said.notice(3, **helsinki), received_at=AT + timedelta(days=3))
    steps = (first, before, after, there)
    fill([said.history(step) for step in steps] + [said.copy(step, "ta-08") for step in steps])
    fill([said.copy(step, "evk-04") for step in (first, before, there)] + [said.stub_of(after, "evk-04")])
    ended = said.accepted(said.notice(1), step=2, type="withdrawal", received_at=AT + timedelta(days=4), notice={})
    fill([said.history(ended), said.stub_of(ended, "ta-08")])

    def told(agency: str, area: str, size: int = 1) -> list[tuple[str, int]]:
        items = everything(lambda cursor: reading.timeline(agency, KEY, cursor, size, area))
        return [(item["receipt"], item["step"]) for item in items]

    one, two, three = (said.receipt(number) for number in (1, 2, 3))
    assert told("ta-39", "fi:kunta:837") == [(one, 1), (two, 1), (two, 2), (one, 2)]
    assert told("ta-39", "fi:maakunta:06") == told("ta-39", "fi:kunta:837", 50)
    assert told("ta-39", "fi:kunta:091") == [(two, 1), (two, 2), (three, 1)]
    assert told("ta-08", "fi:kunta:837") == [(two, 1), (two, 2)], "R-1 is taken back: its place is no longer told"
    assert told("evk-04", "fi:kunta:837") == [(one, 1)], "nor that R-2 was ever there"
    assert told("evk-04", "fi:kunta:091") == [(three, 1)]
    assert told("ta-39", "fi:kunta:109") == told("evk-10", "fi:kunta:837") == []


def test_what_concerns_a_group_is_found_by_its_head_as_far_as_the_agency_is_told_of_it(fill: Filler, reading: Reading) -> None:
    """R-1 is the head's own, R-2 and R-3 name it, R-4 names another one. finnvera has R-2 for statistics only."""
    head = {"group": {"foreign": {"country": "se", "number": "123456-7897"}}}
    own = {"business_id": None, "foreign": {"country": "se", "number": "SE123456789701"}}
    bodies = [{"employer": own}, {"employer": head}, {"employer": head}, {"employer": {"group": {"business_id": "0112038-9"}}}]
    keys = ["se:1234567897", "fi:9000001-1", "fi:9000002-8", "fi:9000003-6"]
    steps = [
        said.accepted(said.notice(number, **body), employer_key=key, received_at=AT + timedelta(hours=number))
        for number, (body, key) in enumerate(zip(bodies, keys, strict=True), 1)
    ]
    fill([said.history(step) for step in steps] + [said.copy(step, "ta-08") for step in steps])
    fill([said.copy(steps[0], "finnvera"), said.copy(steps[1], "finnvera", notice=cut_for(steps[1].notice, "statistics"))])

    def told(agency: str, group: str) -> list[str]:
        items = everything(lambda cursor: reading.search(agency, Search(group=group), cursor, 1))
        return [item["receipt"] for item in items]

    one, two, three, four = (said.receipt(number) for number in range(1, 5))
    for agency in ("ta-39", "ta-08"):
        assert told(agency, "se:1234567897") == [three, two, one]
        assert told(agency, "fi:0112038-9") == [four]
        assert told(agency, "fi:9000001-1") == [two]
    assert told("finnvera", "se:1234567897") == [one]


def test_a_cursor_that_was_made_up_is_refused(fill: Filler, reading: Reading) -> None:
    fill(said.path(said.notice()))
    pages: list[Callable[[str], Page]] = [
        lambda cursor: reading.search("ta-39", Search(), cursor, 5),
        lambda cursor: reading.timeline("ta-39", KEY, cursor, 5),
        lambda cursor: reading.refused("ta-39", cursor, 5),
    ]
    for made_up in ("", "abc", "-1", "é", "A" * 10_000, "AAAA" * 20, "\x00", "null", "e1.5"):
        for page in pages:
            with pytest.raises(Refusal) as refused:
                page(made_up)
            assert "leave it out" in refused.value.findings[0].message


def test_a_cursor_holds_for_its_own_list_agency_and_search_only(
    fill: Filler, reading: Reading, engine: Engine, schemas: Schemas
) -> None:
    for number in range(3):
        step = said.accepted(said.notice(number))
        fill([said.history(step), said.copy(step, "ta-08")])
    cursor = reading.search("ta-39", Search(text="hitsaaja"), None, 1).next
    assert cursor is not None
    assert len(reading.search("ta-39", Search(text="hitsaaja"), cursor, 5).items) == 2
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    other_secret = PostgresReading(engine, b"another secret of cursors", schemas)
    for page in (
        lambda: reading.search("ta-08", Search(text="hitsaaja"), cursor, 5),
        lambda: reading.search("ta-39", Search(), cursor, 5),
        lambda: reading.search("ta-39", Search(kind="hitsaaja"), cursor, 5),
        lambda: reading.timeline("ta-39", KEY, cursor, 5),
        lambda: reading.refused("ta-39", cursor, 5),
        lambda: reading.search("ta-39", Search(text="hitsaaja"), changed, 5),
        lambda: other_secret.search("ta-39", Search(text="hitsaaja"), cursor, 5),
    ):
        with pytest.raises(Refusal):
            page()


def test_a_page_has_a_size(reading: Reading) -> None:
    pages: list[Callable[[int], Page]] = [
        lambda limit: reading.search("ta-39", Search(), None, limit),
        lambda limit: reading.timeline("ta-39", KEY, None, limit),
        lambda limit: reading.refused("ta-39", None, limit),
        lambda limit: reading.outbox("ta-39", None, limit),
    ]
    for limit in (0, -1, 501, 10**9):
        for page in pages:
            with pytest.raises(Refusal):
                page(limit)
