"""The outbox as a feed, refusals, and what the reading side says of itself."""

import dataclasses
import re
from datetime import datetime

import pytest
from sqlalchemy import Engine

from connectors.store.names import Schemas, connect
from connectors.store.reading import PostgresReading
from hub.ports import Page, Reading, Search
from hub.projection.rows import rows_of
from schemas import topics
from schemas.errors import Misconfigured, NotReady, Refusal, Unknown
from tests.connectors.store.filling import CURSOR_SECRET as SECRET
from tests.connectors.store.filling import Filler, everything
from tests.hub.projection import said

pytestmark = pytest.mark.database
KEY = "fi:9000001-1"


def test_the_outbox_in_its_order_and_on_from_any_item(fill: Filler, reading: Reading) -> None:
    fill([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(5)])
    assert reading.outbox("ta-39", None, 10) == Page([], None)
    first = reading.outbox("ta-08", None, 3)
    assert [item["data"]["notice"]["id"] for item in first.items] == ["R-0", "R-1", "R-2"]
    assert first.next == first.items[-1]["cursor"] == "e1.2"
    rest = reading.outbox("ta-08", first.next, 3)
    assert [item["data"]["notice"]["id"] for item in rest.items] == ["R-3", "R-4"]
    assert reading.outbox("ta-08", rest.next, 3) == Page([], rest.next)
    fill([said.copy(said.accepted(said.notice(5)), "ta-08")])
    [last] = reading.outbox("ta-08", rest.next, 3).items
    assert last["id"] and last["type"].startswith("fi.employersituation.") and last["subject"] == KEY  # noqa: PT018


@pytest.mark.parametrize(("count", "size"), [(500, 100), (50, 1), (50, 2)])
def test_an_outbox_of_one_instant_is_paged_to_its_end(fill: Filler, reading: Reading, count: int, size: int) -> None:
    fill([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(count)])
    found, cursor = list[str](), None
    while (page := reading.outbox("ta-08", cursor, size)).items:
        found += [item["data"]["notice"]["id"] for item in page.items]
        cursor = page.next
    assert found == [f"R-{number}" for number in range(count)]
    assert page.next == cursor, "at its end it stands still"


def test_refusals_of_one_instant_are_paged_to_their_end(fill: Filler, reading: Reading) -> None:
    fill([said.refused(said.notice(number), offset=number) for number in range(500)])
    for size in (7, 100, 500):
        listed = everything(lambda cursor, size=size: reading.refused("ta-39", cursor, size))  # type: ignore[misc]
        assert [item["id"] for item in listed] == [f"R-{number}" for number in reversed(range(500))]


def test_the_last_items_and_those_about_some_notices_come_in_order(fill: Filler, reading: Reading) -> None:
    told = [said.accepted(said.notice(number)) for number in (0, 1, 2)]
    fill([said.copy(one, "ta-08") for one in (*told, told[0])])
    fill([said.copy(told[1], "ta-39")])
    every = reading.outbox("ta-08", None, 10).items
    assert reading.latest("ta-08", 2) == every[-2:]
    assert reading.latest("ta-08", 10) == every
    receipts = [every[2]["receipt"], every[0]["receipt"]]
    assert reading.about("ta-08", receipts) == [every[0], every[2]]
    assert reading.about("ta-08", []) == reading.about("ta-08", ["x"]) == reading.latest("nobody", 5) == []
    [own] = reading.about("ta-39", [item["receipt"] for item in every])
    assert own["receipt"] == every[1]["receipt"]
    with pytest.raises(Refusal):
        reading.latest("ta-08", 501)


def test_an_outbox_cursor_of_another_epoch_is_unknown(fill: Filler, reading: Reading) -> None:
    fill([said.copy(said.accepted(said.notice()), "ta-08")])
    for cursor in ("e0.1", "other.0", "e1e1.1"):
        with pytest.raises(Unknown, match="leave it out"):
            reading.outbox("ta-08", cursor, 5)


def test_an_outbox_cursor_that_is_none_is_refused(fill: Filler, reading: Reading) -> None:
    fill([said.copy(said.accepted(said.notice()), "ta-08")])
    for cursor in ("", "e1", "e1.", "e1.-1", "e1.x", ".5", "e1.99999999999999999999", "e1.\u0665", "e1. 1"):
        with pytest.raises(Refusal):
            reading.outbox("ta-08", cursor, 5)


def test_another_agency_s_outbox_cursor_is_unknown(fill: Filler, reading: Reading) -> None:
    fill([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(3)], epoch="of-ta-08")
    fill([said.copy(said.accepted(said.notice(number)), "ta-39") for number in range(3)], epoch="of-ta-39")
    cursor = reading.outbox("ta-08", None, 1).next
    assert cursor == "of-ta-08.0"
    with pytest.raises(Unknown):
        reading.outbox("ta-39", cursor, 5)
    with pytest.raises(Unknown):
        reading.outbox("evk-04", cursor, 5)


