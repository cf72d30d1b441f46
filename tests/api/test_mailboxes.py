"""An agency manages its own addresses; what links in mails lead to needs the token in them and no key."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.core.mail.tokens import token
from tests.api.conftest import AGENCY, MAIL_SECRET, NOW, OTHER, Hub, is_problem

ADDRESS = "employers@agency.example"


def add(client: TestClient, **more: Any) -> dict[str, Any]:
    response = client.post("/v1/mailboxes", json={"address": ADDRESS} | more)
    assert response.status_code == 201, response.text
    told: dict[str, Any] = response.json()
    return told


def test_an_address_is_registered_and_waits_to_be_confirmed(client: TestClient) -> None:
    told = add(client, language="sv", digest={"at": "07:30", "weekdays": ["fri", "mon"]})
    assert (told["address"], told["gets"], told["language"], told["state"]) == (ADDRESS, "notices", "sv", "new")
    assert told["digest"] == {"at": "07:30", "each_hours": None, "weekdays": ["mon", "fri"]}
    assert client.get("/v1/mailboxes").json() == {"items": [told]}
    assert client.get(f"/v1/mailboxes/{told['id']}").json() == told
    assert client.get(f"/v1/mailboxes/{told['id']}/attempts").json()["items"] == []
    assert client.get("/v1/endpoints").json() == {"items": []}
    is_problem(client.post("/v1/mailboxes", json={"address": ADDRESS}), 409, "conflict")


BAD = [
    ({}, "/body/address", "missing"),
    ({"address": "no address"}, "/body/address", "mail-address"),
    ({"address": "a@agency.example\r\nBcc: b@else.example"}, "/body/address", "mail-address"),
    ({"address": ADDRESS, "language": "de"}, "/body/language", "literal-error"),
    ({"address": ADDRESS, "digest": {}}, "/body/digest", "value-error"),
    ({"address": ADDRESS, "digest": {"at": "25:00"}}, "/body/digest/at", "string-pattern-mismatch"),
    ({"address": ADDRESS, "digest": {"at": "07:00", "each_hours": 2}}, "/body/digest", "value-error"),
    ({"address": ADDRESS, "digest": {"each_hours": 0}}, "/body/digest/each_hours", "greater-than-equal"),
    ({"address": ADDRESS, "digest": {"at": "07:00", "weekdays": []}}, "/body/digest/weekdays", "too-short"),
    ({"address": ADDRESS, "gets": "warnings", "digest": {"at": "07:00"}}, "/body", "value-error"),
]


@pytest.mark.parametrize(("body", "place", "rule"), BAD)
def test_a_flaw_is_named_with_its_place_and_without_its_value(client: TestClient, body: Any, place: str, rule: str) -> None:
    told = is_problem(client.post("/v1/mailboxes", json=body), 422, "invalid-request")
    assert [(found["place"], found["rule"]) for found in told["findings"]] == [(place, rule)]
    assert "else.example" not in str(told)


def test_a_subscription_has_to_be_ones_own(client: TestClient) -> None:
    unknown = {"address": ADDRESS, "subscription": "0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10"}
    is_problem(client.post("/v1/mailboxes", json=unknown), 404, "unknown")


def test_it_is_changed_paused_resumed_and_removed(client: TestClient, hub: Hub) -> None:
    path = f"/v1/mailboxes/{add(client, digest={'each_hours': 4})['id']}"
    assert client.patch(path, json={"language": "en"}).json()["digest"]["each_hours"] == 4, "what is left out stays"
    told = client.patch(path, json={"digest": None}).json()
    assert (told["digest"], told["language"]) == (None, "en")
    is_problem(client.patch(path, json={"state": "paused"}), 404)
    assert hub.mailboxes.confirm(path.rpartition("/")[2])
    assert client.patch(path, json={"state": "paused"}).json()["state"] == "paused"
    assert client.post(f"{path}/resume").json()["state"] == "active"
    assert client.delete(path).status_code == 204
    assert client.get("/v1/mailboxes").json() == {"items": []}


def test_another_agencys_address_is_not_there_and_rights_are_needed(client: TestClient, anyone: TestClient, hub: Hub) -> None:
    path = f"/v1/mailboxes/{add(client)['id']}"
    other = hub.headers(OTHER)
    assert anyone.get("/v1/mailboxes", headers=other).json() == {"items": []}
    for method, where in (("GET", path), ("DELETE", path), ("POST", f"{path}/resume"), ("GET", f"{path}/attempts")):
        is_problem(anyone.request(method, where, headers=other), 404)
    reader = hub.headers(AGENCY, frozenset({"read"}))
    assert anyone.get(path, headers=reader).status_code == 200
    is_problem(anyone.delete(path, headers=reader), 403)
    is_problem(anyone.post("/v1/mailboxes", json={"address": ADDRESS}, headers=reader), 403)


def test_a_hub_without_a_mail_server_says_so(anyone: TestClient, hub: Hub) -> None:
    without = Hub()
    without.app.state.parts = type(without.app.state.parts)(
        **{name: getattr(without.app.state.parts, name) for name in without.app.state.parts.__slots__} | {"mail": None}
    )
    with TestClient(without.app, headers=without.headers()) as client:
        told = is_problem(client.post("/v1/mailboxes", json={"address": ADDRESS}), 404)
    assert "HUB_MAIL__HOST" in told["detail"]


# Links


def test_following_a_link_changes_nothing_and_pressing_the_button_confirms(client: TestClient, anyone: TestClient) -> None:
    told = add(client)
    link = f"/v1/mail/confirm/{token(MAIL_SECRET, 'confirm', told['id'], NOW + timedelta(days=7))}"
    page = anyone.get(link)
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert anyone.head(link).status_code == 405
    assert client.get(f"/v1/mailboxes/{told['id']}").json()["state"] == "new"
    assert "confirmed" in anyone.post(link, headers={"Accept": "text/html"}).text
    assert client.get(f"/v1/mailboxes/{told['id']}").json()["state"] == "active"


def test_one_click_stops_the_mails(client: TestClient, anyone: TestClient, hub: Hub) -> None:
    """As a mail program asks for it by RFC 8058: a POST with that body, and nothing else."""
    told = add(client)
    hub.mailboxes.confirm(told["id"])
    link = f"/v1/mail/stop/{token(MAIL_SECRET, 'stop', told['id'])}"
    assert anyone.get(link).status_code == 200
    assert client.get(f"/v1/mailboxes/{told['id']}").json()["state"] == "active"
    for _ in range(2):
        assert anyone.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    stopped = client.get(f"/v1/mailboxes/{told['id']}").json()
    assert (stopped["state"], stopped["why"]) == ("closed", "unsubscribed")
    confirm = token(MAIL_SECRET, "confirm", told["id"], NOW + timedelta(days=7))
    is_problem(anyone.post(f"/v1/mail/confirm/{confirm}"), 404, "unknown")


def test_a_token_that_is_none_of_ours_is_worth_nothing(client: TestClient, anyone: TestClient) -> None:
    name = add(client)["id"]
    given = {
        "stop": [token(b"another secret", "stop", name), token(MAIL_SECRET, "confirm", name), "x" * 150],
        "confirm": [token(MAIL_SECRET, "stop", name), token(MAIL_SECRET, "confirm", name, NOW - timedelta(seconds=1))],
    }
    for purpose, tokens in given.items():
        for one in tokens:
            for method in ("GET", "POST"):
                told = is_problem(anyone.request(method, f"/v1/mail/{purpose}/{one}"), 404, "unknown")
                assert one not in str(told)
    assert client.get(f"/v1/mailboxes/{name}").json()["state"] == "new"
