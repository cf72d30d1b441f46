"""An agency as a partner: what opens in which state, and test notices, which nobody else ever hears of."""

import json
import threading
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.examples import NOTICES, enveloped
from hub.core.partners import Asked
from schemas.partner import Move
from tests.api.conftest import AGENCY, Hub, is_problem
from tests.api.test_auth import BY_TOKEN, PUBLIC, address_of, every_route
from tests.builders import a_downsizing_notice

PATH = "/v1/partner/test-notices"
NOTICE = NOTICES["recruitment"]
WITHDRAWAL = {"id": "w-1", "withdraws": {"source": NOTICE["source"], "id": NOTICE["id"]}}
CLOUDEVENT = "application/cloudevents+json"


def move(hub: Hub, *moves: Move, agency: str = AGENCY, **how: Any) -> None:
    for one in moves:
        hub.partners.move(agency, Asked(one, f"why {one}", **how), "the operator")


def send(client: TestClient, body: Any, path: str = PATH) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


# Test notices


def test_a_test_notice_is_judged_and_told_who_would_have_heard_of_it(client: TestClient) -> None:
    told = send(client, NOTICE)
    assert (told["test"], told["verdict"], told["id"], told["findings"]) == (True, "accepted", NOTICE["id"], [])
    assert told["would"]["recipients"][0]["agency"] == AGENCY
    assert told["would"]["recipients"][0]["why"][0]["detail"]["en"]


def test_every_flaw_is_told_as_at_the_real_door(client: TestClient) -> None:
    flawed = NOTICE | {"posts": "many", "workplaces": [{"area": "fi:kunta:837", "rooms": 3}]}
    told = send(client, flawed)
    real = is_problem(client.post("/v1/notices", json=flawed), 422)
    assert told["findings"] == real["findings"]
    assert (told["verdict"], told["code"], told.get("would")) == ("refused", real["code"], None)


def test_nobody_hears_of_a_test(hub: Hub, client: TestClient) -> None:
    assert send(client, NOTICE)["verdict"] == "accepted"
    assert send(client, a_downsizing_notice())["would"]["alerted"]
    assert hub.publisher.messages == []
    for path in ("/v1/notices", "/v1/outbox", "/v1/refused"):
        assert client.get(path).json()["items"] == []
    assert hub.partners.trials("evk-03") == []


def test_the_real_doors_take_nothing_that_is_marked_as_a_test(hub: Hub, client: TestClient) -> None:
    for mark in (True, "true", "yes", 1, None):
        event = json.dumps(enveloped(NOTICE) | {"test": mark})
        told = is_problem(client.post("/v1/notices", content=event, headers={"Content-Type": CLOUDEVENT}), 422)
        assert [(one["rule"], one["place"]) for one in told["findings"]] == [("marked-as-test", "/test")]
    told = is_problem(client.post("/v1/notices", json=NOTICE, headers={"ce-test": "true"}), 422)
    assert PATH in told["findings"][0]["message"]
    assert hub.publisher.messages == []
    event = json.dumps(enveloped(NOTICE) | {"test": False})
    assert client.post("/v1/notices", content=event, headers={"Content-Type": CLOUDEVENT}).status_code == 202
    assert client.post("/v1/notices", json=NOTICE, headers={"ce-test": "false"}).status_code == 202


def test_an_event_marked_as_a_test_is_taken_where_tests_belong(client: TestClient) -> None:
    event = json.dumps(enveloped(NOTICE) | {"test": True})
    response = client.post(PATH, content=event, headers={"Content-Type": CLOUDEVENT})
    assert response.json()["verdict"] == "accepted"
    flawed = json.dumps(enveloped(NOTICE | {"posts": "many"}) | {"test": True})
    told = client.post(PATH, content=flawed, headers={"Content-Type": CLOUDEVENT}).json()
    assert told["findings"][0]["place"] == "/data/posts"
    assert told["id"] == NOTICE["id"]


