"""The outbox as a stream, over a real socket: nothing is missing after a break, nothing goes on after a right has ended."""

import json
import re
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.events import AT_ONCE, FRESH, Streams
from connectors.memory.reading import MemoryReading
from hub.core.partners import Asked
from hub.ports import Page
from schemas.errors import NotReady
from tests.api.conftest import AGENCY, OTHER, Hub
from tests.api.served import Served, served
from tests.waiting import until

PATH = "/v1/outbox/stream"
SECONDS = 5.0
"""Within so many an open stream ends once it has to."""


@pytest.fixture
def hub() -> Hub:
    return Hub(streams=Streams(heartbeat=0.3))


@pytest.fixture
def running(hub: Hub) -> Iterator[Served]:
    with served(hub) as running:
        yield running


def event(number: int, size: int = 0) -> dict[str, Any]:
    return {"id": f"e-{number}", "step": 1, "data": {"receipt": f"r-{number}", "text": "x" * size}}


def deliver(hub: Hub, numbers: range, size: int = 0) -> None:
    for number in numbers:
        hub.reading.deliver(AGENCY, event(number, size))


@contextmanager
def following(running: Served, key: str, cursor: str | None = None) -> Iterator[Iterator[httpx2.ServerSentEvent]]:
    """What comes on a stream that is open for the time of the block."""
    headers = {"Authorization": f"Bearer {key}"} | ({} if cursor is None else {"Last-Event-ID": cursor})
    with httpx2.Client(base_url=running.url, timeout=20) as client, client.sse(PATH, headers=headers) as source:
        assert source.response.status_code == 200, source.response.read()
        assert source.response.headers["content-type"].startswith("text/event-stream")
        assert source.response.headers["cache-control"] == "no-store"
        yield iter(source)


def names(source: Iterator[httpx2.ServerSentEvent], count: int) -> list[str]:
    """The ids of the next so many events."""
    return [json.loads(said.data)["id"] for said in islice((one for one in source if one.data), count)]


def test_what_is_there_comes_in_its_order_and_then_what_is_new(hub: Hub, running: Served) -> None:
    deliver(hub, range(AT_ONCE + 5))
    hub.reading.deliver(OTHER, event(99))
    with following(running, hub.key) as source:
        assert names(source, AT_ONCE + 5) == [f"e-{number}" for number in range(AT_ONCE + 5)]
        began = time.monotonic()
        hub.reading.deliver(OTHER, event(100))
        hub.reading.deliver(AGENCY, event(101))
        assert names(source, 1) == ["e-101"]
        assert time.monotonic() - began < 2


def test_an_event_is_an_item_of_the_feed(hub: Hub, running: Served) -> None:
    deliver(hub, range(2))
    feed = httpx2.get(running.url + "/v1/outbox", headers={"X-API-Key": hub.key}).json()
    with following(running, hub.key) as source:
        said = list(islice((one for one in source if one.data), 2))
    assert [json.loads(one.data) for one in said] == feed["items"]
    assert [one.id for one in said] == [item["cursor"] for item in feed["items"]]


def test_after_a_break_it_goes_on_without_a_gap_wherever_it_broke(hub: Hub, running: Served) -> None:
    deliver(hub, range(30))
    seen, cursor, chunks = list[str](), None, iter([1, 7, 2, 11, 9])
    for count in chunks:
        with following(running, hub.key, cursor) as source:
            for said in islice((one for one in source if one.data), count):
                seen.append(json.loads(said.data)["id"])
                cursor = said.id
    assert seen == [f"e-{number}" for number in range(30)]


def test_after_the_hub_was_started_again_it_goes_on_without_a_gap(hub: Hub) -> None:
    deliver(hub, range(3))
    with served(hub) as first, following(first, hub.key) as source:
        said = list(islice((one for one in source if one.data), 3))
    deliver(hub, range(3, 6))
    again = Hub(hub.publisher, hub.keys, hub.reading)
    with served(again, first.port) as second, following(second, hub.key, said[-1].id) as source:
        assert names(source, 3) == ["e-3", "e-4", "e-5"]


