"""Answers in the views: what the agents really said of a few notices, read by the sender, by authorities, by others."""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas
from connectors.store.purging import Purge
from connectors.store.reading import PostgresReading
from hub.answering import Answerable
from hub.core.acknowledging import hears
from hub.core.recutting import recut
from hub.ports import Search
from schemas.ids import receipt_of
from tests.builders import AT, DAY, HELSINKI, a_correction, a_downsizing_notice, a_recruitment_notice, a_small_registry
from tests.connectors.store.filling import CURSOR_SECRET, Filler
from tests.hub.agents.steps import PREFIX, Steps

pytestmark = pytest.mark.database
SHARED = a_downsizing_notice(homes=[{"area": HELSINKI, "count": 4}], needs=[{"code": "N_STRUCTURAL"}])
WELDERS = a_recruitment_notice(needs=[{"code": "N_RECRUIT_HARD"}])
LEAVING = a_recruitment_notice(id="R-2")
MOVED = a_recruitment_notice(id="R-3", source="rekry/muut")
SENDER = "evk-04"


def say(id: str, answer: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "answer": answer} | more


@pytest.fixture(scope="module")
def schemas(servers: Any) -> Iterator[Schemas]:
    names = Schemas(f"acks{os.getpid()}_")
    migrate(servers.url, names.prefix)
    yield names
    drop_everything(servers.url, names.prefix)


