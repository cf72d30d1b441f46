"""What is read of a notice that one agency said in another one's name: by that one, by who said it, by anybody else."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select

from connectors.store import audit
from connectors.store.audit import PostgresAudit
from connectors.store.names import Schemas
from connectors.store.reading import PostgresReading
from connectors.store.tables import AUDIT
from hub.ports import Reading, Search
from schemas import topics
from schemas.acknowledgement import Acknowledgement, RoutedAcknowledgement
from schemas.messages import Submission, XRoadMessage
from schemas.wire import HUB, Message, event, type_of
from tests.builders import AT, body_of
from tests.connectors.store.filling import CURSOR_SECRET as SECRET
from tests.connectors.store.filling import Filler
from tests.hub.projection import said

pytestmark = pytest.mark.database
DOER, NAME, OTHER, HEIR = "keha", "ta-39", "evk-04", "ta-50"


def submitted(body: dict[str, Any], sender: str = DOER) -> Message:
    xroad = XRoadMessage(client="FI/GOV/1-1/x", id="message-1")
    sent = Submission(sender=sender, way="api", body=body_of(body).decode(), on_behalf_of=NAME, xroad=xroad)
    return replace(said.submitted(body, NAME), value=sent.model_dump_json().encode())


def stages(reading: Reading, agency: str) -> list[tuple[str, int, str | None]]:
    trace = reading.trace(agency, said.receipt()) or {"stages": []}
    return [(stage["stage"], stage["step"], stage.get("sent_by")) for stage in trace["stages"]]


@pytest.fixture
def filled(fill: Filler, schemas: Schemas) -> None:
    """Step 1 by KEHA in Tampere's name, step 2 by Tampere itself; a refusal of each; a try of one who may not."""
    notice = said.notice(text="of KEHA")
    first, own = said.path(notice, to=("ta-08",), sent_by=DOER), said.path(said.notice(text="own"), to=("ta-08", OTHER), step=2)
    fill([submitted(notice), *first[1:], *own[1:]])
    fill([said.refused(said.notice(), NAME, 7, sent_by=DOER), said.refused(said.notice(9), NAME, 8)])
    fill([submitted(said.notice(), OTHER), said.refused(said.notice(), OTHER, 9)])


@pytest.mark.usefixtures("filled")
def test_the_agency_in_whose_name_it_is_sees_all_of_it_and_who_said_it(reading: Reading) -> None:
    whole = stages(reading, NAME)
    assert ("accepted", 1, DOER) in whole
    assert ("accepted", 2, None) in whole
    assert ("received", 0, DOER) in whole
    notice = reading.notice(NAME, said.receipt())
    assert notice is not None
    assert (notice["sender"], notice["notice"]["text"], len(notice["versions"])) == (NAME, "own", 2)
    trace = reading.trace(NAME, said.receipt())
    assert trace is not None
    assert next(stage for stage in trace["stages"] if stage["stage"] == "received")["xroad_id"] == "message-1"
    assert {(item["id"], item.get("sent_by")) for item in reading.refused(NAME, None, 10).items} == {("R-1", DOER), ("R-9", None)}


@pytest.mark.usefixtures("filled")
def test_who_said_it_sees_what_it_said_and_no_more(reading: Reading) -> None:
    assert {(stage, step) for stage, step, _ in stages(reading, DOER)} == {
        *(("received", 0), ("refused", 0)),
        *((stage, 1) for stage in ("accepted", "routed", "enriched", "delivered")),
    }
    trace, notice = reading.trace(DOER, said.receipt()), reading.notice(DOER, said.receipt())
    assert trace is not None
    assert notice is not None
    assert {recipient["agency"] for recipient in trace["recipients"]} == {"ta-08"}
    assert (notice["step"], notice["sender"], notice["sent_by"], notice["notice"]["text"]) == (1, NAME, DOER, "of KEHA")
    assert "own" not in str(notice)
    assert [(item["id"], item["sender"]) for item in reading.refused(DOER, None, 10).items] == [("R-1", NAME)]
    assert reading.search(DOER, Search(), None, 10).items == []


