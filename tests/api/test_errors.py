"""Errors: each class has a status, each answer is a problem, no answer tells what is inside."""

import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.errors import STATUS, every_kind, kind_of
from schemas.errors import HubError, every_error
from tests.api.conftest import AGENCY, Hub, a_notice, is_problem

HTML = {"Accept": "text/html,application/xhtml+xml"}


def test_every_error_of_the_tree_has_a_status() -> None:
    own = [error for error in every_error() if error.__module__ == "schemas.errors"]
    assert set(own) == set(STATUS)
    assert all(400 <= kind_of(error).status < 600 for error in every_error())


def test_codes_are_stable_and_each_its_own() -> None:
    codes = [error.code for error in every_error()]
    assert len(codes) == len(set(codes))
    assert set(codes) < set(every_kind())


def test_what_may_succeed_later_says_when() -> None:
    for error in every_error():
        assert (kind_of(error).wait is not None) == error.retry


@pytest.mark.parametrize("code", sorted(every_kind()))
def test_the_type_of_each_problem_leads_to_a_page(anyone: TestClient, code: str) -> None:
    told = anyone.get(f"/problems/{code}").json()
    assert told["code"] == code
    assert told["type"] == f"/problems/{code}"
    assert told["advice"]
    page = anyone.get(f"/problems/{code}", headers=HTML)
    assert page.headers["content-type"].startswith("text/html")
    assert told["title"] in page.text
    assert page.headers["vary"] == "Accept"


def test_all_problems_are_listed(anyone: TestClient) -> None:
    assert {told["code"] for told in anyone.get("/problems").json()["problems"]} == set(every_kind())
    assert "personal-code" in anyone.get("/problems", headers=HTML).text
    is_problem(anyone.get("/problems/nothing"), 404)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/notices/", "/v2/notices", "/docs/"])
def test_an_address_where_nothing_is(anyone: TestClient, method: str, path: str) -> None:
    is_problem(anyone.request(method, path), 404, "no-such-page")


@pytest.mark.parametrize(("method", "path"), [("PUT", "/v1/notices"), ("DELETE", "/v1/outbox"), ("POST", "/livez")])
def test_a_method_that_is_not_there(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    is_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"]


def test_an_unforeseen_error_tells_nobody_its_values(
    hub: Hub, client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hunter" + str(len("ab"))

    def broken(*_: Any) -> None:
        raise ValueError(f"password={secret} in row of Matti")

    monkeypatch.setattr(hub.reading, "search", broken)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the test's own client
    with caplog.at_level(logging.DEBUG):
        response = client.get("/v1/notices?text=confidential")
    told = is_problem(response, 500, "hub-error")
    assert told["trace_id"] in caplog.text
    assert "ValueError" in caplog.text
    for text in (response.text, caplog.text):
        assert secret not in text
        assert "confidential" not in text


def test_an_error_of_the_hub_keeps_its_details_where_they_are_not_the_callers(hub: Hub, client: TestClient) -> None:
    hub.reading.failure = HubError("table view.notices at 10.0.0.5")
    response = client.get("/v1/notices")
    is_problem(response, 500, "hub-error")
    assert "10.0.0.5" not in response.text


def test_a_trace_id_is_taken_over_where_it_is_one(client: TestClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    good = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    assert client.get("/v1/outbox", headers=good).headers["x-trace-id"] == trace
    for wrong in ("nonsense", f"00-{'0' * 32}-00f067aa0ba902b7-01", "00-<script>-1-1"):
        found = client.get("/v1/outbox", headers={"traceparent": wrong}).headers["x-trace-id"]
        assert len(found) == 32
        assert found not in wrong


def test_every_answer_has_the_security_headers(hub: Hub, client: TestClient) -> None:
    answers = [
        client.get("/v1/outbox"),
        client.post("/v1/notices", json=a_notice()),
        client.post("/v1/notices", json={}),
        client.get("/nothing"),
        client.get("/", headers=HTML),
    ]
    for response in answers:
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "server" not in response.headers
    assert hub.keys.caller(hub.key) is not None
    assert AGENCY not in answers[2].text
