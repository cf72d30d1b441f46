"""How long a notice takes through the running whole, by the broker's own clock at both ends."""

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import orjson
import psutil  # type: ignore[import-untyped]
from confluent_kafka import Message

from hub.local.supervisor import Supervisor
from hub.local.whole import start_whole
from hub.settings import ApiSettings
from hub.trials.load import Item
from hub.trials.soak.ground import Ground
from hub.trials.soak.publishing import Publishing
from hub.trials.soak.reading import is_result, records
from schemas.topics import RECEIVED

PER_SECOND = 50.0
_WARM_UP = 5.0
"""Seconds at the start that do not count."""
_SETTLES = 3.0


@dataclass(slots=True)
class Times:
    """Milliseconds from notices.received to the outbox, in each lane; memory of each process in MB."""

    outbox: list[float] = field(default_factory=list)
    alert: list[float] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)


def measure(ground: Ground, items: list[Item]) -> Times:
    """Start the whole as `hub up` does, send at a steady pace, read what came."""
    any_port = ground.settings.model_copy(update={"api": ApiSettings(port=0)})
    start_whole(ground.supervisor, any_port)
    began = time.time()
    publishing = Publishing(ground.bootstrap, RECEIVED.name, items, PER_SECOND)
    publishing.begin()
    publishing.join()
    time.sleep(_SETTLES)
    times = Times(memory=memory(ground.supervisor))
    for record in records(ground.bootstrap, is_result, stop_at_end=True):
        _take(times, record, began + min(_WARM_UP, len(items) / PER_SECOND / 4))
    return times


def percentiles(times: Iterable[float]) -> dict[str, float | None]:
    """Median, 95th and 99th, in milliseconds; None where nothing was measured."""
    found = sorted(times)
    if len(found) < 2:
        return dict.fromkeys(("p50", "p95", "p99"))
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    return {name: round(cuts[place - 1], 1) for name, place in {"p50": 50, "p95": 95, "p99": 99}.items()}


def memory(supervisor: Supervisor) -> dict[str, int]:
    """Resident megabytes of each process, its children with it."""
    return {child.name: _resident(child.pid) for child in supervisor.status() if child.pid}


def _resident(pid: int) -> int:
    process = psutil.Process(pid)
    return round(int(sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))) / 1e6)


def _take(times: Times, record: Message, since: float) -> None:
    """A copy tells when its submission came; the record, when it stood in the outbox."""
    if not (record.topic() or "").endswith(".outbox"):
        return
    told = orjson.loads(bytes(record.value() or b""))
    received = datetime.fromisoformat(told["received_at"]).timestamp()
    if received < since:
        return
    kind = next((bytes(value) for name, value in [*(record.headers() or ())] if name == "ce_type"), b"")
    (times.alert if b".alert." in kind else times.outbox).append(record.timestamp()[1] - received * 1_000)
