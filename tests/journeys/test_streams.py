"""An outbox as a stream from the running hub: what comes while nobody reads, whose place a place is, and rights that end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
import pytest

from tests.journeys.running import Hub, downsizing, recruitment
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.broker, pytest.mark.database]

PATH = "/v1/outbox/stream"
AGENCY, OTHER = "ta-39", "evk-04"
Source = Iterator[httpx2.ServerSentEvent]


@contextmanager
def following(hub: Hub, key: str, last: str | None = None, **query: str) -> Iterator[Source]:
    """All that comes on a stream that is open for the time of the block, without what only says where it stands."""
    headers = {"X-API-Key": key} | ({"Last-Event-ID": last} if last else {})
    asked = httpx2.Client(base_url=hub.url, timeout=PATIENCE)
    with asked as client, client.sse(PATH, headers=headers, params=query) as source:
        assert source.response.status_code == 200, source.response.read()
        yield (said for said in source if said.data)


def a_key(hub: Hub, agency: str = AGENCY) -> str:
    return hub.wiring.keys.issue(agency, "stream", frozenset({"read"}))


def receipts(source: Source, count: int) -> tuple[list[str], str]:
    """What the next so many events are about, and the place behind them."""
    said = [next(source) for _ in range(count)]
    return [json.loads(one.data)["receipt"] for one in said], said[-1].id


def now() -> str:
    return datetime.now(UTC).isoformat()


def test_what_comes_during_a_break_is_told_once_after_it(hub: Hub) -> None:
    hub.settle()
    key, began = a_key(hub), now()
    first = hub.post(AGENCY, recruitment("before-the-break"))
    with following(hub, key, since=began) as source:
        assert receipts(source, 1)[0] == [first], "of what was there before nothing comes to who begins now"
        before = [hub.post(AGENCY, recruitment(f"read-{number}")) for number in range(3)]
        read, place = receipts(source, 3)
        assert sorted(read) == sorted(before)
    missed = [hub.post(AGENCY, recruitment(f"missed-{number}")) for number in range(10)]
    hub.settle()
    with following(hub, key, place) as source:
        read, _ = receipts(source, 10)
        assert sorted(read) == sorted(missed)
        later = hub.post(AGENCY, recruitment("after-the-break"))
        assert receipts(source, 1)[0] == [later], "and nothing a second time"


def test_who_gives_no_place_begins_at_the_oldest(hub: Hub) -> None:
    hub.settle()
    told = [hub.post(AGENCY, recruitment(f"oldest-{number}")) for number in range(2)]
    hub.settle()
    everything = hub.get(AGENCY, "/v1/outbox?limit=200")["items"]
    with following(hub, a_key(hub)) as source:
        read, _ = receipts(source, len(everything))
    assert read == [item["receipt"] for item in everything]
    assert len(everything) == 200 or set(told) <= set(read)


def test_the_place_of_another_agency_leads_nowhere(hub: Hub) -> None:
    """Also where one's own outbox goes further than that."""
    began = now()
    receipt = hub.post(AGENCY, downsizing("of-two-agencies"))
    with following(hub, a_key(hub, OTHER), since=began) as source:
        read, place = receipts(source, 1)
    assert read == [receipt]
    headers = {"X-API-Key": a_key(hub), "Last-Event-ID": place}
    with httpx2.stream("GET", hub.url + PATH, headers=headers, timeout=PATIENCE) as answer:
        assert answer.status_code == 404
        answer.read()
    assert answer.json()["code"] == "unknown"
    assert receipt not in answer.text


def test_a_key_that_is_revoked_ends_its_stream(hub: Hub) -> None:
    began, key = now(), a_key(hub)
    receipt = hub.post(AGENCY, recruitment("before-the-end"))
    with following(hub, key, since=began) as source:
        assert receipts(source, 1)[0] == [receipt]
        hub.wiring.keys.revoke(key.split("_")[1])
        (last,) = source
    assert (last.event, json.loads(last.data)["code"]) == ("problem", "unauthenticated")
