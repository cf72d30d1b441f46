"""A notice from its sender's POST to everyone whom it concerns, through every process of the hub."""

from typing import Any

import pytest

from hub.core.views import ALLOWED
from schemas.topics import ALERTS
from tests.journeys.running import Hub, development, downsizing, recruitment

pytestmark = [pytest.mark.broker, pytest.mark.database]


def test_a_downsizing_reaches_whom_it_concerns_and_nobody_else(hub: Hub) -> None:
    receipt = hub.post("ta-39", downsizing("whole-path"))
    own, centre = hub.copy("ta-39", receipt), hub.copy("evk-04", receipt)
    assert own["data"]["why"][0]["role"] == "own-area"
    assert centre["data"]["why"][0]["role"] == "tem-group"
    hub.settle()
    for path in (f"/v1/notices/{receipt}", f"/v1/notices/{receipt}/trace"):
        assert hub.ask("evk-04", "GET", path).status_code == 200
        assert hub.ask("evk-10", "GET", path).status_code == 404
        assert hub.ask(None, "GET", path).status_code == 401
    assert hub.outbox("evk-10", receipt) == []


def test_its_alert_stands_in_the_outbox_under_the_id_that_it_has_on_the_topic(hub: Hub) -> None:
    receipt = hub.post("ta-08", downsizing("alerted"))
    alert = hub.alert("ta-39", receipt)
    on_topic = [dict(record.headers() or ())["ce_id"].decode() for record in hub.records(ALERTS)]
    assert alert["id"] in on_topic
    assert alert["data"]["event_id"] == alert["id"]
    assert (alert["data"]["stage"], alert["data"]["bare"]) == ("negotiations", False)


def test_its_sender_sees_every_stage(hub: Hub) -> None:
    receipt = hub.post("ta-39", downsizing("traced"))
    copy, alert = hub.copy("ta-39", receipt), hub.alert("ta-39", receipt)
    hub.settle()
    trace = hub.get("ta-39", f"/v1/notices/{receipt}/trace")
    assert {stage["stage"] for stage in trace["stages"]} == {"received", "accepted", "routed", "enriched", "delivered", "alerted"}
    told = {recipient["agency"]: recipient for recipient in trace["recipients"]}
    assert set(told["ta-39"]["event_ids"]) == {copy["id"], alert["id"]}
    assert all(recipient["why"] for recipient in trace["recipients"])
    assert {offer["code"] for offer in trace["offerings"]}
    times = [stage["at"] for stage in trace["stages"]]
    assert times == sorted(times)


def test_a_repeat_has_the_same_receipt_and_is_told_to_nobody_again(hub: Hub) -> None:
    receipt = hub.post("ta-39", downsizing("again"))
    hub.copy("ta-39", receipt)
    hub.settle()
    before = {agency: hub.outbox(agency, receipt) for agency in ("ta-39", "evk-04")}
    assert hub.post("ta-39", downsizing("again")) == receipt
    hub.settle()
    assert {agency: hub.outbox(agency, receipt) for agency in before} == before


def test_another_content_under_the_same_id_is_refused_and_the_first_stands(hub: Hub) -> None:
    receipt = hub.post("ta-39", recruitment("conflict"))
    hub.post("ta-39", recruitment("conflict", posts=41))
    refused = hub.refusal("ta-39", "conflict")
    assert (refused["code"], refused["receipt"]) == ("conflict", receipt)
    assert hub.copy("ta-39", receipt)["data"]["notice"]["posts"]["low"] == 40


THREE: list[tuple[str, dict[str, Any], tuple[str, ...], str]] = [
    ("ta-39", recruitment("three-1", text="CANARY", diary_number="CANARY"), ("takk", "tredu"), "takk"),
    ("evk-04", development("three-2", text="CANARY", basis="CANARY"), ("ta-39", "finnvera", "tesi"), "business-tampere"),
    (
        "ta-08",
        downsizing("three-3", grounds="CANARY", measures=[{"measure": "dismissal", "planned": 140, "staff_group": "CANARY"}]),
        ("ta-39", "evk-04", "tem", "keha", "jotpa"),
        "council-06",
    ),
]


