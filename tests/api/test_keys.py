"""An agency manages its own keys: none that may do more than the one it has, none of another agency."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import AGENCY, OTHER, Hub, is_problem

PATH = "/v1/keys"


def make(client: TestClient, **wanted: Any) -> dict[str, Any]:
    response = client.post(PATH, json={"label": "reader", "scopes": ["read"]} | wanted)
    assert response.status_code == 201, response.text
    told: dict[str, Any] = response.json()
    return told


def opens(client: TestClient, key: str) -> bool:
    return client.get("/v1/refused", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_key_is_made_told_once_and_listed(client: TestClient, anyone: TestClient) -> None:
    told = make(client, days=30)
    key = told.pop("key")
    assert (told["label"], told["scopes"], told["holds"], told["revoked"]) == ("reader", ["read"], True, None)
    assert (told["issued"], told["expires"]) == ("2026-11-25T09:30:00Z", "2026-12-25T09:30:00Z")
    assert opens(anyone, key)
    listed = client.get(PATH)
    assert key not in listed.text
    first, second = listed.json()["items"]
    assert second == told
    assert (first["made_by"], second["made_by"]) == (None, first["id"])


BAD = [
    ({"scopes": []}, "/body/scopes"),
    ({"scopes": ["fly"]}, "/body/scopes/0"),
    ({"days": 366}, "/body/days"),
    ({"days": 0}, "/body/days"),
    ({"days": "30"}, "/body/days"),
    ({"label": ""}, "/body/label"),
    ({"label": "131052-308T"}, "/body/label"),
    ({"agency": OTHER}, "/body/agency"),
]


@pytest.mark.parametrize(("change", "place"), BAD)
def test_a_flaw_is_named_with_its_place_and_without_its_value(client: TestClient, change: dict[str, Any], place: str) -> None:
    told = is_problem(client.post(PATH, json={"label": "x", "scopes": ["read"]} | change), 422, "invalid-request")
    assert [finding["place"] for finding in told["findings"]] == [place]
    assert "131052" not in str(told)
    assert len(client.get(PATH).json()["items"]) == 1


def test_a_key_makes_and_rotates_none_that_may_do_more(hub: Hub, anyone: TestClient) -> None:
    narrow = hub.headers(AGENCY, frozenset({"manage", "read"}))
    response = anyone.post(PATH, json={"label": "x", "scopes": ["read", "publish"]}, headers=narrow)
    told = is_problem(response, 403, "not-permitted")
    assert (told["findings"][0]["place"], "publish" in told["detail"]) == ("/scopes", True)
    wide = hub.key.split("_")[1]
    is_problem(anyone.post(f"{PATH}/{wide}/rotate", headers=narrow), 403, "not-permitted")
    assert opens(anyone, hub.key)
    assert anyone.post(PATH, json={"label": "x", "scopes": ["read"]}, headers=narrow).status_code == 201


def test_a_key_is_rotated_with_overlap_or_at_once(client: TestClient, anyone: TestClient) -> None:
    first = make(client)
    second = client.post(f"{PATH}/{first['id']}/rotate", params={"overlap_hours": 2}).json()
    assert [opens(anyone, one["key"]) for one in (first, second)] == [True, True]
    expires = {one["id"]: one["expires"] for one in client.get(PATH).json()["items"]}
    assert expires[first["id"]] == "2026-11-25T11:30:00Z"
    third = client.post(f"{PATH}/{second['id']}/rotate", params={"overlap_hours": 0}).json()
    assert [opens(anyone, one["key"]) for one in (first, second, third)] == [True, False, True]
    assert third["label"] == "reader"
    is_problem(client.post(f"{PATH}/{second['id']}/rotate"), 404)


def test_a_key_changes_itself_over(hub: Hub, client: TestClient, anyone: TestClient) -> None:
    new = client.post(f"{PATH}/{hub.key.split('_')[1]}/rotate").json()
    assert [opens(anyone, hub.key), opens(anyone, new["key"])] == [True, True]


def test_a_key_is_revoked_at_once(client: TestClient, anyone: TestClient) -> None:
    told = make(client)
    assert client.delete(f"{PATH}/{told['id']}").status_code == 204
    assert not opens(anyone, told["key"])
    assert client.delete(f"{PATH}/{told['id']}").status_code == 204
    assert client.get(PATH).json()["items"][1]["holds"] is False


def test_keys_of_another_agency_are_not_there(hub: Hub, client: TestClient, anyone: TestClient) -> None:
    theirs = hub.keys.issue(OTHER, "theirs", frozenset({"read"}))
    name = theirs.split("_")[1]
    is_problem(client.delete(f"{PATH}/{name}"), 404)
    is_problem(client.post(f"{PATH}/{name}/rotate"), 404)
    assert name not in client.get(PATH).text
    assert opens(anyone, theirs)
