"""Sending one notice, and looking for it."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.examples import CHANGES, NOTICES, enveloped
from schemas.errors import NotReady
from schemas.ids import receipt_of
from schemas.messages import Submission
from schemas.wire import header, read
from tests.api.conftest import AGENCY, NOW, OTHER, Hub, a_notice, is_problem

RECEIPT = "0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10"
STEP: dict[str, Any] = {
    "receipt": RECEIPT,
    "step": 1,
    "kind": "downsizing",
    "stage": "negotiations",
    "employer_key": "fi:9543210-4",
    "received_at": "2026-11-25T09:30:00Z",
    "notice": NOTICES["downsizing"],
}


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_is_on_the_log_before_the_answer(hub: Hub, client: TestClient, kind: str) -> None:
    notice = a_notice(kind)
    response = client.post("/v1/notices", json=notice)
    assert response.status_code == 202
    receipt = receipt_of(AGENCY, notice["source"], notice["id"])
    assert response.json()["receipt"] == receipt
    assert response.json()["status"] == response.headers["location"] == f"/v1/notices/{receipt}"
    (message,) = hub.publisher.messages
    assert message.topic == "t.notices.received"
    assert message.key == f"{AGENCY}\x1f{notice['source']}".encode()
    assert header(message.headers, "ce_id") == receipt
    assert header(message.headers, "ce_time") == NOW.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_goes_where_its_notice_went_and_has_the_notices_receipt(hub: Hub, client: TestClient, change: str) -> None:
    said = CHANGES[change]
    named = next(said[name] for name in ("corrects", "withdraws", "releases") if name in said)
    response = client.post("/v1/notices", json=said)
    assert response.status_code == 202
    assert response.json()["receipt"] == receipt_of(AGENCY, named["source"], named["id"])
    (message,) = hub.publisher.messages
    assert message.key == f"{AGENCY}\x1f{named['source']}".encode(), "one partition of intake holds all steps of a notice"
    assert header(message.headers, "ce_id") == receipt_of(AGENCY, named["source"], said["id"])


def test_a_change_of_a_predecessor_s_notice_goes_where_that_notice_went(hub: Hub, client: TestClient) -> None:
    withdrawal = CHANGES["withdrawal"]
    named = withdrawal["withdraws"] | {"sender": "ta-99"}
    response = client.post("/v1/notices", json=withdrawal | {"withdraws": named})
    assert response.json()["receipt"] == receipt_of("ta-99", named["source"], named["id"])
    (message,) = hub.publisher.messages
    assert message.key == f"ta-99\x1f{named['source']}".encode()
    assert read(Submission, message.value, message.headers).sender == AGENCY


def test_a_flaw_in_a_correction_is_told_with_its_place(client: TestClient) -> None:
    wrong = CHANGES["correction"] | {"notice": a_notice("downsizing", stage="over")}
    told = is_problem(client.post("/v1/notices", json=wrong), 422, "refused")
    assert [finding["place"] for finding in told["findings"]] == ["/notice/stage"]


def test_the_body_travels_untouched(hub: Hub, client: TestClient) -> None:
    text = json.dumps(a_notice(), indent=3, ensure_ascii=False) + "\n  "
    client.post("/v1/notices", content=text.encode(), headers={"Content-Type": "application/json; charset=UTF-8"})
    (message,) = hub.publisher.messages
    said = read(Submission, message.value, message.headers)
    assert said == Submission(sender=AGENCY, way="api", body=text)


def test_the_sender_is_the_agency_of_the_key(hub: Hub, client: TestClient) -> None:
    """Whatever the body says of it: another one's name is refused (tests/api/test_on_behalf.py)."""
    is_problem(client.post("/v1/notices", json=a_notice(on_behalf_of=OTHER)), 403, "not-permitted")
    client.post("/v1/notices", json=a_notice(on_behalf_of=AGENCY))
    (message,) = hub.publisher.messages
    assert read(Submission, message.value, message.headers).sender == AGENCY


def test_the_same_notice_again_has_the_same_receipt(client: TestClient) -> None:
    first, second = (client.post("/v1/notices", json=a_notice()).json() for _ in range(2))
    assert first == second


def test_the_same_id_of_another_agency_has_another_receipt(hub: Hub, client: TestClient) -> None:
    mine = client.post("/v1/notices", json=a_notice()).json()
    others = client.post("/v1/notices", json=a_notice(), headers=hub.headers(OTHER)).json()
    assert mine["receipt"] != others["receipt"]


