"""Being told through the client: each event once, over crashes, restarts and breaks; and an end where nothing helps."""

import asyncio
import gc
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.client import CursorLost, FileStore, HubClient, Limits, MemoryStore, NotLetIn, Refused
from schemas.errors import NotReady, TooMuch
from tests.api.conftest import AGENCY, OTHER, Hub
from tests.api.served import Served, served
from tests.connectors.client.helping import Asked, an_event, answering, deliver, holding_back, names, take
from tests.waiting import until

ROOT = Path(__file__).parents[3]
STREAM, FEED = "/v1/outbox/stream", "/v1/outbox"
FEED_ALONE, QUICK = Limits(stream=False, wait=1), Limits(silence=1.0, feed_for=60, wait=1)
BOTH = pytest.mark.parametrize("limits", [Limits(), FEED_ALONE], ids=["stream", "feed"])


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def asked(hub: Hub) -> Asked:
    return Asked(hub)


@pytest.fixture
def running(hub: Hub, asked: Asked) -> Iterator[Served]:
    with served(hub) as running:
        yield running


@pytest.fixture
def client(hub: Hub, running: Served) -> Iterator[HubClient]:
    with HubClient(running.url, hub.key) as client:
        yield client


@BOTH
async def test_events_come_in_their_order_with_all_that_they_say(client: HubClient, hub: Hub, limits: Limits) -> None:
    wanted = [an_event(number) for number in range(120)]
    deliver(hub, *wanted)
    hub.reading.deliver(OTHER, an_event(999))
    found = await take(client.subscribe(limits=limits), 120)
    assert names(found) == [event["id"] for event in wanted]
    first = found[0]
    assert (first.type, first.subject, first.receipt, first.step) == (
        "fi.employersituation.notice.recruitment.v1", "fi:9000000-3", "r-0", 1,
    )  # fmt: skip
    assert (first.data, first.cursor) == ({"notice": {"id": "R-0"}}, "memory.0")


async def test_an_answer_to_a_notice_is_no_step_of_it_and_each_is_told(client: HubClient, hub: Hub) -> None:
    lane = "acknowledgement.recruitment"
    answers = [an_event(1, step=0, lane=lane, id=f"a-{number}") for number in range(3)]
    deliver(hub, an_event(1, step=2), *answers[:2], answers[0], an_event(1, step=3), answers[2])
    found = await take(client.subscribe(), 5)
    assert [(event.id, event.step) for event in found] == [
        ("e-1-2-notice.recruitment", 2), ("a-0", 0), ("a-1", 0), ("e-1-3-notice.recruitment", 3), ("a-2", 0),
    ]  # fmt: skip


@BOTH
async def test_what_comes_later_is_told_at_once(client: HubClient, hub: Hub, limits: Limits) -> None:
    later = threading.Timer(0.5, lambda: deliver(hub, an_event(1)))
    later.start()
    assert names(await take(client.subscribe(limits=limits), 1, within=5)) == ["e-1-1-notice.recruitment"]
    later.join()


@BOTH
async def test_it_goes_on_after_a_cursor(client: HubClient, hub: Hub, limits: Limits) -> None:
    deliver(hub, *(an_event(number) for number in range(5)))
    found = await take(client.subscribe(cursor="memory.2", limits=limits), 2)
    assert [event.receipt for event in found] == ["r-3", "r-4"]


# Each once


async def test_an_event_that_stands_there_twice_is_told_once(client: HubClient, hub: Hub) -> None:
    deliver(hub, an_event(1), an_event(2), an_event(1), an_event(3))
    assert [event.receipt for event in await take(client.subscribe(), 3)] == ["r-1", "r-2", "r-3"]


async def test_a_step_that_is_not_newer_is_passed_by_on_each_lane_for_itself(client: HubClient, hub: Hub) -> None:
    deliver(
        hub,
        an_event(1, 1, "alert.layoff"), an_event(1, 3, "notice.downsizing"), an_event(1, 2, "notice.downsizing"),
        an_event(1, 2, "alert.layoff"), an_event(1, 3, "notice.stub"), an_event(1, 4, "notice.stub"), an_event(2, 1),
    )  # fmt: skip
    found = await take(client.subscribe(), 5)
    assert [(event.type.split(".")[2], event.receipt, event.step) for event in found] == [
        ("alert", "r-1", 1), ("notice", "r-1", 3), ("alert", "r-1", 2), ("notice", "r-1", 4), ("notice", "r-2", 1),
    ]  # fmt: skip