def test_the_report_tells_what_is_missing_and_each_message_newest_first(client: TestClient) -> None:
    told = client.get("/v1/partner/conformance").json()
    assert (told["conforms"], told["items"]) == (False, [])
    send(client, NOTICE | {"posts": "many"})
    send(client, NOTICE)
    missing = [one["rule"] for one in client.get("/v1/partner/conformance").json()["required"] if not one["met"]]
    assert missing == ["change-taken"]
    send(client, WITHDRAWAL)
    told = client.get("/v1/partner/conformance").json()
    assert told["conforms"] is True
    assert [(one["verdict"], one["said"]) for one in told["items"]] == [
        ("accepted", "withdrawal"), ("accepted", "notice"), ("refused", None),
    ]  # fmt: skip
    assert told["items"][2]["findings"][0]["place"] == "/posts"
    assert len(client.get("/v1/partner/conformance", params={"limit": 1}).json()["items"]) == 1


# States


def test_an_agency_that_was_always_there_is_active(client: TestClient) -> None:
    assert client.get("/v1/partner").json() == {"agency": AGENCY, "state": "active", "history": [], "conforms": False}


def test_from_approved_to_active(hub: Hub, client: TestClient) -> None:
    move(hub, "request", "approve")
    assert client.get("/v1/partner").json()["state"] == "approved"
    assert client.get("/v1/keys").status_code == 200
    assert is_problem(client.post("/v1/notices", json=NOTICE), 403, "not-permitted")["detail"].count(PATH) == 1
    send(client, NOTICE)
    send(client, WITHDRAWAL)
    move(hub, "activate")
    assert client.post("/v1/notices", json=NOTICE).status_code == 202
    told = client.get("/v1/partner").json()
    assert (told["state"], told["conforms"]) == ("active", True)
    assert [(one["state"], one["why"]) for one in told["history"]] == [
        ("requested", "why request"), ("approved", "why approve"), ("active", "why activate"),
    ]  # fmt: skip
    assert "the operator" not in str(told)


MOVES: dict[str, tuple[Move, ...]] = {
    "requested": ("request",), "approved": ("request", "approve"), "suspended": ("suspend",), "closed": ("close",),
}  # fmt: skip
FOR_APPROVED = ("/v1/partner", "/v1/keys")


@pytest.mark.parametrize("state", MOVES)
def test_no_door_opens_to_who_is_not_active_but_those_for_becoming_it(hub: Hub, client: TestClient, state: str) -> None:
    move(hub, *MOVES[state])
    walked = [(method, path) for method, path in every_route() if path not in PUBLIC | BY_TOKEN | {"/metrics"}]
    assert len(walked) > 30
    for method, path in walked:
        response = client.request(method, address_of(path), json={})
        if state == "approved" and path.startswith(FOR_APPROVED):
            assert response.status_code in (200, 404, 422), (method, path, response.text)
        else:
            assert is_problem(response, 403, "not-permitted"), (method, path)


def test_the_operator_s_page_is_closed_to_a_suspended_agency(hub: Hub, anyone: TestClient) -> None:
    headers = hub.headers()
    assert anyone.get("/metrics", headers=headers).status_code == 200
    move(hub, "suspend")
    is_problem(anyone.get("/metrics", headers=headers), 403)
    assert anyone.get("/readyz", headers=headers).status_code == 200


def test_a_suspension_ends_a_wait_for_something_new(hub: Hub, client: TestClient) -> None:
    later = threading.Timer(0.3, lambda: move(hub, "suspend"))
    later.start()
    began = time.monotonic()
    told = is_problem(client.get("/v1/outbox", params={"wait": 20}), 403)
    assert "suspended" in told["detail"]
    assert time.monotonic() - began < 15
    later.join()


@pytest.mark.parametrize(("scope", "opens"), [("publish", PATH), ("read", "/v1/partner/conformance"), ("manage", "/v1/keys")])
def test_each_right_opens_its_own(hub: Hub, anyone: TestClient, scope: str, opens: str) -> None:
    headers = hub.headers(AGENCY, frozenset({scope}))
    found = {
        PATH: anyone.post(PATH, json=NOTICE, headers=headers),
        "/v1/partner/conformance": anyone.get("/v1/partner/conformance", headers=headers),
        "/v1/keys": anyone.get("/v1/keys", headers=headers),
    }
    assert [path for path, response in found.items() if response.status_code == 200] == [opens]
    assert anyone.get("/v1/partner", headers=headers).status_code == 200