def test_after_a_new_epoch_only_its_records_are_the_outbox(fill: Filler, reading: Reading) -> None:
    steps = [said.accepted(said.notice(number)) for number in range(3)]
    fill([said.copy(step, "ta-08") for step in steps])
    topic = topics.outbox("ta-08").name
    fill.writer.enter([(topic, 0, "e2", 0, ("e1", 3))])
    again = [
        dataclasses.replace(said.as_record(said.copy(step, "ta-08"), n, "e2")) for n, step in enumerate((steps[0], steps[2]))
    ]
    fill.writer.write([rows_of(record) for record in again], [(topic, 0, "e2", 0, 2)])
    assert [item["cursor"] for item in reading.outbox("ta-08", None, 10).items] == ["e2.0", "e2.1"]
    assert len(reading.search("ta-08", Search(), None, 10).items) == 3
    with pytest.raises(Unknown, match="leave it out") as lost:
        reading.outbox("ta-08", "e1.0", 10)
    assert "1 stand in no outbox any more" in lost.value.detail, "the others were written again"
    since = re.findall(r"received_from=(\S+)", lost.value.detail)[0]
    found = reading.search("ta-08", Search(received_from=datetime.fromisoformat(since)), None, 10).items
    assert "R-1" in {item["notice"]["id"] for item in found}
    for cursor, agency in (("e1.1", "ta-08"), ("e1.0", "ta-39"), ("e0.0", "ta-08")):
        with pytest.raises(Unknown, match="leave it out") as nothing:
            reading.outbox(agency, cursor, 10)
        assert "any more" not in nothing.value.detail


def test_refusals_are_their_sender_s_with_every_reason(fill: Filler, reading: Reading) -> None:
    unnamed = said.refused({"source": None, "id": None}, None, offset=3, body="rubbish")
    fill([said.refused(said.notice(1)), said.refused(said.notice(2), "ta-08", offset=2), unnamed])
    [own] = reading.refused("ta-39", None, 10).items
    assert (own["id"], own["code"], own["findings"][0]["rule"]) == ("R-1", "refused", "missing")
    assert '"id": "R-1"' in own["body"]
    assert [item["body"] for item in reading.refused("hub", None, 10).items] == ["rubbish"]


def test_behind_asks_the_log(fill: Filler, engine: Engine, schemas: Schemas, reading: Reading) -> None:
    fill(said.path(said.notice(), to=()))
    compared = PostgresReading(
        engine, SECRET, schemas, lag=lambda positions: {topic: 9 - at[1] for (topic, _), at in positions.items()}
    )
    assert compared.behind() == dict.fromkeys(("notices.received", "employer.events", "notices.routed", "notices.enriched"), 8)
    with pytest.raises(Misconfigured):
        reading.behind()


def test_ready_says_what_is_missing(engine: Engine, reading: Reading) -> None:
    assert reading.ready() is None
    assert "migrations" in (PostgresReading(engine, SECRET, Schemas("nothing_here_")).ready() or "")


def test_a_database_that_is_away_is_not_ready_and_no_reader_hangs() -> None:
    away = PostgresReading(connect("postgresql://hub:secret@127.0.0.1:1/hub"), SECRET)
    assert "away" in (away.ready() or "")
    with pytest.raises(NotReady) as error:
        away.notice("ta-39", said.receipt())
    assert "secret" not in str(error.value)


def test_a_short_secret_is_refused(engine: Engine) -> None:
    with pytest.raises(Misconfigured):
        PostgresReading(engine, b"short")


def test_a_cursor_ahead_of_the_outbox_is_said_and_not_waited_at(
    fill: Filler, reading: Reading, engine: Engine, schemas: Schemas
) -> None:
    fill([said.copy(said.accepted(said.notice(number)), "ta-08") for number in range(2)])
    assert reading.outbox("ta-08", "e1.1", 5).items == []
    with pytest.raises(Unknown, match=re.escape("ahead of your outbox, and was not given out by the hub: go on from e1.1")):
        reading.outbox("ta-08", "e1.2", 5)
    lags = PostgresReading(engine, SECRET, schemas, lag=lambda _: {topics.outbox("ta-08").name: 3})
    assert lags.outbox("ta-08", "e1.4", 5) == Page([], "e1.4"), "the view itself may be behind"
    with pytest.raises(Unknown, match="ahead"):
        lags.outbox("ta-08", "e1.5", 5)