@pytest.fixture(scope="module")
def engine(servers: Any) -> Iterator[Engine]:
    made = create_engine(servers.url.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def filled(engine: Engine, schemas: Schemas) -> None:
    """All that the agents said, a minute apart, as it stands on the topics."""
    steps, fill, at = Steps(), Filler(engine, schemas), AT
    turns = [
        *(lambda one=one, at=at: steps.submit(one, SENDER, at) for one in (SHARED, WELDERS, LEAVING)),
        lambda at: steps.answer(SHARED, say("a", "claim", desk="line-1"), "ta-39", 1, SENDER, at),
        lambda at: steps.answer(SHARED, say("a", "claim"), "ta-08", 1, SENDER, at),
        lambda at: steps.answer(SHARED, say("b", "in-progress"), "ta-39", 1, SENDER, at),
        lambda at: steps.answer(SHARED, say("a", "not-ours"), "tem", 1, SENDER, at),
        lambda at: steps.answer(SHARED, say("forged", "claim"), "takk", 1, SENDER, at),
        lambda at: steps.answer(WELDERS, say("a", "decline", reason="Ei tilaa"), "takk", 1, SENDER, at),
        lambda at: steps.answer(LEAVING, say("a", "claim"), "ta-39", 1, SENDER, at),
        lambda at: steps.submit(a_correction(LEAVING, workplaces=[{"area": HELSINKI}]), SENDER, at),
        lambda at: steps.answer(LEAVING, say("a", "claim"), "ta-08", 2, SENDER, at),
        lambda at: steps.submit(MOVED, SENDER, at),
        lambda at: steps.submit(a_correction(MOVED, employer={"business_id": "9100020-8", "name": "Oikea Oy"}), SENDER, at),
    ]
    for turn in turns:
        messages = [
            one.__class__(one.topic.removeprefix(PREFIX), one.key, one.value, one.headers) for one in turn(at=at).messages
        ]
        fill(messages, at=at)
        at += timedelta(minutes=1)


@pytest.fixture
def reading(engine: Engine, schemas: Schemas, filled: None) -> PostgresReading:
    registry = a_small_registry()

    def cut(agency: str, copy: dict[str, Any]) -> dict[str, Any] | None:
        return recut(agency, copy, registry, DAY)

    return PostgresReading(engine, CURSOR_SECRET, schemas, recut=cut, hears=lambda agency, by: hears(agency, by, registry))


def receipt(notice: dict[str, Any]) -> str:
    return receipt_of(SENDER, notice["source"], notice["id"])


def read(reading: PostgresReading, agency: str, notice: dict[str, Any]) -> dict[str, Any]:
    found = reading.acknowledgements(agency, receipt(notice))
    assert found is not None
    return found


def answers(found: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(one["agency"], one["answer"], one["counts"]) for one in found["answers"]]


ALL = [("ta-39", "claim", False), ("ta-08", "claim", True), ("ta-39", "in-progress", True), ("tem", "not-ours", True)]


@pytest.mark.parametrize("agency", [SENDER, "hub"])
def test_the_sender_sees_every_answer_who_was_told_and_who_heard(reading: PostgresReading, agency: str) -> None:
    found = read(reading, agency, SHARED)
    assert (found["state"], found["held_by"], found["declined_by"]) == ("in-progress", ["ta-08", "ta-39"], ["tem"])
    assert answers(found) == ALL, "what was forged counts for nobody"
    told = {one["agency"]: one["answer"] for one in found["told"]}
    assert told["ta-39"] == "in-progress", "the last one counts"
    assert (told["tem"], told["ta-08"]) == ("not-ours", "claim")
    assert set(told) - {"ta-39", "ta-08", "tem"} <= {SENDER}
    assert [one["agency"] for one in found["answers"][0]["heard_by"]] == [SENDER, "ta-08"]
    assert not any("id" in one for one in found["answers"])


def test_authorities_see_each_other_and_nobody_else(reading: PostgresReading) -> None:
    found = read(reading, "ta-08", SHARED)
    assert (answers(found), found["state"]) == (ALL[:3], "in-progress")
    assert [one["agency"] for one in found["told"]] == ["ta-08"], "who else was told is the sender's to know"
    assert [one.get("id") for one in found["answers"]] == [None, "a", None]
    assert not any("heard_by" in one for one in found["answers"])


def test_everybody_else_sees_its_own_answers_alone(reading: PostgresReading) -> None:
    group = read(reading, "tem", SHARED)
    assert (answers(group), group["state"]) == ([("tem", "not-ours", True)], "declined")
    partner = read(reading, "takk", WELDERS)
    assert (answers(partner), partner["answers"][0]["reason"]) == ([("takk", "decline", True)], "Ei tilaa")
    assert read(reading, "ta-39", WELDERS)["answers"] == []


def test_who_was_not_told_finds_nothing_also_after_it_answered(reading: PostgresReading) -> None:
    assert reading.acknowledgements("takk", receipt(SHARED)) is None
    assert reading.trace("takk", receipt(SHARED)) is None
    assert reading.acknowledgements("ta-08", receipt(WELDERS)) is None


def test_whom_a_notice_no_longer_concerns_sees_its_own_answer_and_no_later_one(reading: PostgresReading) -> None:
    assert answers(read(reading, "ta-39", LEAVING)) == [("ta-39", "claim", True)]
    assert answers(read(reading, "ta-08", LEAVING)) == [("ta-39", "claim", True), ("ta-08", "claim", True)]


def test_the_trace_has_it_too(reading: PostgresReading) -> None:
    for agency in (SENDER, "ta-08"):
        trace = reading.trace(agency, receipt(SHARED))
        assert trace is not None
        assert trace["acknowledgements"] == read(reading, agency, SHARED)
        events = {stage["event_id"] for stage in trace["stages"] if stage["stage"] == "delivered"}
        heard = {one["event_id"] for said in read(reading, SENDER, SHARED)["answers"] for one in said["heard_by"]}
        assert events.isdisjoint(heard), "that an answer was heard is no delivery of the notice"


def test_the_steps_that_an_agency_may_answer_are_those_that_it_was_told_of(reading: PostgresReading) -> None:
    assert reading.answerable("ta-08", receipt(SHARED)) == Answerable(SENDER, SHARED["source"], SHARED["id"], (1,))
    former, present = reading.answerable("ta-39", receipt(LEAVING)), reading.answerable("ta-08", receipt(LEAVING))
    assert former is not None
    assert present is not None
    assert (former.steps, present.steps) == ((1,), (2,))
    moved = reading.answerable("ta-39", receipt(MOVED))
    assert moved is not None
    assert moved.steps == (3,), "where the notice stands now, nobody knows who had it under the employer of before"
    assert reading.answerable("takk", receipt(SHARED)) is None
    assert reading.answerable("ta-08", receipt(WELDERS)) is None


def test_an_answer_is_told_in_the_outbox_as_no_step_and_found_by_no_search(reading: PostgresReading) -> None:
    items = [item for item in reading.outbox("ta-08", None, 100).items if ".acknowledgement." in item["type"]]
    assert [(item["step"], item["data"]["by"], item["data"]["answer"]) for item in items] == [
        (0, "ta-39", "claim"), (0, "ta-39", "in-progress"),
    ]  # fmt: skip
    for agency in ("ta-08", SENDER):
        notices = reading.search(agency, Search(), None, 100).items
        assert len(notices) == len({item["receipt"] for item in notices})
        assert all(item["notice"] for item in notices)
        timeline = reading.timeline(agency, "fi:9000000-3", None, 100).items
        assert [item["step"] for item in timeline] == [1]
        versions = reading.notice(agency, receipt(SHARED))
        assert versions is not None
        assert len(versions["versions"]) == 1


def test_a_step_that_is_past_its_time_takes_its_answers_with_it(
    engine: Engine, schemas: Schemas, reading: PostgresReading
) -> None:
    """Last: afterwards nothing is there."""
    purge, later = Purge(engine, schemas.prefix), date(2027, 5, 1)
    before = purge.left(later)
    assert before.past["acknowledgements"] >= len(ALL)
    purge.run(later, "tests")
    assert purge.left(later).total == 0
    assert reading.acknowledgements("hub", receipt(SHARED)) is None