def test_two_who_follow_both_get_everything(hub: Hub, running: Served) -> None:
    with following(running, hub.key) as one, following(running, hub.key) as other:
        deliver(hub, range(100))
        assert names(one, 100) == names(other, 100) == [f"e-{number}" for number in range(100)]


def test_where_nothing_comes_there_are_heartbeats(hub: Hub, running: Served) -> None:
    with (
        httpx2.Client(base_url=running.url, timeout=20, headers={"X-API-Key": hub.key}) as client,
        client.stream("GET", PATH) as it,
    ):
        lines = it.iter_lines()
        began = time.monotonic()
        assert [line for line in islice(lines, 6) if line] == ["retry: 2000", ": heartbeat", ": heartbeat"]
    assert 0.5 < time.monotonic() - began < 3


def problem(running: Served, path: str, key: str, cursor: str, by_header: bool = False) -> dict[str, Any]:
    headers = {"X-API-Key": key} | ({"Last-Event-ID": cursor} if by_header else {})
    answer = httpx2.get(running.url + path, headers=headers, params={} if by_header else {"cursor": cursor})
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    return {name: told[name] for name in ("status", "code", "detail")}


@pytest.mark.parametrize("cursor", ["earlier.7", "memory.-1", "7", "memory.9999999999999999999", "abc"])
def test_a_cursor_that_does_not_hold_is_answered_as_by_the_feed(hub: Hub, running: Served, cursor: str) -> None:
    wanted = problem(running, "/v1/outbox", hub.key, cursor)
    assert wanted["status"] in (404, 422)
    assert problem(running, PATH, hub.key, cursor) == wanted
    assert problem(running, PATH, hub.key, cursor, by_header=True) == wanted


def test_the_last_event_counts_before_the_cursor_of_the_address(hub: Hub, running: Served) -> None:
    """A browser opens the same address again and adds the header."""
    deliver(hub, range(3))
    headers = {"X-API-Key": hub.key, "Last-Event-ID": "memory.1"}
    with httpx2.Client(timeout=20) as client, client.sse(f"{running.url}{PATH}?cursor=memory.0", headers=headers) as source:
        assert names(iter(source), 1) == ["e-2"]


# Rights that end


def ends_with(source: Iterator[httpx2.ServerSentEvent]) -> dict[str, Any]:
    """The problem that is the last thing on a stream."""
    *_, last = source
    assert last.event == "problem"
    told: dict[str, Any] = json.loads(last.data)
    return told


def test_a_key_that_is_revoked_ends_an_open_stream(hub: Hub, running: Served) -> None:
    key = hub.keys.issue(AGENCY, "test", frozenset({"read"}))
    with following(running, key) as source:
        began = time.monotonic()
        hub.keys.revoke(key.split("_")[1])
        assert ends_with(source)["code"] == "unauthenticated"
        assert time.monotonic() - began < SECONDS
    hub.reading.deliver(AGENCY, event(1))
    assert httpx2.get(running.url + PATH, headers={"X-API-Key": key}).status_code == 401


def test_a_suspended_partner_is_told_nothing_more(hub: Hub, running: Served) -> None:
    with following(running, hub.key) as source:
        hub.partners.move(AGENCY, Asked("suspend", "its server was broken into"), "the operator")
        told = ends_with(source)
    assert (told["code"], "suspended" in told["detail"]) == ("not-permitted", True)
    assert httpx2.get(running.url + PATH, headers={"X-API-Key": hub.key}).status_code == 403


def test_an_agency_that_is_ended_is_told_nothing_more(hub: Hub, running: Served) -> None:
    with following(running, hub.key) as source:
        began = time.monotonic()
        hub.reading.ended.add(AGENCY)
        assert ends_with(source)["code"] == "not-permitted"
        assert time.monotonic() - began < SECONDS
    assert httpx2.get(running.url + PATH, headers={"X-API-Key": hub.key}).status_code == 403


def test_a_key_without_the_right_opens_none(hub: Hub, running: Served) -> None:
    key = hub.keys.issue(AGENCY, "test", frozenset({"publish"}))
    assert httpx2.get(running.url + PATH, headers={"X-API-Key": key}).status_code == 403


