"""An agency has events told again: each operation, each flaw, and nothing of another agency's."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.replays import Lost, Replay
from tests.api.conftest import AGENCY, NOW, OTHER, Hub, is_problem

SINCE = "2026-11-24T00:00:00Z"


@pytest.fixture
def endpoint(hub: Hub) -> str:
    hub.replays.stands[AGENCY, "e-1"] = "e1", 4, NOW
    return hub.endpoints.add(AGENCY, "https://agency.example/hub", "structured")[0].id


def asked(client: TestClient, endpoint: str, **body: Any) -> dict[str, Any]:
    response = client.post(f"/v1/endpoints/{endpoint}/replays", json=body)
    assert response.status_code == 201, response.text
    told: dict[str, Any] = response.json()
    assert response.headers["location"] == f"/v1/endpoints/{endpoint}/replays/{told['id']}"
    return told


def test_a_replay_is_asked_for_seen_and_canceled(client: TestClient, endpoint: str) -> None:
    told = asked(client, endpoint, since=SINCE, per_second=7)
    assert told["id"].startswith("rp_")
    assert {name: told[name] for name in ("endpoint", "since", "from_event", "event", "per_second", "state", "told", "lost")} == {
        **{"endpoint": endpoint, "since": SINCE, "from_event": None, "event": None},
        **{"per_second": 7, "state": "waiting", "told": 0, "lost": None},
    }
    path = f"/v1/endpoints/{endpoint}/replays"
    assert client.get(f"{path}/{told['id']}").json() == told
    assert client.get(path).json() == {"items": [told]}
    canceled = client.delete(f"{path}/{told['id']}").json()
    assert (canceled["state"], canceled["why"]) == ("canceled", "asked")
    assert client.delete(f"{path}/{told['id']}").json() == canceled


def test_from_an_event_and_one_event_alone(client: TestClient, hub: Hub, endpoint: str) -> None:
    from_there, alone = asked(client, endpoint, from_event="e-1"), asked(client, endpoint, event="e-1")
    assert (from_there["from_event"], from_there["event"], from_there["per_second"]) == ("e-1", None, 10)
    assert (alone["from_event"], alone["event"]) == (None, "e-1")
    turns: list[Replay] = [turn for turn, _ in hub.replays.kept.values()]
    assert [(turn.start, turn.alone) for turn in turns] == [(("e1", 4), False), (("e1", 4), True)]


BAD = [
    ({}, "/body", "one-of"),
    ({"since": SINCE, "event": "e-1"}, "/body", "one-of"),
    ({"since": "2026-11-26T00:00:00Z"}, "/body/since", "in-the-future"),
    ({"since": "20261124"}, "/body/since", None),
    ({"since": SINCE, "per_second": 51}, "/body/per_second", "too-fast"),
    ({"since": SINCE, "per_second": 0}, "/body/per_second", "greater-than-equal"),
    ({"event": ""}, "/body/event", "string-too-short"),
    ({"event": "e-1", "all": True}, "/body/all", "extra-forbidden"),
]


@pytest.mark.parametrize(("body", "place", "rule"), BAD)
def test_a_flaw_is_named_with_its_place(
    client: TestClient, hub: Hub, endpoint: str, body: dict[str, Any], place: str, rule: str | None
) -> None:
    told = is_problem(client.post(f"/v1/endpoints/{endpoint}/replays", json=body), 422, "invalid-request")
    (finding,) = told["findings"]
    assert finding["place"].rstrip("/") == place
    assert rule in (None, finding["rule"])
    assert hub.replays.kept == {}


def test_an_event_that_is_not_there_and_an_endpoint_that_is_not_there(client: TestClient, endpoint: str) -> None:
    is_problem(client.post(f"/v1/endpoints/{endpoint}/replays", json={"event": "e-2"}), 404, "unknown")
    nowhere = "ep_0123456789abcdef"
    is_problem(client.post(f"/v1/endpoints/{nowhere}/replays", json={"since": SINCE}), 404, "unknown")
    is_problem(client.get(f"/v1/endpoints/{nowhere}/replays"), 404)
    is_problem(client.get(f"/v1/endpoints/{endpoint}/replays/rp_0123456789abcdef"), 404)
    is_problem(client.get(f"/v1/endpoints/{endpoint}/replays/rp_1"), 422)


def test_another_agency_sees_and_does_nothing(client: TestClient, hub: Hub, endpoint: str) -> None:
    told = asked(client, endpoint, since=SINCE)
    path, other = f"/v1/endpoints/{endpoint}/replays", hub.headers(OTHER)
    is_problem(client.post(path, json={"since": SINCE}, headers=other), 404)
    for answer in (client.get(path, headers=other), client.get(f"{path}/{told['id']}", headers=other)):
        is_problem(answer, 404)
    is_problem(client.delete(f"{path}/{told['id']}", headers=other), 404)
    assert client.get(f"{path}/{told['id']}").json() == told


def test_asking_and_canceling_need_the_right_to_manage(client: TestClient, hub: Hub, endpoint: str) -> None:
    path, reads = f"/v1/endpoints/{endpoint}/replays", hub.headers(scopes=frozenset({"read"}))
    is_problem(client.post(path, json={"since": SINCE}, headers=reads), 403)
    is_problem(client.delete(f"{path}/rp_0123456789abcdef", headers=reads), 403)
    assert client.get(path, headers=reads).status_code == 200


def test_what_is_lost_is_told_with_where_it_may_be_found(client: TestClient, hub: Hub, endpoint: str) -> None:
    name = asked(client, endpoint, since=SINCE)["id"]
    hub.replays._become(name, lost=Lost(3, NOW, NOW), counts={"told": 2, "failed": 1, "overtaken": 4})
    told = client.get(f"/v1/endpoints/{endpoint}/replays/{name}").json()
    assert (told["told"], told["failed"], told["left_out"]) == (2, 1, {"overtaken": 4})
    assert told["lost"]["count"] == 3
    assert "/v1/outbox?since=2026-11-25T09:30:00Z" in told["lost"]["advice"]