async def test_an_outbox_that_was_emptied_and_written_again_tells_only_what_is_new(
    client: HubClient, hub: Hub, tmp_path: Path
) -> None:
    """Also to a subscriber that was started again meanwhile: the same ids come at later places."""
    deliver(hub, *(an_event(number) for number in range(10)))
    store = FileStore(tmp_path / "place")
    assert len(await take(client.subscribe(store=store), 10)) == 10
    store.close()
    deliver(hub, *(an_event(number) for number in range(10)), an_event(10))
    store = FileStore(tmp_path / "place")
    assert names(await take(client.subscribe(store=store), 1)) == ["e-10-1-notice.recruitment"]
    store.close()


# Acknowledging


async def test_what_was_not_acknowledged_comes_again_and_nothing_else(client: HubClient, hub: Hub) -> None:
    deliver(hub, *(an_event(number) for number in range(6)))
    store = MemoryStore()
    events = await take(client.subscribe(store=store), 5, ack=False)
    for number in (4, 0, 2, 1):  # dealt with at the same time, in any order
        await events[number].ack()
        await events[number].ack()
    assert store.cursor() == "memory.2"
    again = await take(client.subscribe(store=store), 2)
    assert [event.receipt for event in again] == ["r-3", "r-5"]
    assert store.cursor() == "memory.5"


async def test_a_repeat_between_moves_the_place_only_behind_what_is_acknowledged(client: HubClient, hub: Hub) -> None:
    deliver(hub, an_event(0), an_event(1), an_event(0), an_event(0), an_event(2))
    store = MemoryStore()
    events = await take(client.subscribe(store=store), 3, ack=False)
    assert store.cursor() is None
    await events[1].ack()
    assert store.cursor() is None
    await events[0].ack()
    assert store.cursor() == "memory.3"


class FullDisk(MemoryStore):
    """Keeps nothing for as long as it is full."""

    full = True

    def acknowledge(self, mark: str, step: int, cursor: str | None) -> None:
        if self.full:
            raise OSError("no space left")
        super().acknowledge(mark, step, cursor)


async def test_what_could_not_be_kept_is_not_dealt_with(client: HubClient, hub: Hub) -> None:
    """A later acknowledgement does not hide it; it may be acknowledged again once there is room."""
    deliver(hub, *(an_event(number) for number in range(3)))
    store = FullDisk()
    events = await take(client.subscribe(store=store), 3, ack=False)
    with pytest.raises(OSError, match="no space"):
        await events[0].ack()
    store.full = False
    await events[1].ack()
    assert store.cursor() is None
    await events[0].ack()
    assert store.cursor() == "memory.1"