def test_an_agency_has_so_many_streams_and_a_place_is_free_again_at_once(hub: Hub, running: Served) -> None:
    with following(running, hub.key), following(running, hub.key), following(running, hub.key):
        with following(running, hub.key):
            answer = httpx2.get(running.url + PATH, headers={"X-API-Key": hub.key})
            assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "too-much", "5")
            other = hub.keys.issue(OTHER, "test", frozenset({"read"}))
            with following(running, other):
                assert hub.streams.is_open(OTHER) == 1
        until(lambda: hub.streams.is_open(AGENCY) == 3, SECONDS)
        with following(running, hub.key):
            assert hub.streams.is_open(AGENCY) == 4
    until(lambda: hub.streams.is_open(AGENCY) == 0, SECONDS)


def test_what_is_refused_takes_no_place(hub: Hub, running: Served) -> None:
    for cursor in ("abc", "earlier.1"):
        for _ in range(6):
            assert httpx2.get(f"{running.url}{PATH}?cursor={cursor}", headers={"X-API-Key": hub.key}).status_code in (404, 422)
    assert hub.streams.is_open(AGENCY) == 0


# Whoever is slow


def slow(running: Served, key: str) -> socket.socket:
    """A client that has asked and does not read."""
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    asking.settimeout(20)
    asking.connect(("127.0.0.1", running.port))
    asking.sendall(f"GET {PATH} HTTP/1.1\r\nHost: hub\r\nX-API-Key: {key}\r\n\r\n".encode())
    return asking


def rest_of(asking: socket.socket, last: str) -> list[str]:
    """The ids of all that comes until that one."""
    wanted, pieces = f'"{last}"'.encode(), [b"", b""]
    while wanted not in pieces[-2] + pieces[-1]:
        pieces.append(asking.recv(1 << 20))
        assert pieces[-1], "the stream has ended"
    lines = b"".join(pieces).decode().split("\n")
    return [found[1] for line in lines if (found := re.search(r'"id":"(e-[0-9]+)"', line))]


class Counted(MemoryReading):
    """Counts the events that were read, and hides those put in `hidden`, as a right that became narrower does."""

    def __init__(self) -> None:
        super().__init__()
        self.given = 0
        self.hidden = range(0)

    def outbox(self, agency: str, cursor: str | None, limit: int) -> Page:
        page = super().outbox(agency, cursor, limit)
        self.given += len(page.items)
        return Page([item for item in page.items if int(item["id"].removeprefix("e-")) not in self.hidden], page.next)


def test_a_slow_reader_costs_a_page_and_gets_everything_later() -> None:
    reading = Counted()
    hub = Hub(reading=reading)
    deliver(hub, range(1_000), 20_000)
    with served(hub) as running, slow(running, hub.key) as asking:
        until(lambda: reading.given)
        time.sleep(FRESH + 0.5)
        stalled = reading.given
        time.sleep(0.5)
        assert reading.given == stalled < 500, "20 MB were there to be read"
        other = hub.keys.issue(OTHER, "test", frozenset({"read"}))
        hub.reading.deliver(OTHER, event(7))
        with following(running, other) as source:
            assert names(source, 1) == ["e-7"], "nobody else waits"
        assert rest_of(asking, "e-999") == [f"e-{number}" for number in range(1_000)]


def test_what_waits_for_a_slow_reader_is_read_again_by_the_rights_of_then() -> None:
    """Only what was on its way already, the rest of no page that is older than a moment."""
    reading = Counted()
    hub = Hub(reading=reading)
    deliver(hub, range(60), 500_000)
    with served(hub) as running, slow(running, hub.key) as asking:
        until(lambda: reading.given)
        time.sleep(FRESH + 0.5)
        reading.hidden = range(50)
        got = rest_of(asking, "e-59")
    assert got[-10:] == [f"e-{number}" for number in range(50, 60)]
    assert 0 < len(got) - 10 < AT_ONCE


