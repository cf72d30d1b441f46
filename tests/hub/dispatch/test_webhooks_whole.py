"""Webhooks on a real Kafka and a real PostgreSQL: to the end, by two processes at once, and when one is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.outbound.topics import apply_topics
from connectors.store.migrate import drop_everything, migrate
from hub.dispatch.choosing import Choosing
from hub.dispatch.replaying import Replaying
from hub.dispatch.webhooks import Webhooks
from hub.replays import Wanted
from hub.settings import DatabaseSettings, KafkaSettings, SecretSettings, Settings, WebhookSettings
from hub.wiring import Wiring
from schemas.topics import DELIVERIES, outbox
from schemas.wire import Message
from tests.api.conftest import Hub as Api
from tests.api.served import served
from tests.builders import a_small_registry
from tests.hub.dispatch.boxes import AGENCY, a_copy
from tests.receiving import Receiver, receiver
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
SECRET = "a secret of the tests of 32 bytes"
LOOPBACK = ("127.0.0.0/8",)


@dataclass
class Hub:
    """Topics and tables of a test, and who works on them."""

    wiring: Wiring

    def say(self, *copies: Message) -> None:
        """Into the outboxes."""
        self.wiring.publisher.publish([replace(copy, topic=self.wiring.prefix + copy.topic) for copy in copies])

    def add(self, url: str, agency: str = AGENCY) -> str:
        return self.wiring.endpoints.add(agency, url, "structured")[0].id

    @contextmanager
    def telling(self) -> Iterator[None]:
        """A dispatcher in a thread."""
        stop, wiring = threading.Event(), self.wiring
        rights = partial(lambda: (a_small_registry(), date(2026, 11, 25)))
        now = partial(datetime.now, UTC)
        choosing = Choosing(wiring.subscriptions.standing, rights)
        deliveries, outboxes = wiring.deliveries(), wiring.outboxes()
        replaying = Replaying(wiring.replaying(deliveries.holder), outboxes, choosing, rights, now)
        reads = (deliveries, outboxes, wiring.webhook, wiring.publisher)
        made = Webhooks(*reads, rights, choosing, now, wiring.prefix, replaying=replaying)
        thread = threading.Thread(target=made.run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()


@pytest.fixture
def hub(bootstrap: str, database_url: str, topic_prefix: str) -> Iterator[Hub]:
    prefix = f"{topic_prefix}{os.getpid()}."
    settings = Settings(
        kafka=KafkaSettings(bootstrap=bootstrap, topic_prefix=prefix),
        database=DatabaseSettings(url=database_url),
        webhooks=WebhookSettings(networks=LOOPBACK),
        secrets=SecretSettings(keys=SECRET, cursors=SECRET),  # type: ignore[arg-type]
    )
    made = Hub(Wiring(settings))
    apply_topics(bootstrap, [DELIVERIES, outbox(AGENCY), outbox("ta-08")], prefix)
    migrate(database_url, made.wiring.schemas.prefix)
    yield made
    made.wiring.publisher.close()
    made.wiring.engine.dispose()
    drop_everything(database_url, made.wiring.schemas.prefix)


def in_order(here: Receiver) -> bool:
    """Whether each employer's events came first in their order, whatever came once more."""
    seen: defaultdict[str, list[int]] = defaultdict(list)
    for got in here.got:
        employer, number = got.event["subject"], int(got.event["data"]["receipt"][1:])
        if number not in seen[employer]:
            seen[employer].append(number)
    return all(numbers == sorted(numbers) for numbers in seen.values())


def copies(count: int, start: int = 0) -> list[Message]:
    return [a_copy(f"r{number}", employer=f"fi:{number % 7}") for number in range(start, start + count)]


def test_from_the_outbox_to_the_endpoint_and_noted(hub: Hub) -> None:
    hub.say(a_copy("r0"))
    with receiver() as here:
        name = hub.add(here.url)
        time.sleep(0.05)
        with hub.telling():
            hub.say(*copies(50, start=1))
            here.wait(50)
            until(lambda: hub.wiring.endpoints.get(AGENCY, name).waiting == 0)
            hub.say(*copies(5, start=51))
            here.wait(55)
    assert len({got.id for got in here.got}) == len(here.got) == 55
    assert "r0.1.ta-39" not in {got.id for got in here.got}, "it came before the endpoint was there"
    assert in_order(here)
    assert len(hub.wiring.endpoints.attempts(AGENCY, name, None, 100).items) == 55


