"""An agency manages its own webhooks: each operation, each flaw, and nothing of another agency's."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from schemas.subscription import Filter
from tests.api.conftest import AGENCY, NOW, OTHER, Hub, is_problem
from tests.receiving import is_signed, receiver, says

URL = "https://agency.example/hub"


def add(client: TestClient, url: str = URL, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/endpoints", json={"url": url} | more)
    assert response.status_code == 201, response.text
    told: dict[str, Any] = response.json()
    return told


def test_an_endpoint_is_added_and_its_secret_told_this_once(client: TestClient, hub: Hub) -> None:
    response = client.post("/v1/endpoints", json={"url": URL, "mode": "binary"})
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    told = response.json()
    secret = told.pop("secret")
    assert secret.startswith("whsec_")
    assert (told["url"], told["mode"], told["state"]) == (URL, "binary", "active")
    assert told["secrets"] == [{"number": 1, "until": None}]
    for path in ("/v1/endpoints", f"/v1/endpoints/{told['id']}", f"/v1/endpoints/{told['id']}/attempts"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert secret not in answer.text
    assert client.get(f"/v1/endpoints/{told['id']}").json() == told
    assert client.get("/v1/endpoints").json() == {"items": [told]}
    assert [info.id for info in hub.endpoints.of(AGENCY)] == [told["id"]]


BAD = [
    ({}, "/body/url", "missing"),
    ({"url": "https://10.0.0.5/"}, "/body/url", "url-address"),
    ({"url": "https://user:pass@agency.example/"}, "/body/url", "url-user"),
    ({"url": "ftp://agency.example/"}, "/body/url", "url-https"),
    ({"url": 5}, "/body/url", "string-type"),
    ({"url": URL, "mode": "xml"}, "/body/mode", "literal-error"),
    ({"url": URL, "secret": "mine"}, "/body/secret", "extra-forbidden"),
    ([], "/body", None),
]


@pytest.mark.parametrize(("body", "place", "rule"), BAD)
def test_a_flaw_is_named_with_its_place_and_without_its_value(
    client: TestClient, hub: Hub, body: Any, place: str, rule: str | None
) -> None:
    told = is_problem(client.post("/v1/endpoints", json=body), 422, "invalid-request")
    (finding,) = told["findings"]
    assert finding["place"] == place
    assert rule in (None, finding["rule"])
    assert "pass@" not in str(told)
    assert hub.endpoints.of(AGENCY) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"url": NaN}', b"[" * 10_000])
def test_what_is_no_json_is_refused(client: TestClient, content: bytes) -> None:
    response = client.post("/v1/endpoints", content=content, headers={"content-type": "application/json"})
    is_problem(response, 422, "invalid-request")


def test_other_types_and_large_bodies_are_refused(client: TestClient) -> None:
    is_problem(client.post("/v1/endpoints", content=b"url=x", headers={"content-type": "text/plain"}), 415)
    is_problem(client.post("/v1/endpoints", json={"url": URL + "a" * 20_000}), 413)


def test_plain_http_is_for_networks_that_are_opened(client: TestClient) -> None:
    assert add(client, "http://127.0.0.1:9999/hook")["state"] == "active"
    told = is_problem(client.post("/v1/endpoints", json={"url": "http://10.0.0.5:9999/"}), 422)
    assert told["findings"][0]["rule"] == "url-address"


def test_the_same_url_twice_is_a_conflict(client: TestClient) -> None:
    add(client)
    told = is_problem(client.post("/v1/endpoints", json={"url": URL}), 409, "conflict")
    assert "twice" in told["detail"]


def test_it_is_changed_paused_resumed_and_closed(client: TestClient) -> None:
    path = f"/v1/endpoints/{add(client)['id']}"
    assert client.patch(path, json={"mode": "binary"}).json()["mode"] == "binary"
    assert client.patch(path, json={"url": URL + "/2"}).json()["url"] == URL + "/2"
    paused = client.patch(path, json={"state": "paused"}).json()
    assert (paused["state"], paused["why"], paused["mode"]) == ("paused", "asked", "binary")
    assert client.post(f"{path}/resume").json()["state"] == "active"
    is_problem(client.patch(path, json={"state": "active"}), 422)
    is_problem(client.patch(path, json={"url": "https://10.0.0.5/"}), 422)
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["state"] == "closed"
    assert client.get("/v1/endpoints").json() == {"items": []}
    is_problem(client.post(f"{path}/resume"), 404)


def test_a_new_secret_is_told_once_and_the_old_one_signs_on_for_the_overlap(client: TestClient, hub: Hub) -> None:
    first = add(client)
    path = f"/v1/endpoints/{first['id']}"
    second = client.post(f"{path}/rotate", params={"overlap_hours": 1}).json()
    assert [one["number"] for one in second["secrets"]] == [2, 1]
    assert hub.endpoints.target(AGENCY, first["id"]).secrets == (second["secret"], first["secret"])
    third = client.post(f"{path}/rotate", params={"overlap_hours": 0}).json()
    assert hub.endpoints.target(AGENCY, first["id"]).secrets == (third["secret"],)
    is_problem(client.post(f"{path}/rotate", params={"overlap_hours": 1000}), 422)


def test_a_test_event_is_sent_at_once_and_what_came_back_is_told(client: TestClient) -> None:
    with receiver() as here:
        made = add(client, here.url)
        told = client.post(f"/v1/endpoints/{made['id']}/test").json()
        (got,) = here.got
        here.answering = says(307, location="https://elsewhere.example/")
        second = client.post(f"/v1/endpoints/{made['id']}/test").json()
    assert (told["outcome"], told["code"], told["status"]) == ("delivered", "delivered", 204)
    assert is_signed(made["secret"], got.headers, got.body, NOW.timestamp())
    assert got.event["type"] == "fi.employersituation.endpoint.test.v1"
    assert got.event["data"] == {"test": True, "agency": AGENCY, "endpoint": made["id"]}
    assert got.id == told["event_id"]
    assert (second["outcome"], second["code"], second["status"]) == ("failed", "redirect", 307)
    attempts = client.get(f"/v1/endpoints/{made['id']}/attempts").json()["items"]
    assert [item["code"] for item in attempts] == ["redirect", "delivered"]


def test_attempts_come_page_by_page(client: TestClient) -> None:
    with receiver() as here:
        made = add(client, here.url)
        for _ in range(3):
            client.post(f"/v1/endpoints/{made['id']}/test")
    path = f"/v1/endpoints/{made['id']}/attempts"
    first = client.get(path, params={"limit": 2}).json()
    second = client.get(path, params={"limit": 2, "cursor": first["next"]}).json()
    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]
    is_problem(client.get(path, params={"cursor": "forged"}), 422)


OPERATIONS = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/resume"),
    ("POST", "/rotate"),
    ("POST", "/test"),
    ("GET", "/attempts"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_another_agency_s_endpoint_is_not_there(client: TestClient, hub: Hub, method: str, path: str) -> None:
    made = add(client)
    body = {"json": {"mode": "binary"}} if method == "PATCH" else {}
    response = client.request(method, f"/v1/endpoints/{made['id']}{path}", headers=hub.headers(OTHER), **body)
    is_problem(response, 404, "unknown")
    assert hub.endpoints.get(AGENCY, made["id"]).mode == "structured"
    assert client.get("/v1/endpoints", headers=hub.headers(OTHER)).json() == {"items": []}


@pytest.mark.parametrize(("method", "path"), [("POST", None), *OPERATIONS])
def test_a_key_that_may_only_read_or_publish_changes_nothing(client: TestClient, hub: Hub, method: str, path: str | None) -> None:
    made = add(client)
    address = "/v1/endpoints" if path is None else f"/v1/endpoints/{made['id']}{path}"
    body = {"json": {"url": URL + "/x"}} if method in ("PATCH", "POST") and path in (None, "") else {}
    reading = client.request(method, address, headers=hub.headers(scopes=frozenset({"read", "publish"})), **body)
    if method == "GET":
        assert reading.status_code == 200
        return
    told = is_problem(reading, 403, "not-permitted")
    assert "manage" in told["detail"]
    assert hub.endpoints.get(AGENCY, made["id"]).state == "active"


def test_an_endpoint_may_be_told_what_goes_to_a_subscription_of_its_agency_alone(client: TestClient, hub: Hub) -> None:
    wanted = {"name": "rekrytoinnit", "filter": {"kind": ["recruitment"]}}
    mine = client.post("/v1/subscriptions", json=wanted).json()["id"]
    other = hub.subscriptions.add(OTHER, "toisen", Filter(kind=("recruitment",)), "test").id
    response = client.post("/v1/endpoints", json={"url": URL, "subscription": mine})
    assert (response.status_code, response.json()["subscription"]) == (201, mine)
    refused = client.post("/v1/endpoints", json={"url": f"{URL}/2", "subscription": other})
    assert is_problem(refused, 404, "unknown")["detail"] == "there is no such subscription of your agency, or it has ended"
    assert [item["subscription"] for item in client.get("/v1/endpoints").json()["items"]] == [mine]