def memory() -> int:
    """Bytes of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def is_cut_off(asking: socket.socket) -> bool:
    """Whether what was on its way ends without an end of the answer."""
    try:
        while asking.recv(1 << 20):
            pass
    except ConnectionResetError:
        return True
    return False


def test_clients_that_stop_reading_are_cut_off_and_cost_nobody_else() -> None:
    """Two hundred, for each of whom 4 MB are there to be read; then they find their places free, and everything there."""
    reading = Counted()
    hub = Hub(reading=reading)
    agencies = [f"stalled-{number}" for number in range(50)]
    keys = {agency: hub.keys.issue(agency, "test", frozenset({"read"})) for agency in agencies}
    for number in range(200):
        said = event(number, 20_000)
        for agency in agencies:
            reading.deliver(agency, said)
    with served(hub, patience=3) as running, ExitStack() as stack, following(running, hub.key) as source:
        before = memory()
        stalled = [stack.enter_context(slow(running, keys[agency])) for agency in agencies for _ in range(4)]
        assert all(asking.recv(1, socket.MSG_PEEK) for asking in stalled), "each has its answer, and takes nothing of it"
        deliver(hub, range(100))
        assert names(source, 100) == [f"e-{number}" for number in range(100)], "nobody else waits"
        until(lambda: not any(map(hub.streams.is_open, agencies)), 60)
        assert memory() - before < 100_000_000, "800 MB were there to be read"
        assert reading.given < 200 * 100
        assert all(map(is_cut_off, stalled))
        deliver(hub, range(100, 105))
        assert names(source, 5) == [f"e-{number}" for number in range(100, 105)]
        with following(running, keys[agencies[0]]) as again:
            assert names(again, 200) == [f"e-{number}" for number in range(200)]


def test_what_is_cut_away_moves_the_cursor_on() -> None:
    reading = Counted()
    hub = Hub(reading=reading)
    reading.hidden = range(0, 60)
    deliver(hub, range(60))
    with served(hub) as running, following(running, hub.key) as source:
        ids = [said.id for said in islice(source, 4)]
    assert ids[1:] == ["memory.19", "memory.39", "memory.59"]


# The end of a stream


def test_open_streams_do_not_hold_up_the_end_of_the_hub(hub: Hub) -> None:
    running, ended = Served(hub), list[str]()

    def follow() -> None:
        with following(running, hub.key) as source:
            ended.append(",".join(said.event for said in source))

    threads = [threading.Thread(target=follow) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: hub.streams.is_open(AGENCY) == 3)
    assert running.stop() < SECONDS
    for thread in threads:
        thread.join()
    assert ended == ["message"] * 3, "the line with `retry`, and a proper end"


def test_who_takes_nothing_does_not_hold_up_the_end_either(hub: Hub) -> None:
    deliver(hub, range(500), 20_000)
    running = Served(hub)
    with slow(running, hub.key):
        until(lambda: hub.streams.is_open(AGENCY))
        time.sleep(0.5)
        assert running.stop() < SECONDS


def test_a_stream_ends_when_it_is_old() -> None:
    hub = Hub(streams=Streams(longest=0.5))
    with served(hub) as running, following(running, hub.key) as source:
        began = time.monotonic()
        assert [said.data for said in source] == [""]
    assert 0.4 < time.monotonic() - began < SECONDS


def test_where_nothing_can_be_read_any_more_it_ends_and_says_why(hub: Hub, running: Served) -> None:
    with following(running, hub.key) as source:
        hub.reading.failure = NotReady("PostgreSQL is away")
        told = ends_with(source)
    assert (told["code"], told["retry"], told["detail"]) == ("not-ready", True, "PostgreSQL is away")


def test_an_outbox_made_anew_ends_a_stream_with_what_the_feed_says(hub: Hub, running: Served) -> None:
    deliver(hub, range(1))
    with following(running, hub.key) as source:
        assert names(source, 1) == ["e-0"]
        hub.reading.epoch = "anew"
        told = ends_with(source)
    assert {name: told[name] for name in ("status", "code", "detail")} == problem(running, "/v1/outbox", hub.key, "memory.0")