def test_an_endpoint_that_is_the_hub_s_own_door_refuses_each_event_and_lets_nothing_in(hub: Hub) -> None:
    """It has no key: what it would say is said by nobody."""
    behind = Api()
    with served(behind) as door:
        names = [hub.add(f"{door.url}/v1/notices{path}") for path in ("", "/batch", "/ndjson")]
        time.sleep(0.05)
        with hub.telling():
            hub.say(a_copy("r0"))
            until(lambda: all(noted(hub, name) for name in names))
    for name in names:
        assert {(attempt["outcome"], attempt["code"]) for attempt in noted(hub, name)} == {("failed", "http-401")}
        info = hub.wiring.endpoints.get(AGENCY, name)
        assert (info.waiting, info.failures, info.failing_since is None) == (1, 1, False)
    assert behind.publisher.messages == []


def noted(hub: Hub, name: str) -> list[dict[str, Any]]:
    return list(hub.wiring.endpoints.attempts(AGENCY, name, None, 50).items)


def test_a_replay_goes_on_where_it_was_when_its_dispatcher_is_started_again(hub: Hub) -> None:
    hub.say(*copies(24))
    with receiver() as here:
        name = hub.add(here.url)
        replay = hub.wiring.replays.ask(AGENCY, name, Wanted(since=datetime.now(UTC) - timedelta(hours=1)), 12, "key").id
        with hub.telling():
            here.wait(6)
        between = hub.wiring.replays.get(AGENCY, name, replay)
        with hub.telling():
            until(lambda: hub.wiring.replays.get(AGENCY, name, replay).state == "done")
    found = hub.wiring.replays.get(AGENCY, name, replay)
    assert between.state == "running"
    assert 6 <= between.read < 24
    assert [got.id for got in here.got] == [f"r{number}.1.{AGENCY}" for number in range(24)]
    assert {got.headers["hub-replay"] for got in here.got} == {replay}
    assert (found.counts, found.read, found.total, found.lost) == ({"told": 24}, 24, 24, None)


def test_what_comes_while_it_is_asked_where_to_begin_is_not_passed_over(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has come since the endpoint was made; then, between the two questions to the broker, something does."""
    hub.say(*copies(3))
    outboxes = hub.wiring.outboxes()
    ask, asked = outboxes._offset, list[int]()

    def and_then_something_comes(*given: Any) -> int:
        found = ask(*given)
        if not asked:
            hub.say(*copies(1, start=3))
        asked.append(found)
        return found

    monkeypatch.setattr(outboxes, "_offset", and_then_something_comes)
    assert outboxes.since(AGENCY, datetime.now(UTC) + timedelta(hours=1)) == 3
    assert outboxes.since(AGENCY, datetime.now(UTC) - timedelta(hours=1)) == 0
    assert outboxes.since(AGENCY, datetime.now(UTC) + timedelta(hours=1)) == 4
    outboxes.close()


def test_two_dispatchers_share_the_endpoints_and_tell_each_event_once(hub: Hub) -> None:
    with ExitStack() as stack:
        here = [stack.enter_context(receiver()) for _ in range(4)]
        for one in here:
            hub.add(one.url)
        with hub.telling(), hub.telling():
            hub.say(*copies(40))
            for one in here:
                one.wait(40)
            time.sleep(0.5)
    assert all(len(one.got) == 40 for one in here)
    assert all(in_order(one) for one in here)


def test_when_the_dispatcher_is_killed_the_next_one_tells_the_rest(hub: Hub, tmp_path: Path) -> None:
    """A process by itself, with the registry of the hub; killed three times while it tells."""
    hub.wiring.make_ready()
    with receiver() as here:
        hub.add(here.url)
        for turn in range(3):
            process = _start(hub, tmp_path)
            hub.say(*copies(200, start=200 * turn))
            here.wait(200 * turn + 60, within=60)
            process.send_signal(signal.SIGKILL)
            process.wait()
            _lapse(hub)
        process = _start(hub, tmp_path)
        until(lambda: len({got.id for got in here.got}) == 600)
        process.terminate()
        assert process.wait(30) == 0
    assert in_order(here)
    assert len(here.got) < 600 + 3 * 50, "twice comes only what was told in the last moment before a kill"


def _start(hub: Hub, folder: Path) -> "subprocess.Popen[bytes]":
    settings = hub.wiring.settings
    env = os.environ | {
        "HUB_FOLDER": str(folder),
        "HUB_KAFKA__BOOTSTRAP": hub.wiring.bootstrap,
        "HUB_KAFKA__TOPIC_PREFIX": settings.kafka.topic_prefix,
        "HUB_DATABASE__URL": hub.wiring.url,
        "HUB_WEBHOOKS__NETWORKS": '["127.0.0.0/8"]',
        "HUB_SECRETS__KEYS": SECRET,
        "HUB_SECRETS__CURSORS": SECRET,
    }
    return subprocess.Popen([sys.executable, "-m", "hub", "dispatch"], env=env, stderr=(folder / "log").open("ab"))


def _lapse(hub: Hub) -> None:
    """The lease of the killed one is over at once, so that the test need not wait for it."""
    with hub.wiring.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {hub.wiring.schemas.work}.positions SET until = now() - interval '1 second'")
