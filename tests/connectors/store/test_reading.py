"""What an agency reads: its own notices, its own copies, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from connectors.store.names import Schemas
from connectors.store.reading import PostgresReading
from hub.core.views import stub
from hub.ports import Page, Reading, Search
from schemas import topics
from schemas.errors import Refusal
from tests.builders import AT, a_downsizing_notice
from tests.connectors.store.filling import CURSOR_SECRET as SECRET
from tests.connectors.store.filling import Filler, found
from tests.hub.projection import said

pytestmark = pytest.mark.database
KEY = "fi:9000001-1"


def test_the_sender_reads_its_whole_notice_and_a_recipient_its_own_copy(fill: Filler, reading: Reading) -> None:
    fill(said.path(said.notice(text="Salainen"), to=("ta-08",)))
    own = reading.notice("ta-39", said.receipt())
    assert own is not None
    assert (own["via"], own["notice"]["text"], own["sender"], own["employer_key"]) == ("sent", "Salainen", "ta-39", KEY)
    copy = reading.notice("ta-08", said.receipt())
    assert copy is not None
    assert (copy["via"], copy["purpose"], copy["notice"]["id"]) == ("received", "partner", "R-1")
    assert copy["why"][0]["role"] == "own-area"
    assert [service["code"] for service in copy["offerings"]] == ["R01"]
    assert "Salainen" not in str(copy)
    assert not {"sender", "source"} & set(copy)


@pytest.mark.parametrize("agency", ["evk-04", "hub", "", "TA-39", "ta-39 ", "%", "ta-3_", "' OR true --"])
def test_what_is_another_agency_s_is_as_if_it_were_not_there(fill: Filler, reading: Reading, agency: str) -> None:
    fill([*said.path(said.notice(), to=("ta-08",)), said.refused(said.notice(2))])
    assert reading.notice(agency, said.receipt()) is None
    if agency != "hub":
        assert reading.trace(agency, said.receipt()) is None
        assert reading.trace(agency, said.receipt(2)) is None
    assert reading.search(agency, Search(), None, 10) == Page([], None)
    assert reading.timeline(agency, KEY, None, 10) == Page([], None)
    assert reading.refused(agency, None, 10) == Page([], None)
    assert reading.outbox(agency, None, 10) == Page([], None)


def test_a_receipt_that_nobody_has(fill: Filler, reading: Reading) -> None:
    fill(said.path(said.notice()))
    for agency in ("ta-39", "ta-08", "hub"):
        assert reading.notice(agency, said.receipt(99)) is None
        assert reading.trace(agency, said.receipt(99)) is None


@pytest.mark.parametrize("value", ["zero\x00byte", "\ud800"])
def test_a_value_that_cannot_be_asked_for_is_refused(fill: Filler, reading: Reading, value: str) -> None:
    for ask in (
        lambda: reading.notice("ta-39", value),
        lambda: reading.trace("ta-39", value),
        lambda: reading.search("ta-39", Search(text=value), None, 5),
        lambda: reading.timeline("ta-39", value, None, 5),
    ):
        with pytest.raises(Refusal):
            ask()


def test_a_stub_takes_the_older_copies_with_it(fill: Filler, reading: Reading) -> None:
    first, second = said.accepted(said.notice()), said.accepted(said.notice(), step=2, received_at=AT + timedelta(hours=1))
    fill([said.history(first), said.copy(first, "ta-08"), said.copy(first, "evk-04")])
    fill([said.history(second), said.stub_of(second, "ta-08"), said.copy(second, "evk-04")])
    stub = reading.notice("ta-08", first.receipt)
    assert stub is not None
    assert (stub["step"], stub["no_longer_concerns_you"], len(stub["versions"])) == (2, True, 1)
    assert "Hitsaamo" not in str(stub)
    assert reading.search("ta-08", Search(), None, 10).items == []
    assert [item["step"] for item in reading.timeline("ta-08", KEY, None, 10).items] == [2]
    trace = reading.trace("ta-08", first.receipt)
    assert trace is not None
    assert (len(trace["stages"]), trace["recipients"], trace["offerings"]) == (2, [], [])
    assert [item["step"] for item in reading.timeline("evk-04", KEY, None, 10).items] == [1, 2]


def test_rights_that_were_narrowed_since_apply_at_each_read(fill: Filler, engine: Engine, schemas: Schemas) -> None:
    fill(said.path(said.notice(1)) + said.path(said.notice(2)))

    def recut(agency: str, copy: dict[str, Any]) -> dict[str, Any] | None:
        return None if copy["notice"]["id"] == "R-1" else copy | {"notice": {"id": "R-2"}}

    reading = PostgresReading(engine, SECRET, schemas, recut=recut)
    assert reading.notice("ta-08", said.receipt(1)) is None
    assert reading.trace("ta-08", said.receipt(1)) is None
    left = reading.notice("ta-08", said.receipt(2))
    assert left is not None
    assert left["notice"] == {"id": "R-2"}
    assert [item["receipt"] for item in reading.search("ta-08", Search(), None, 10).items] == [said.receipt(2)]
    assert [item["data"]["notice"] for item in reading.outbox("ta-08", None, 10).items] == [{"id": "R-2"}]
    assert reading.notice("ta-39", said.receipt(1)) is not None


def test_who_stands_in_an_agency_s_place_reads_what_it_sent_and_had(fill: Filler, engine: Engine, schemas: Schemas) -> None:
    """ta-50 stands in the place of ta-39 (which sent R-1) and of ta-08 (which had a copy of it), but not for R-2."""
    first, second = said.accepted(said.notice(1)), said.accepted(said.notice(1), step=2, received_at=AT + timedelta(hours=1))
    fill(said.path(said.notice(1)) + said.path(said.notice(2)))
    fill([said.history(second), said.copy(second, "ta-50"), said.stub_of(second, "evk-04")])

    def recut(agency: str, copy: dict[str, Any]) -> dict[str, Any] | None:
        return None if agency == "ta-50" and copy["notice"]["id"] == "R-2" else copy

    before = {"ta-50": ("ta-50", "ta-39"), "ta-51": ("ta-51", "ta-08"), "ta-52": ("ta-52", "evk-04")}
    reading = PostgresReading(engine, SECRET, schemas, recut=recut, names=lambda agency: before.get(agency, (agency,)))
    for heir, via, steps in (("ta-50", "sent", [1, 2]), ("ta-51", "received", [1]), ("ta-52", "received", [2])):
        there = reading.notice(heir, first.receipt)
        assert there is not None
        assert (there["via"], [version["step"] for version in there["versions"]]) == (via, steps)
        assert there["no_longer_concerns_you"] is (heir == "ta-52")
    assert found(reading, "ta-50") == ["R-1"]
    assert sorted(found(reading, "ta-51")) == ["R-1", "R-2"]
    assert [item["step"] for item in reading.timeline("ta-50", KEY, None, 10).items if item["via"] == "sent"] == [1, 2]
    assert reading.notice("ta-50", said.receipt(2)) is None
    whole, hidden = (reading.trace("ta-50", said.receipt(number)) for number in (1, 2))
    assert whole is not None
    assert whole["whole"]
    assert hidden is None
    assert reading.outbox("ta-51", None, 10).items == []
    assert reading.refused("ta-50", None, 10).items == []


def test_each_version_names_the_one_that_took_its_place(fill: Filler, reading: Reading) -> None:
    for step in (1, 2, 4):
        fill([said.history(said.accepted(said.notice(posts=step), step=step))])
    found = reading.notice("ta-39", said.receipt())
    assert found is not None
    assert (found["step"], found["notice"]["posts"]) == (4, 4)
    assert [(version["step"], version["superseded_by"]) for version in found["versions"]] == [(1, 2), (2, 4), (4, None)]
    assert [version["notice"]["posts"] for version in found["versions"]] == [1, 2, 4]


def test_each_version_tells_what_it_changed_and_no_more_than_its_reader_may_see(fill: Filler, reading: Reading) -> None:
    for step, changes in ((1, {"posts": 40, "text": "Salainen"}), (2, {"posts": 12, "text": "Yhä salainen"})):
        accepted = said.accepted(
            said.notice(**changes), step=step, type="correction" if step > 1 else "notice", reason="Tarkennus"
        )
        fill([said.history(accepted), said.copy(accepted, "ta-08")])
    own, copy = reading.notice("ta-39", said.receipt()), reading.notice("ta-08", said.receipt())
    assert own is not None
    assert copy is not None
    first, second = own["versions"]
    assert first["changes"] is None
    assert {change["path"]: change["value"] for change in second["changes"]} == {"/posts": 12, "/text": "Yhä salainen"}
    assert (own["type"], own["reason"]) == ("correction", "Tarkennus")
    assert [change["path"] for change in copy["versions"][1]["changes"]] == ["/posts"]
    assert "salainen" not in str(copy)
    assert "Tarkennus" not in str(copy)


def test_of_a_withdrawn_notice_a_recipient_keeps_only_that_it_was_withdrawn(fill: Filler, reading: Reading) -> None:
    first = said.accepted(said.notice())
    fill([said.history(first), said.copy(first, "ta-08")])
    last = said.accepted(said.notice(), step=2, type="withdrawal").model_copy(update={"notice": {}})
    fill([said.history(last), said.copy(last, "ta-08", notice=stub(last))])
    found = reading.notice("ta-08", said.receipt())
    assert found is not None
    assert found["notice"] == {"id": "R-1", "source": "rekry/tampere", "no_longer_concerns_you": True, "withdrawn": True}
    assert len(found["versions"]) == 1
    own = reading.notice("ta-39", said.receipt())
    assert own is not None
    assert [(version["step"], bool(version["notice"])) for version in own["versions"]] == [(1, True), (2, False)]
    assert reading.search("ta-08", Search(), None, 10).items == []


def test_the_notice_stands_before_the_alert_of_the_same_step_and_the_alert_before_nothing(fill: Filler, reading: Reading) -> None:
    step = said.accepted(a_downsizing_notice())
    fill([said.alert(step, "ta-08"), said.alert(step, "ta-08", topics.outbox("ta-08").name)])
    found = reading.notice("ta-08", step.receipt)
    assert found is not None
    assert (found["via"], found["stage"], found["people"]["low"]) == ("alert", "negotiations", 40)
    fill([said.copy(step, "ta-08")])
    found = reading.notice("ta-08", step.receipt)
    assert found is not None
    assert (found["via"], len(found["versions"])) == ("received", 1)
    assert len(reading.search("ta-08", Search(kind="downsizing", stage="negotiations"), None, 10).items) == 1
    assert len(reading.timeline("ta-08", step.employer_key, None, 10).items) == 1
    assert len(reading.outbox("ta-08", None, 10).items) == 2


def test_the_sender_and_the_operator_see_the_whole_trace(fill: Filler, reading: Reading) -> None:
    step = said.accepted(a_downsizing_notice())
    fill(said.path(a_downsizing_notice(), to=("ta-39", "ta-08")))
    fill([said.alert(step, "ta-08"), said.alert(step, "ta-08", topics.outbox("ta-08").name)])
    trace = reading.trace("ta-39", step.receipt)
    assert trace is not None
    assert reading.trace("hub", step.receipt) == trace
    stages = [(stage["stage"], stage.get("agency")) for stage in trace["stages"]]
    assert sorted(stages, key=str) == [
        ("accepted", None),
        ("alerted", "ta-08"),
        ("delivered", "ta-08"),
        ("delivered", "ta-08"),
        ("delivered", "ta-39"),
        ("enriched", None),
        ("received", None),
        ("routed", None),
    ]
    assert [(found["agency"], len(found["event_ids"])) for found in trace["recipients"]] == [("ta-08", 2), ("ta-39", 1)]
    assert [(service["code"], service["why"][0]["fi"]) for service in trace["offerings"]] == [("R01", "koska"), ("R06", "koska")]
    assert "Tilauskanta" not in str(trace)


def test_another_agency_s_trace_is_its_own_part(fill: Filler, reading: Reading) -> None:
    fill(said.path(said.notice(), to=("ta-39", "ta-08", "evk-04")))
    trace = reading.trace("ta-08", said.receipt())
    assert trace is not None
    assert trace["whole"] is False
    assert {stage["agency"] for stage in trace["stages"]} == {"ta-08"}
    assert {recipient["agency"] for recipient in trace["recipients"]} == {"ta-08"}
    assert "evk-04" not in str(trace)
    assert "ta-39" not in str(trace)


def test_a_submission_can_be_followed_before_it_is_accepted_and_when_it_is_refused(fill: Filler, reading: Reading) -> None:
    fill([said.submitted(said.notice())])
    trace = reading.trace("ta-39", said.receipt())
    assert trace is not None
    assert [stage["stage"] for stage in trace["stages"]] == ["received"]
    fill([said.refused(said.notice())])
    trace = reading.trace("ta-39", said.receipt())
    assert trace is not None
    assert [stage["stage"] for stage in trace["stages"]] == ["received", "refused"]
    assert trace["stages"][1]["findings"][0]["place"] == "/employer"
    assert reading.notice("ta-39", said.receipt()) is None