async def test_who_never_acknowledges_is_told_so(client: HubClient, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.client.events.MOST_OPEN", 10)
    deliver(hub, *(an_event(number) for number in range(12)))
    with pytest.raises(RuntimeError, match=r"event\.ack"):
        await take(client.subscribe(store=MemoryStore()), 12, ack=False)
    assert len(await take(client.subscribe(), 12, ack=False)) == 12, "without a store nothing waits"


PROGRAM = """
import asyncio, os, signal, sys
from connectors.client import FileStore, HubClient

async def main(url, key, place, told, until_killed, last):
    store = FileStore(place)
    left = int(until_killed)
    async for event in HubClient(url, key).subscribe(store=store):
        with open(told, "a") as file:
            print(event.id, file=file, flush=True)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        await event.ack()
        if event.id == last:
            return

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_crash_in_the_middle_loses_nothing_and_repeats_only_what_was_not_acknowledged(
    hub: Hub, running: Served, tmp_path: Path
) -> None:
    """Killed between an event and its acknowledgement, three times; then to the end."""
    wanted = [an_event(number) for number in range(60)]
    deliver(hub, *wanted)
    told = tmp_path / "told"
    for until_killed in (7, 1, 20, 0):
        given = [running.url, hub.key, str(tmp_path / "place"), str(told), str(until_killed), wanted[-1]["id"]]
        ended = subprocess.run([sys.executable, "-c", PROGRAM, *given], cwd=ROOT, timeout=60, check=False)
        assert ended.returncode == (-9 if until_killed else 0)
    seen = told.read_text().split()
    ids = [event["id"] for event in wanted]
    assert seen == ids[:7] + ids[6:7] + ids[6:26] + ids[25:]


# Breaks


@BOTH
async def test_a_hub_that_is_started_again_costs_nothing(hub: Hub, limits: Limits) -> None:
    """Events come before, while and after it is away; each is told once, in order."""
    current = [Served(hub)]
    deliver(hub, *(an_event(number) for number in range(10)))

    def restart() -> None:
        current.pop().stop()
        deliver(hub, *(an_event(number) for number in range(10, 20)))
        current.append(Served(Hub(hub.publisher, hub.keys, hub.reading), port))
        deliver(hub, *(an_event(number) for number in range(20, 30)))

    port, url = current[0].port, current[0].url
    with HubClient(url, hub.key) as client:
        telling = asyncio.create_task(take(client.subscribe(limits=limits), 30))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(restart)
        found = await telling
    current[0].stop()
    assert [event.receipt for event in found] == [f"r-{number}" for number in range(30)]


async def test_a_hub_that_cannot_read_for_a_while_is_waited_for(client: HubClient, hub: Hub, asked: Asked) -> None:
    deliver(hub, an_event(1))
    telling = asyncio.create_task(take(client.subscribe(), 2))
    await asyncio.sleep(0.5)
    hub.reading.failure = NotReady("PostgreSQL is away")
    await asyncio.sleep(1.5)
    hub.reading.failure = None
    deliver(hub, an_event(2))
    assert [event.receipt for event in await telling] == ["r-1", "r-2"]
    assert asked.places[0] == "none"
    assert set(asked.places[1:]) == {"memory.0"}, "nothing is read again"


@BOTH
async def test_a_hub_that_asks_to_wait_is_asked_after_that_time(
    client: HubClient, hub: Hub, asked: Asked, limits: Limits
) -> None:
    """Not before, also where nobody else than the feed could be asked."""
    hub.reading.failure = TooMuch("many ask")
    hub.streams._most = 0
    deliver(hub, an_event(1))
    telling = asyncio.create_task(take(client.subscribe(limits=limits), 1))
    await asyncio.sleep(3)
    assert asked.paths.count(FEED) == 1, "Retry-After is 5 seconds"
    hub.reading.failure = None
    assert len(await telling) == 1
    assert asked.paths.count(FEED) == 2


# Stream or feed


async def test_where_a_stream_goes_the_feed_is_not_asked(client: HubClient, hub: Hub, asked: Asked) -> None:
    deliver(hub, *(an_event(number) for number in range(100)))
    await take(client.subscribe(), 100)
    assert asked.paths == [STREAM]


async def test_past_the_limit_of_streams_the_feed_is_read(client: HubClient, hub: Hub, asked: Asked) -> None:
    deliver(hub, an_event(1))
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(hub.streams.place(AGENCY))
        assert len(await take(client.subscribe(limits=QUICK), 1)) == 1
    assert asked.paths == [STREAM, FEED]


@pytest.mark.parametrize(
    "instead",
    [
        answering(404, b'{"code": "no-such-page", "status": 404}', ((b"content-type", b"application/problem+json"),)),
        answering(200, b"<html>", ((b"content-type", b"text/html"),)),
        holding_back,
    ],
    ids=["a hub without streams", "a page of something in between", "something that holds answers back"],
)
async def test_where_no_stream_goes_the_feed_is_read(client: HubClient, hub: Hub, asked: Asked, instead: Any) -> None:
    asked.instead[STREAM] = instead
    deliver(hub, an_event(1))
    later = threading.Timer(2.5, lambda: deliver(hub, an_event(2)))
    later.start()
    assert len(await take(client.subscribe(limits=QUICK), 2)) == 2
    later.join()
    assert asked.paths.count(STREAM) == 1
    assert 2 <= asked.paths.count(FEED) <= 6


async def test_a_stream_is_tried_again_after_a_while(client: HubClient, hub: Hub, asked: Asked) -> None:
    asked.instead[STREAM] = answering(404)
    deliver(hub, an_event(1))
    telling = asyncio.create_task(take(client.subscribe(limits=Limits(feed_for=1.0, wait=1)), 2))
    await asyncio.sleep(0.5)
    asked.instead.clear()
    await asyncio.sleep(2.5)
    deliver(hub, an_event(2))
    assert len(await telling) == 2
    assert asked.paths[0] == asked.paths[-1] == STREAM


async def test_who_stops_subscribing_holds_nothing_open(client: HubClient, hub: Hub) -> None:
    deliver(hub, an_event(1), an_event(2))
    await take(client.subscribe(), 1)
    await asyncio.to_thread(until, lambda: hub.streams.is_open(AGENCY) == 0)


# Where nothing helps


@BOTH
async def test_a_key_that_is_revoked_ends_it_and_nothing_is_asked_again(
    running: Served, hub: Hub, asked: Asked, limits: Limits
) -> None:
    key = hub.keys.issue(AGENCY, "test", frozenset({"read"}))
    deliver(hub, an_event(1))
    client = HubClient(running.url, key)
    telling = asyncio.create_task(take(client.subscribe(limits=limits), 2, within=10))
    await asyncio.sleep(1)
    hub.keys.revoke(key.split("_")[1])
    with pytest.raises(NotLetIn, match="revoked"):
        await telling
    before = len(asked.paths)
    await asyncio.sleep(1.5)
    assert len(asked.paths) == before
    with pytest.raises(NotLetIn):
        await take(client.subscribe(limits=limits), 1)
    client.close()


@BOTH
async def test_a_cursor_that_is_made_up_is_refused(client: HubClient, asked: Asked, limits: Limits) -> None:
    with pytest.raises(Refused):
        await take(client.subscribe(cursor="made-up", limits=limits), 1)
    assert len(asked.paths) == 1


@BOTH
async def test_an_outbox_made_anew_tells_what_is_lost_and_from_where_to_go_on(
    client: HubClient, hub: Hub, asked: Asked, limits: Limits
) -> None:
    deliver(hub, an_event(1), an_event(2))
    store = MemoryStore()
    await take(client.subscribe(store=store, limits=limits), 2)
    hub.reading.epoch = "anew"
    deliver(hub, an_event(3))
    before = len(asked.paths)
    with pytest.raises(CursorLost, match="leave it out to begin at the start of today's"):
        await take(client.subscribe(store=store, limits=limits), 1)
    assert len(asked.paths) == before + 1
    store.forget()
    assert [event.receipt for event in await take(client.subscribe(store=store, limits=limits), 1)] == ["r-3"]


async def test_the_page_s_lines_to_be_told_work_as_they_stand(
    running: Served, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lines = re.findall(r"```python\n(.*?)```", (ROOT / "docs/client.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.setenv("HUB", running.url)
    monkeypatch.setenv("KEY", hub.key)
    monkeypatch.chdir(tmp_path)
    deliver(hub, an_event(1), an_event(2))

    def run() -> None:
        with suppress(NotLetIn):
            exec(compile(lines, "docs/client.md", "exec"), {})

    telling = asyncio.create_task(asyncio.to_thread(run))
    await asyncio.sleep(1)
    hub.keys.revoke(hub.key.split("_")[1])
    await asyncio.wait_for(telling, 10)
    gc.collect()  # what the page made, with its hold on the file
    store = FileStore("hub-place.sqlite")
    assert store.cursor() == "memory.1"
    store.close()


def test_the_hub_ends_while_somebody_follows_it(hub: Hub) -> None:
    """A client of HTTP alone sees a proper end, so that nothing in between calls it an error."""
    running = Served(hub)
    with (
        httpx2.Client(base_url=running.url, headers={"X-API-Key": hub.key}, timeout=20) as http,
        http.stream("GET", STREAM) as answer,
    ):
        stopping = threading.Thread(target=running.stop)
        stopping.start()
        assert answer.read().startswith(b"retry: ")
        stopping.join()
