"""Outbox, refused notices and the history of an employer."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from connectors.memory.replays import MemoryReplays
from hub.replays import Lost
from tests.api.conftest import AGENCY, NOW, OTHER, Hub, is_problem


def event(number: int) -> dict[str, Any]:
    return {"id": f"e-{number}", "step": 1, "data": {"receipt": f"r-{number}"}}


def test_the_outbox_is_read_in_its_order_and_goes_on_where_it_was(hub: Hub, client: TestClient) -> None:
    for number in range(5):
        hub.reading.deliver(AGENCY, event(number))
    hub.reading.deliver(OTHER, event(99))
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(4):
        page = client.get("/v1/outbox", params={"limit": 2} | cursor).json()
        seen += [item["id"] for item in page["items"]]
        cursor = {"cursor": page["next"]}
    assert seen == [f"e-{number}" for number in range(5)]
    hub.reading.deliver(AGENCY, event(5))
    assert [item["id"] for item in client.get("/v1/outbox", params=cursor).json()["items"]] == ["e-5"]


def test_an_outbox_without_anything_has_no_cursor_yet(client: TestClient) -> None:
    assert client.get("/v1/outbox").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("cursor", "status"),
    [
        ("earlier.7", 404),
        ("memory.-1", 422),
        ("memory.", 422),
        ("7", 422),
        ("memory.9999999999999999999", 422),
        ("memory.99999999999999999999", 422),
        ("memory.\u0661", 422),
    ],
)
def test_a_cursor_that_does_not_hold(client: TestClient, cursor: str, status: int) -> None:
    is_problem(client.get("/v1/outbox", params={"cursor": cursor}), status)


def test_waiting_ends_as_soon_as_something_comes(hub: Hub, client: TestClient) -> None:
    later = threading.Timer(0.3, hub.reading.deliver, (AGENCY, event(1)))
    later.start()
    began = time.monotonic()
    page = client.get("/v1/outbox", params={"wait": 10}).json()
    later.join()
    assert [item["id"] for item in page["items"]] == ["e-1"]
    assert time.monotonic() - began < 3


def test_waiting_ends_empty_after_its_time(hub: Hub, client: TestClient) -> None:
    hub.reading.deliver(AGENCY, event(1))
    began = time.monotonic()
    page = client.get("/v1/outbox", params={"wait": 1, "cursor": "memory.0"}).json()
    assert page == {"items": [], "next": "memory.0"}
    assert 0.9 < time.monotonic() - began < 4


@pytest.mark.parametrize("wait", ["21", "-1", "0.5", "true"])
def test_waiting_has_its_limits(client: TestClient, wait: str) -> None:
    is_problem(client.get("/v1/outbox", params={"wait": wait}), 422)


def test_an_agency_sees_its_own_refused_notices_only(hub: Hub, client: TestClient) -> None:
    hub.reading.refuse(AGENCY, {"id": "mine"})
    hub.reading.refuse(OTHER, {"id": "others"})
    assert client.get("/v1/refused").json() == {"items": [{"id": "mine"}], "next": None}


def test_an_employers_history_is_oldest_first(hub: Hub, client: TestClient) -> None:
    for number, hour in enumerate((11, 9, 10)):
        step = {
            "receipt": f"r-{number}",
            "step": 1,
            "employer_key": "fi:9000000-3",
            "received_at": f"2026-11-25T{hour:02}:00:00+00:00",
        }
        hub.reading.show(AGENCY, step)
        hub.reading.show(AGENCY, step | {"employer_key": "fi:9543210-4"})
    page = client.get("/v1/employers/fi:9000000-3/timeline").json()
    assert [item["receipt"] for item in page["items"]] == ["r-1", "r-2", "r-0"]


def test_what_concerns_a_group_is_found_by_its_head(hub: Hub, client: TestClient) -> None:
    step = {"step": 1, "received_at": "2026-11-25T09:00:00+00:00"}
    named = {"employer": {"business_id": "9000001-1", "group": {"business_id": "9000000-3"}}}
    hub.reading.show(AGENCY, step | {"receipt": "r-1", "employer_key": "fi:9000000-3"})
    hub.reading.show(AGENCY, step | {"receipt": "r-2", "employer_key": "fi:9000001-1", "notice": named})
    hub.reading.show(AGENCY, step | {"receipt": "r-3", "employer_key": "fi:9000002-8"})
    page = client.get("/v1/notices?group=fi:9000000-3").json()
    assert {item["receipt"] for item in page["items"]} == {"r-1", "r-2"}


def test_an_employers_history_is_narrowed_to_a_place(hub: Hub, client: TestClient) -> None:
    step = {"step": 1, "employer_key": "fi:9000000-3", "received_at": "2026-11-25T09:00:00+00:00"}
    for receipt, area in (("r-1", "fi:kunta:837"), ("r-2", "fi:kunta:289")):
        hub.reading.show(AGENCY, step | {"receipt": receipt, "notice": {"workplaces": [{"area": area}]}})
    hub.reading.show(AGENCY, step | {"receipt": "r-1", "step": 2})
    page = client.get("/v1/employers/fi:9000000-3/timeline?area=fi:kunta:837").json()
    assert [(item["receipt"], item["step"]) for item in page["items"]] == [("r-1", 1), ("r-1", 2)]
    page = client.get("/v1/employers/fi:9000000-3/timeline?area=fi:kunta:289").json()
    assert [item["receipt"] for item in page["items"]] == ["r-2"], "an area that is no more may be asked for"
    for wrong in ("837", "fi:kunta:999"):
        told = is_problem(client.get(f"/v1/employers/fi:9000000-3/timeline?area={wrong}"), 422, "invalid-request")
        assert [finding["place"] for finding in told["findings"]] == ["/query/area"]


@pytest.mark.parametrize("written", ["1234567897", "123456-7897", "SE123456789701", "SEBOLREG.1234567897"])
def test_an_employer_abroad_is_found_by_its_number_however_it_is_written(hub: Hub, client: TestClient, written: str) -> None:
    step = {"receipt": "r-1", "step": 1, "received_at": "2026-11-25T09:00:00+00:00"}
    hub.reading.show(AGENCY, step | {"employer_key": "se:1234567897"})
    hub.reading.show(AGENCY, step | {"receipt": "r-2", "employer_key": "ee:12345678"})
    for path in (f"/v1/employers/se:{written}/timeline", f"/v1/notices?employer_key=se:{written}"):
        assert [item["receipt"] for item in client.get(path).json()["items"]] == ["r-1"]


@pytest.mark.parametrize("key", ["9000000-3", "fi:", "FI:9000000-3", "fi:a b", "ref:a%00"])
def test_an_employer_key_that_cannot_be_one(client: TestClient, key: str) -> None:
    is_problem(client.get(f"/v1/employers/{key}/timeline"), 422, "invalid-request")


def stands(hub: Hub, count: int) -> None:
    for number in range(count):
        hub.reading.deliver(AGENCY, event(number))
        hub.replays.stands[AGENCY, f"e-{number}"] = "memory", number, NOW + timedelta(minutes=number)


def test_the_feed_begins_at_a_moment_or_with_an_event(hub: Hub, client: TestClient) -> None:
    stands(hub, 5)
    page = client.get("/v1/outbox", params={"since": "2026-11-25T09:32:00Z", "limit": 2}).json()
    assert ([item["id"] for item in page["items"]], page["next"]) == (["e-2", "e-3"], "memory.3")
    assert "lost" not in page
    page = client.get("/v1/outbox", params={"from_event": "e-4"}).json()
    assert [item["id"] for item in page["items"]] == ["e-4"]
    is_problem(client.get("/v1/outbox", params={"from_event": "e-9"}), 404)
    is_problem(client.get("/v1/outbox", params={"from_event": "e-4", "since": "2026-11-25T09:32:00Z"}), 422)
    is_problem(client.get("/v1/outbox", params={"from_event": "e-4"}, headers=hub.headers(OTHER)), 404)


def test_what_is_lost_to_a_moment_is_told_with_the_page(hub: Hub, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    stands(hub, 2)
    monkeypatch.setattr(MemoryReplays, "cursor_before", lambda *_: (None, Lost(7, NOW, NOW)))
    page = client.get("/v1/outbox", params={"since": "2026-11-25T09:32:00Z"}).json()
    assert len(page["items"]) == 2
    assert page["lost"]["count"] == 7
    assert "received_from=2026-11-25T09:30:00Z" in page["lost"]["advice"]


def test_a_cursor_ahead_of_the_outbox_is_unknown(hub: Hub, client: TestClient) -> None:
    stands(hub, 2)
    assert client.get("/v1/outbox", params={"cursor": "memory.1"}).json() == {"items": [], "next": "memory.1"}
    assert "ahead" in is_problem(client.get("/v1/outbox", params={"cursor": "memory.2"}), 404)["detail"]