def test_a_notice_in_a_cloudevent_is_taken_out_of_it(hub: Hub, client: TestClient) -> None:
    content = json.dumps(enveloped(a_notice()))
    response = client.post("/v1/notices", content=content, headers={"Content-Type": "application/cloudevents+json"})
    assert response.status_code == 202
    assert response.json()["receipt"] == client.post("/v1/notices", json=a_notice()).json()["receipt"]
    assert hub.bodies() == [a_notice(), a_notice()]


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        ({"specversion": "0.3"}, "/specversion", "wrong-version"),
        ({"id": ""}, "/id", "missing-attribute"),
        ({"source": 7}, "/source", "missing-attribute"),
        ({"datacontenttype": "text/xml"}, "/datacontenttype", "wrong-content"),
        ({"data_base64": "e30="}, "/data_base64", "wrong-content"),
        ({"subject": "010190-900P"}, "/subject", "personal-code"),
        ({"subject": "010190\u2013900P"}, "/subject", "personal-code"),
        ({"data": a_notice(stage="soon")}, "/data/stage", "literal-error"),
        ({"data": a_notice(text="Matti 010190-900P")}, "/data/text", "personal-code"),
        ({"data": None}, "/data", "not-an-object"),
    ],
)
def test_a_cloudevent_that_is_none(hub: Hub, client: TestClient, change: dict[str, Any], place: str, rule: str) -> None:
    content = json.dumps(enveloped(a_notice()) | change)
    response = client.post("/v1/notices", content=content, headers={"Content-Type": "application/cloudevents+json"})
    findings = is_problem(response, 422)["findings"]
    assert (place, rule) in [(finding["place"], finding["rule"]) for finding in findings]
    assert "900P" not in response.text
    assert hub.publisher.log == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}', "no-data"),
        (b'{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t","data":{}}', "duplicate-name"),
        (b'{"specversion":"1.0","id":"1"', "truncated"),
        (b"[]", "not-an-object"),
        (b"", "not-an-object"),
        (b'{"a":' + b"[" * 100_000, "too-deep"),
        (b'{"a" 1}', "not-json"),
        (b"{} {}", "not-json"),
    ],
)
def test_an_envelope_that_is_none(client: TestClient, content: bytes, rule: str) -> None:
    response = client.post("/v1/notices", content=content, headers={"Content-Type": "application/cloudevents+json"})
    assert rule in [finding["rule"] for finding in is_problem(response, 422)["findings"]]


def test_kafka_away_is_said_and_nothing_is_called_taken(hub: Hub, client: TestClient) -> None:
    hub.publisher.failure = NotReady("Kafka did not confirm within 10 seconds")
    response = client.post("/v1/notices", json=a_notice())
    told = is_problem(response, 503, "not-ready")
    assert int(response.headers["retry-after"]) >= 1
    assert told["retry"]
    assert "repeat is safe" in told["advice"]
    assert "receipt" not in told
    hub.publisher.failure = None
    assert client.post("/v1/notices", json=a_notice()).status_code == 202


@pytest.mark.parametrize("path", [f"/v1/notices/{RECEIPT}", f"/v1/notices/{RECEIPT}/trace"])
def test_a_receipt_that_is_not_there_yet_is_worth_a_second_try(client: TestClient, path: str) -> None:
    response = client.get(path)
    told = is_problem(response, 404, "unknown")
    assert response.headers["retry-after"] == "1"
    assert told["retry"]
    assert "may take a moment" in told["detail"]
    assert "/v1/refused" in told["detail"]


def test_a_notice_is_seen_with_its_versions(hub: Hub, client: TestClient) -> None:
    hub.reading.show(AGENCY, STEP)
    hub.reading.show(AGENCY, STEP | {"step": 2})
    hub.reading.trace_of(AGENCY, RECEIPT, {"receipt": RECEIPT, "stages": []})
    assert client.get(f"/v1/notices/{RECEIPT}").json()["step"] == 2
    assert len(client.get(f"/v1/notices/{RECEIPT}").json()["versions"]) == 2
    assert client.get(f"/v1/notices/{RECEIPT}/trace").json() == {"receipt": RECEIPT, "stages": []}


def test_what_is_anothers_is_answered_as_if_it_were_not_there(hub: Hub, client: TestClient) -> None:
    hub.reading.show(OTHER, STEP)
    absent = client.get(f"/v1/notices/{'0' * 8}-0000-0000-0000-{'0' * 12}").json()
    others = client.get(f"/v1/notices/{RECEIPT}").json()
    assert absent | {"trace_id": ""} == others | {"trace_id": ""}
    assert client.get("/v1/notices").json()["items"] == []


