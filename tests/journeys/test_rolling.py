"""Every process of a running hub is started again in turn while agencies publish and read: nobody is refused, nothing is lost."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from hub.core.reckoning import Ledger
from hub.reckoning import received_ends, reckon
from tests.journeys.running import Hub, downsizing, recruitment
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
SENDERS = 4
FRONT_FIRST = ("front", "back", "projector", "bridge", "dispatcher", "api")
"""The order of an update (docs/operating.md)."""


@dataclass
class Load:
    """What agencies asked meanwhile, and what they were answered."""

    hub: Hub
    receipts: list[str] = field(default_factory=list)
    answered: int = 0
    refused: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def publish(self, number: int) -> None:
        """One notice after the other on one connection, and on a new one each fifth time."""
        client = self._client()
        for count in range(100_000):
            if self._stop.is_set():
                return
            make = downsizing if count % 3 else recruitment
            close = {"Connection": "close"} if count % 5 == 0 else {}
            answer = self._ask(client, "POST", "/v1/notices", json=make(f"rolling-{number}-{count}"), headers=close)
            if answer is not None:
                self.receipts.append(answer.json()["receipt"])
            time.sleep(0.02)

    def read(self) -> None:
        """Outbox and search, as a consultant's desk would."""
        client = self._client()
        while not self._stop.is_set():
            for path in ("/v1/outbox?limit=5", "/v1/notices?limit=5", "/readyz"):
                self._ask(client, "GET", path)
            time.sleep(0.02)

    def _client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.hub.url, timeout=60, headers={"X-API-Key": self.hub.keys["ta-39"]})

    def _ask(self, client: httpx2.Client, method: str, path: str, **how: object) -> httpx2.Response | None:
        try:
            answer = client.request(method, path, **how)  # type: ignore[arg-type]
        except httpx2.HTTPError as error:
            self.refused.append(f"{method} {path}: {type(error).__name__} {error}")
            return None
        if answer.status_code not in (200, 202):
            self.refused.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        self.answered += 1
        return answer

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def under_load(hub: Hub) -> Iterator[Load]:
    hub.get("ta-39", "/readyz")  # which makes the key
    load = Load(hub)
    threads = [threading.Thread(target=load.publish, args=(number,)) for number in range(SENDERS)]
    threads.append(threading.Thread(target=load.read))
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop()
        for thread in threads:
            thread.join(90)


def start_again(hub: Hub, name: str) -> None:
    """As an update does it: asked to stop, gone, started."""
    keeper = hub.aside if name == "back" else hub.supervisor
    ended = keeper.kill(name, signal.SIGTERM)
    keeper.wait_ready(name, 60, other_than=ended)


def awaited(hub: Hub) -> list[datetime]:
    """When embargoes end that other journeys have left, and that end soon."""
    soon = datetime.now(UTC) + timedelta(minutes=10)
    return [until for _, until in reckon(hub.wiring.bootstrap, hub.wiring.prefix, None, 0.0).held() if until < soon]


def test_each_process_is_started_again_in_turn_and_no_request_is_refused(hub: Hub) -> None:
    until(lambda: not awaited(hub), "the ends of embargoes, which come through the door too")
    since = received_ends(hub.wiring.bootstrap, hub.wiring.prefix)
    with under_load(hub) as load:
        for name in (*FRONT_FIRST, "api"):
            before = load.answered
            until(lambda before=before: load.answered > before + 50, "the load")
            start_again(hub, name)
        until(lambda before=load.answered: load.answered > before + 50, "the load")
    assert load.refused == []
    assert len(set(load.receipts)) == len(load.receipts) > 100
    ledger: Ledger = reckon(hub.wiring.bootstrap, hub.wiring.prefix, since, 60.0)
    counts = ledger.counts()
    assert [str(one) for one in ledger.unaccounted()] == []
    assert (counts["received"], counts["accepted"]) == (len(load.receipts), len(load.receipts))
    hub.settle()
    told = [item["receipt"] for item in hub._pages("ta-39", "/v1/outbox") if ".alert." not in item["type"]]
    assert set(load.receipts) <= set(told), "a notice was lost on its way"
