"""What must never come through the door: each gives a clear answer, writes nothing, logs nothing, echoes nothing."""

import json
import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import Hub, a_notice, is_problem

CODE = "010190-900P"
JSON = {"Content-Type": "application/json"}


def text_of(**changes: Any) -> str:
    return json.dumps(a_notice(**changes))


def employer(**changes: Any) -> dict[str, Any]:
    return {"employer": a_notice()["employer"] | changes}


def abroad(country: str, number: str) -> dict[str, Any]:
    return employer(business_id=None, foreign={"country": country, "number": number})


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("wrong check digit", employer(business_id="9543210-5"), "/employer/business_id"),
    ("Business ID without hyphen", employer(business_id="95432104"), "/employer/business_id"),
    ("Business ID as number", employer(business_id=95432104), "/employer/business_id"),
    ("no Business ID", employer(business_id=None), "/employer"),
    ("wrong check digit abroad", abroad("se", "123456-7898"), "/employer/foreign/number"),
    ("number abroad with blanks", abroad("se", "123456 7897"), "/employer/foreign/number"),
    ("a Swede's personal number", abroad("se", "121212-1212"), "/employer/foreign/number"),
    ("country in capitals", abroad("SE", "123456-7897"), "/employer/foreign/country"),
    ("reversed days", {"proposal_given_on": "2026-11-20", "talks_start_on": "2026-11-09"}, ""),
    ("impossible day", {"talks_start_on": "2026-02-30"}, "/talks_start_on"),
    ("day as a time", {"talks_start_on": "2026-11-09T00:00:00Z"}, "/talks_start_on"),
    ("day as a number", {"talks_start_on": 20261109}, "/talks_start_on"),
    ("day in Finnish order", {"talks_start_on": "09.11.2026"}, "/talks_start_on"),
    ("naive time", {"access": {"level": "embargoed", "until": "2026-12-01T08:00:00"}}, "/access/until"),
    ("number as text", employer(headcount="620"), "/employer/headcount"),
    ("number as fraction", employer(headcount=620.0), "/employer/headcount"),
    ("number as truth value", employer(headcount=True), "/employer/headcount"),
    ("number below zero", employer(headcount=-1), "/employer/headcount"),
    ("code for unknown", employer(headcount=9_999_999), "/employer/headcount"),
    ("another kind's field", {"posts": 40}, "/posts"),
    ("unknown field", {"urgency": "high"}, "/urgency"),
    ("unknown kind", {"kind": "layoff"}, ""),
    ("no kind", {"kind": None}, ""),
    ("no id", {"id": None}, "/id"),
    ("empty id", {"id": ""}, "/id"),
    ("source with a separator", {"source": "a\x1fb"}, "/source"),
    ("area without zeros", {"workplaces": [{"area": 5}]}, "/workplaces/0/area"),
    ("nowhere", {"workplaces": []}, "/workplaces"),
    ("null character", {"text": "a\x00b"}, "/text"),
    ("half of a character", {"id": "a\ud800"}, "/id"),
]


@pytest.mark.parametrize(("change", "place"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_flaw_is_named_with_its_place(hub: Hub, client: TestClient, change: dict[str, Any], place: str) -> None:
    response = client.post("/v1/notices", content=text_of(**change), headers=JSON)
    findings = is_problem(response, 422)["findings"]
    assert any(finding["place"].startswith(place) for finding in findings)
    assert all(finding["rule"] and finding["message"] for finding in findings)
    assert hub.publisher.log == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"null", "not-an-object"),
        (b"[]", "not-an-object"),
        (b'"text"', "not-an-object"),
        (b'{"kind": "downsizing"', "truncated"),
        (b"\xef\xbb\xbf" + text_of().encode(), "byte-order-mark"),
        (text_of().encode("utf-16"), "byte-order-mark"),
        (text_of(text="Jämsä").replace("\\u00e4", "ä").encode("latin-1"), "not-utf-8"),
        (text_of().encode() + b"\x00", "null-byte"),
        (b"[" * 100_000, "too-deep"),
        (b'{"":' * 60_000, "too-deep"),
        (text_of().replace("620", "NaN").encode(), "not-a-number"),
        (text_of().replace("620", "-Infinity").encode(), "not-a-number"),
        (text_of().replace("620", "1e400").encode(), "not-a-number"),
        (text_of()[:-1].encode() + b', "id": "another"}', "duplicate-name"),
        (text_of().encode() + b"{}", "not-json"),
        (text_of().replace('"', "'").encode(), "not-json"),
    ],
)
def test_bytes_that_are_no_message(hub: Hub, client: TestClient, content: bytes, rule: str) -> None:
    response = client.post("/v1/notices", content=content, headers=JSON)
    told = is_problem(response, 422, "malformed")
    assert rule in [finding["rule"] for finding in told["findings"]]
    assert hub.publisher.log == []


@pytest.mark.parametrize(
    "content",
    [
        text_of(text=f"Soita Matille, {CODE}"),
        text_of(text="010190\u2013900P"),
        text_of(text="@@").replace("@@", CODE.replace("0", "\\u0030")),
        text_of(id=CODE),
        text_of(**{CODE: "x"}),
        text_of(**employer(name=f"Matti {CODE}")),
        text_of(diary_number=CODE, kind="nonsense"),
    ],
)
def test_a_personal_identity_code_anywhere(
    hub: Hub, client: TestClient, content: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = client.post("/v1/notices", content=content.encode(), headers=JSON)
    told = is_problem(response, 422, "personal-code")
    assert "personal-code" in [finding["rule"] for finding in told["findings"]]
    assert hub.publisher.log == []
    written = capfd.readouterr()
    for text in (response.text, str(response.headers), caplog.text, written.out, written.err):
        assert "900P" not in text


def test_all_flaws_are_told_at_once_without_their_values(client: TestClient) -> None:
    change = employer(business_id="9543210-5", headcount="secretly many") | {"talks_start_on": "tomorrow", "urgency": "hidden"}
    response = client.post("/v1/notices", content=text_of(**change), headers=JSON)
    places = {finding["place"] for finding in is_problem(response, 422)["findings"]}
    assert {"/employer/business_id", "/employer/headcount", "/talks_start_on", "/urgency"} <= places
    for value in ("9543210-5", "secretly", "tomorrow", "hidden"):
        assert value not in response.text


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in pieces"])
def test_too_large_is_refused_while_it_arrives(hub: Hub, client: TestClient, told: bool) -> None:
    size = 256 * 1024
    good = text_of().encode()
    at_the_limit = good + b" " * (size - len(good))
    assert client.post("/v1/notices", content=at_the_limit, headers=JSON).status_code == 202
    hub.publisher.log.clear()
    over = at_the_limit + b" "
    content = over if told else (over[at : at + 1000] for at in range(0, len(over), 1000))
    response = client.post("/v1/notices", content=content, headers=JSON)
    assert "256 KiB" in is_problem(response, 413, "too-large")["detail"]
    assert response.headers["connection"] == "close"
    assert hub.publisher.log == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/jsonx"},
        {"Content-Type": "application/json; charset=iso-8859-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/x-ndjson"},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ],
)
def test_other_content_types(hub: Hub, client: TestClient, headers: dict[str, str]) -> None:
    response = client.post("/v1/notices", content=text_of().encode(), headers=headers)
    assert "application/json" in is_problem(response, 415, "unsupported-media-type")["detail"]
    assert hub.publisher.log == []