@pytest.mark.parametrize(("sender", "notice", "told", "partner"), THREE, ids=["recruitment", "development", "downsizing"])
def test_three_agencies_three_kinds_and_the_partners_copy_is_cut(
    hub: Hub, sender: str, notice: dict[str, Any], told: tuple[str, ...], partner: str
) -> None:
    receipt = hub.post(sender, notice)
    for agency in told:
        assert hub.copy(agency, receipt)["data"]["kind"] == notice["kind"]
    assert "CANARY" in str(hub.copy("ta-39", receipt))
    cut = hub.copy(partner, receipt)
    assert cut["data"]["purpose"] == "partner"
    assert "CANARY" not in str(cut)
    assert set(cut["data"]["notice"]) <= {path.partition(".")[0].rstrip("#") for path in ALLOWED["partner"]}
    hub.settle()
    assert "CANARY" not in str(hub.get(partner, f"/v1/notices/{receipt}"))
    assert "CANARY" not in str(hub.get(partner, f"/v1/notices/{receipt}/trace"))


def test_what_nobody_is_responsible_for_stands_in_the_fallbacks_outbox(hub: Hub) -> None:
    """Promise 6. Somewhere in Finland, of which no authority is told: the notice and its alert."""
    receipt = hub.post("ta-39", downsizing("nobody", workplaces=[{"area": "fi:maa:FI"}]))
    hub.settle()
    letters = [letter for letter in hub.letters() if receipt in letter["value"]]
    assert [letter["hub-detail"] for letter in letters] == []
    assert {item["data"]["why"][0]["role"] for item in hub.outbox("fallback", receipt)} == {"fallback"}
    assert len(hub.outbox("fallback", receipt)) == 2


def test_an_employer_abroad_has_one_time_line_however_its_number_is_written(hub: Hub) -> None:
    def abroad(id: str, number: str) -> dict[str, Any]:
        return recruitment(id, employer={"business_id": None, "foreign": {"country": "se", "number": number}})

    receipts = [hub.post("ta-39", abroad(f"abroad-{number}", number)) for number in ("123456-7897", "SE123456789701")]
    for receipt in receipts:
        assert hub.copy("ta-39", receipt)["subject"] == "se:1234567897"
    hub.settle()
    for asked in ("se:1234567897", "se:SEBOLREG.1234567897"):
        assert [item["receipt"] for item in hub.get("ta-39", f"/v1/employers/{asked}/timeline")["items"]] == receipts
    assert hub.get("ta-39", "/v1/employers/ee:12345678/timeline")["items"] == []


def test_two_establishments_reach_their_own_authorities_and_stay_one_employer(hub: Hub) -> None:
    both = [("tampere", "ta-39", "fi:kunta:837"), ("helsinki", "ta-08", "fi:kunta:091")]
    employer = {"business_id": "9876543-0", "name": "Kaksi Toimipaikkaa Oy"}
    notices = {
        agency: hub.post("ta-39", downsizing(f"establishment-{town}", employer=employer, workplaces=[{"area": area}]))
        for town, agency, area in both
    }
    for _, agency, area in both:
        assert hub.copy(agency, notices[agency])["data"]["why"][0]["role"] == "own-area"
        hub.settle()
        narrowed = hub.get("ta-39", f"/v1/employers/fi:9876543-0/timeline?area={area}")["items"]
        assert {item["receipt"] for item in narrowed} == {notices[agency]}
    whole = hub.get("ta-39", "/v1/employers/fi:9876543-0/timeline")["items"]
    assert {item["receipt"] for item in whole} == set(notices.values())
    assert hub.get("ta-08", "/v1/employers/fi:9876543-0/timeline?area=fi:kunta:837")["items"] == []
