"""What was sent and what was confirmed, channel by channel, as an agency sees it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.core.delivering import Waiting
from hub.core.gap import GroupAt, OutboxAt, PlaceAt
from hub.ports import State, Taken
from schemas.errors import NotReady
from tests.api.conftest import AGENCY, NOW, OTHER, Hub, is_problem
from tests.api.test_feeds import event

GROUP = f"agency.{AGENCY}.my-system"


@pytest.fixture(autouse=True)
def _filled(hub: Hub) -> None:
    """Five events, and what a group has committed of them."""
    for number in range(5):
        hub.reading.deliver(AGENCY, event(number))
        hub.confirmed.times[AGENCY, number] = NOW + timedelta(minutes=number)
    hub.groups.outboxes[AGENCY] = OutboxAt("memory", 0, 5)
    hub.groups.groups[AGENCY] = [GroupAt(GROUP, 3, 1), GroupAt(f"{GROUP}-2", 9, 0)]


def an_endpoint(hub: Hub) -> str:
    """One that has taken e-0, lets e-1 wait, had e-2 given up, and for which e-3 and e-4 were not read."""
    name = hub.endpoints.add(AGENCY, "https://agency.example/hub", "structured")[0].id
    events = [Waiting(f"e-{number}", number, "notice", "fi:1", f"r-{number}", 1, NOW) for number in range(3)]
    hub.endpoints.take([Taken(name, "memory", 3, tuple(events))])
    states: list[State] = ["delivered", "waiting", "given-up"]
    for one, state in zip(events, states, strict=True):
        hub.endpoints.kept[name].events[one.event_id] = one, state
    return name


def channels(client: TestClient) -> dict[str, Any]:
    response = client.get("/v1/gap")
    assert response.status_code == 200, response.text
    return {one["name"]: one for one in response.json()["channels"]}


def listed(client: TestClient, channel: str, **query: Any) -> list[tuple[str, str]]:
    response = client.get("/v1/gap/events", params={"channel": channel, **query})
    assert response.status_code == 200, response.text
    return [(item["id"], item["state"]) for item in response.json()["items"]]


def test_each_channel_is_told_with_what_it_has_not_confirmed(client: TestClient, hub: Hub) -> None:
    endpoint = an_endpoint(hub)
    assert client.get("/v1/outbox", params={"cursor": "memory.0"}).status_code == 200
    found = channels(client)
    key = hub.confirmed.readers(AGENCY)[0].key
    assert list(found) == [endpoint, GROUP, f"{GROUP}-2", f"{key}:feed"]
    assert (found[endpoint]["behind"], found[endpoint]["oldest"]) == (4, "2026-11-25T09:30:00Z")
    assert found[endpoint]["counts"] == {"delivered": 1, "waiting": 1, "given-up": 1, "unread": 2}
    assert (found[GROUP]["behind"], found[GROUP]["oldest"], found[GROUP]["remarks"]) == (2, "2026-11-25T09:33:00Z", [])
    assert (found[f"{key}:feed"]["behind"], found[f"{key}:feed"]["noted"]) == (4, "2026-11-25T09:30:00Z")


def test_a_group_that_has_committed_ahead_is_said(client: TestClient) -> None:
    ahead = channels(client)[f"{GROUP}-2"]
    assert (ahead["behind"], ahead["ahead"]) == (0, 4)
    assert [said["code"] for said in ahead["remarks"]] == ["ahead", "stopped"]
    assert "it will miss what comes there" in ahead["remarks"][0]["advice"]


def test_what_is_not_confirmed_is_listed_without_what_it_says(client: TestClient, hub: Hub) -> None:
    endpoint = an_endpoint(hub)
    assert listed(client, endpoint) == [("e-1", "waiting"), ("e-2", "given-up"), ("e-3", "unread"), ("e-4", "unread")]
    assert listed(client, GROUP) == [("e-3", "unconfirmed"), ("e-4", "unconfirmed")]
    assert listed(client, f"{GROUP}-2") == []
    assert "data" not in client.get("/v1/gap/events", params={"channel": GROUP}).json()["items"][0]


def test_the_list_comes_in_parts(client: TestClient, hub: Hub) -> None:
    endpoint, found, cursor = an_endpoint(hub), list[str](), {}
    for _ in range(9):
        page = client.get("/v1/gap/events", params={"channel": endpoint, "limit": 1, **cursor}).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == ["e-1", "e-2", "e-3", "e-4"]


def test_another_agency_sees_none_of_it(client: TestClient, hub: Hub) -> None:
    endpoint, other = an_endpoint(hub), hub.headers(OTHER)
    assert client.get("/v1/gap", headers=other).json()["channels"] == []
    for channel in (endpoint, GROUP):
        is_problem(client.get("/v1/gap/events", params={"channel": channel}, headers=other), 404)


def test_the_place_of_a_reader_is_noted_at_the_most_once_a_minute(client: TestClient, hub: Hub) -> None:
    for number in range(3):
        client.get("/v1/outbox", params={"cursor": f"memory.{number}"})
    client.get("/v1/outbox")
    (place,) = hub.confirmed.readers(AGENCY)
    assert place == PlaceAt(place.key, "feed", "memory.0", NOW)


def test_where_a_place_cannot_be_noted_the_feed_is_read_all_the_same(client: TestClient, hub: Hub) -> None:
    hub.confirmed.failure = NotReady("the database is away")
    assert len(client.get("/v1/outbox", params={"cursor": "memory.0"}).json()["items"]) == 4
    assert hub.confirmed.readers(AGENCY) == []


def test_a_reader_of_an_outbox_that_is_no_more_is_said(client: TestClient, hub: Hub) -> None:
    hub.confirmed.note(AGENCY, replace(PlaceAt("k", "stream", "memory.4", NOW), cursor="before.4"))
    told = channels(client)["k:stream"]
    assert (told["behind"], [said["code"] for said in told["remarks"]]) == (5, ["other-outbox"])