@pytest.mark.usefixtures("filled")
def test_who_said_it_and_was_told_too_sees_both_parts_and_nothing_twice(fill: Filler, reading: Reading) -> None:
    step = said.accepted(said.notice(text="own"), step=2)
    fill([said.copy(step, DOER)])
    trace, notice = reading.trace(DOER, said.receipt()), reading.notice(DOER, said.receipt())
    assert trace is not None
    assert notice is not None
    assert {(recipient["step"], recipient["agency"]) for recipient in trace["recipients"]} == {(1, "ta-08"), (2, DOER)}
    assert [(stage["step"], stage["agency"]) for stage in trace["stages"] if stage["stage"] == "delivered"] == [
        *((1, "ta-08"), (2, DOER))
    ]
    assert [version["step"] for version in notice["versions"]] == [1, 2]


@pytest.mark.usefixtures("filled")
def test_who_stands_in_its_place_has_what_is_its_own_and_nothing_that_it_said_for_another(
    fill: Filler, engine: Engine, schemas: Schemas
) -> None:
    """HEIR stands in the place of the doer, and was told of the second step; the doer has a predecessor too."""
    fill([said.copy(said.accepted(said.notice(text="own"), step=2), HEIR)])
    before = {HEIR: (HEIR, DOER), DOER: (DOER, "evk-09")}
    reading = PostgresReading(engine, SECRET, schemas, recut=lambda agency, body: body, names=lambda one: before.get(one, (one,)))
    notice, trace = reading.notice(HEIR, said.receipt()), reading.trace(HEIR, said.receipt())
    assert notice is not None
    assert trace is not None
    assert [version["step"] for version in notice["versions"]] == [2]
    assert {row["agency"] for row in trace["stages"] + trace["recipients"]} == {HEIR}
    of_doer = reading.trace(DOER, said.receipt())
    assert of_doer is not None
    assert not of_doer["whole"], "a predecessor of its own makes nobody the sender"


@pytest.mark.usefixtures("filled")
def test_who_only_said_a_step_for_another_sees_nobody_s_answers_until_it_is_told_itself(
    fill: Filler, engine: Engine, schemas: Schemas
) -> None:
    step = said.accepted(said.notice(text="own"), step=2)
    answer = Acknowledgement(
        acknowledgement="a", receipt=step.receipt, answers=2, kind=step.kind, owner=NAME, agency=OTHER, id="1", answer="decline",
        reason="Syy", employer_key=step.employer_key, received_at=AT, origin=step.origin,
    )  # fmt: skip
    routed = RoutedAcknowledgement(acknowledgement=answer, outcome="kept", hearers=(), registry_revision=7, decided_as_of=AT)
    kind = type_of("acknowledgement.recruitment.routed")
    fill([event(topics.ACKNOWLEDGED.name, step.employer_key, routed, id="a", type=kind, source=HUB, time=AT)])
    reading = PostgresReading(engine, SECRET, schemas, recut=lambda agency, body: body, hears=lambda agency, by: True)

    def seen() -> list[str]:
        found = reading.acknowledgements(DOER, step.receipt)
        assert found is not None
        return [one["reason"] for one in found["answers"]]

    assert seen() == []
    fill([said.copy(step, DOER)])
    assert seen() == ["Syy"]


def test_naming_its_sender_opens_no_notice(fill: Filler, reading: Reading) -> None:
    """Who is not let in another's name has said so on notices.received all the same: that alone shows nothing."""
    fill(said.path(said.notice(text="own"), to=("ta-08",)))
    fill([submitted(said.notice(), OTHER)])
    assert reading.trace(OTHER, said.receipt()) is None
    assert reading.notice(OTHER, said.receipt()) is None
    fill([said.refused(said.notice(), OTHER, 9)])
    assert [item["id"] for item in reading.refused(OTHER, None, 10).items] == ["R-1"]
    assert reading.trace(OTHER, said.receipt()) is None


def test_an_entry_of_the_audit_stands_by_itself(engine: Engine, schemas: Schemas) -> None:
    PostgresAudit(engine, schemas).record("ta-39/xroad:FI/GOV/1-1/x", "xroad.request", "POST /v1/notices X-Road-Id 7", "case 7")
    with schemas.bind(engine).connect() as connection:
        (row,) = connection.execute(select(AUDIT)).all()
    assert (row.who, row.what, row.basis) == ("ta-39/xroad:FI/GOV/1-1/x", "xroad.request", "case 7")
    assert audit.broken_at(engine, schemas, str(row.day)) is None
