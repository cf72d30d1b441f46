"""The reckoning of a running hub, while its agencies go on sending."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from hub.reckoning import received_ends, received_since, reckon
from tests.builders import HELSINKI, a_correction, a_withdrawal
from tests.journeys.running import Hub, development, downsizing, recruitment
from tests.waiting import PATIENCE, until

pytestmark = [pytest.mark.broker, pytest.mark.database]

TIMES = 3


def send(hub: Hub, stop: threading.Event) -> int:
    """Notices, repeats, corrections to another town, withdrawals, embargoes of a second, conflicts; how many submissions."""
    sent = 0
    while not stop.is_set():
        layoff, post = downsizing(f"traffic-d{sent}"), recruitment(f"traffic-r{sent}")
        until = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        held = development(f"traffic-k{sent}", access={"level": "embargoed", "until": until})
        moved = a_correction(layoff, f"traffic-c{sent}", workplaces=[{"area": HELSINKI, "headcount": 150}])
        conflict = recruitment(f"traffic-r{sent}", posts=41)
        for body in (layoff, post, held, layoff, moved, conflict, a_withdrawal(layoff, f"traffic-w{sent}")):
            hub.post("ta-39", body)
            sent += 1
    return sent


@contextmanager
def traffic(hub: Hub) -> Iterator[Future[int]]:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send, hub, stop)
        try:
            yield sending
        finally:
            stop.set()


def test_while_traffic_runs_each_reckoning_balances_and_leaves_what_comes_after_it(hub: Hub) -> None:
    bootstrap, prefix = hub.wiring.bootstrap, hub.wiring.prefix
    since = received_since(bootstrap, prefix, datetime.now(UTC))
    received, before = [0], received_ends(bootstrap, prefix)
    with traffic(hub) as sending:
        until(lambda: received_ends(bootstrap, prefix) != before, "the first of the traffic")
        while len(received) <= TIMES:
            ledger = reckon(bootstrap, prefix, since, PATIENCE)
            counts = ledger.counts()
            assert [str(found) for found in ledger.unaccounted()] == []
            assert counts["received"] == sum(counts[name] for name in ("accepted", "repeat", "refused", "quarantined"))
            assert counts["steps"] == sum(counts[name] for name in ("routed", "kept", "held", "fallback", "ended"))
            now = sum(end - since.get(place, 0) for place, end in received_ends(bootstrap, prefix).items())
            assert not sending.done()
            assert received[-1] < counts["received"] < now, "it went on while it was reckoned"
            received.append(counts["received"])
    hub.settle()
    counts = reckon(bootstrap, prefix, since, PATIENCE).counts()
    assert counts["received"] >= sending.result(), "with each embargo that ended a release came through the door too"
    assert counts["unaccounted"] == 0
    assert min(counts[name] for name in ("repeat", "refused", "held", "ended", "alerts", "stubs")) > 0