def test_search_by_everything_at_once(hub: Hub, client: TestClient) -> None:
    hub.reading.show(AGENCY, STEP)
    wanted = {
        "text": "malliteollisuus",
        "kind": "downsizing",
        "employer_key": "fi:9543210-4",
        "area": "fi:kunta:837",
        "stage": "negotiations",
        "received_from": "2026-11-25T11:30:00+02:00",
        "received_to": "2026-11-25T09:30:00.001Z",
    }
    assert len(client.get("/v1/notices", params=wanted).json()["items"]) == 1
    for name, other in {"kind": "recruitment", "area": "fi:kunta:091", "received_to": "2026-11-25T09:30:00Z"}.items():
        assert client.get("/v1/notices", params=wanted | {name: other}).json()["items"] == []


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_paging_ends_and_shows_each_once_though_all_times_are_equal(hub: Hub, client: TestClient, limit: int) -> None:
    for number in range(50):
        hub.reading.show(AGENCY, STEP | {"receipt": f"{number:08x}-0000-0000-0000-000000000000"})
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(60):
        page = client.get("/v1/notices", params={"limit": limit} | cursor).json()
        seen += [item["receipt"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(seen) == len(set(seen)) == 50


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("received_from=2026-03-29T03:30:00", "/query/received_from"),
        ("received_from=2026-03-29T03:30:00+02:00", "/query/received_from"),
        ("received_from=0001-01-01T00:00:00%2B01:00", "/query/received_from"),
        ("received_from=2026-02-30T03:30:00Z", "/query/received_from"),
        ("received_from=1774750000", "/query/received_from"),
        ("received_from=2026-03-29", "/query/received_from"),
        ("received_from=2026-03-29T03:30:00Z&received_to=2026-03-28T03:30:00Z", "/query"),
        ("limit=0", "/query/limit"),
        ("limit=201", "/query/limit"),
        ("limit=1e2", "/query/limit"),
        ("limit=", "/query/limit"),
        ("limit=5&limit=6", "/query/limit"),
        ("kind=", "/query/kind"),
        ("kind=layoff", "/query/kind"),
        ("stage=negotiation", "/query/stage"),
        ("stage=*", "/query/stage"),
        ("area=837", "/query/area"),
        ("area=", "/query/area"),
        ("area=fi:kunta:*", "/query/area"),
        ("area=fi:kunta:999", "/query/area"),
        ("employer_key=", "/query/employer_key"),
        ("text=", "/query/text"),
        ("text=%20%20", "/query/text"),
        ("text=a%00b", "/query/text"),
        ("text=010190-900P", "/query/text"),
        ("cursor=", "/query/cursor"),
        ("cursor=a%00b", "/query/cursor"),
        ("cursor=nonsense", "/cursor"),
        ("municipality=837", "/query/municipality"),
        ("offset=50", "/query/offset"),
        ("employer_key=0112038-9", "/query/employer_key"),
        ("010190-900P=x", "/query/[personal code removed]"),
    ],
)
def test_a_search_that_is_not_clear_is_refused(client: TestClient, query: str, place: str) -> None:
    response = client.get(f"/v1/notices?{query}")
    told = is_problem(response, 422, "invalid-request")
    assert place in [finding["place"] for finding in told["findings"]]
    assert "900P" not in response.text


def test_a_plus_in_an_address_is_explained(client: TestClient) -> None:
    told = client.get("/v1/notices?received_from=2026-03-29T03:30:00+02:00").json()
    assert "%2B" in told["findings"][0]["message"]


@pytest.mark.parametrize("path", ["/v1/notices/1", f"/v1/notices/{RECEIPT}0", "/v1/notices/010190-900P/trace"])
def test_a_receipt_that_cannot_be_one(client: TestClient, path: str) -> None:
    response = client.get(path)
    is_problem(response, 404, "no-such-page")
    assert "900P" not in response.text


def test_a_receipt_in_capitals_is_the_same_one(hub: Hub, client: TestClient) -> None:
    hub.reading.show(AGENCY, STEP)
    assert client.get(f"/v1/notices/{RECEIPT.upper()}").json()["receipt"] == RECEIPT


def test_parameters_where_there_are_none_are_refused(client: TestClient) -> None:
    is_problem(client.post("/v1/notices?agency=evk-03", json=a_notice()), 422, "invalid-request")
    is_problem(client.get(f"/v1/notices/{RECEIPT}?as=evk-03"), 422, "invalid-request")
