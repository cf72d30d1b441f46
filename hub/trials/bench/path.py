"""`hub bench path`: rates in turns, medians of them, then times and memory at 50 notices a second."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hub.trials.bench.draining import Bench, drain
from hub.trials.bench.latency import PER_SECOND, measure, percentiles
from hub.trials.load import generate
from hub.trials.soak.ground import Ground, Say, ground
from hub.trials.soak.places import read_places


@dataclass(frozen=True, slots=True)
class Wish:
    """How many notices a measured run takes, how often each is repeated, how many seconds the steady flow lasts.

    `before`: of how many the run is that does not count.
    """

    notices: int = 12_000
    before: int = 4_000
    rounds: int = 3
    seconds: float = 60.0


_RUNS: dict[str, Callable[[Bench, int], float]] = {
    "path_per_s_1": lambda bench, number: drain(bench, "path", number),
    "plain_faust_per_s": lambda bench, number: drain(bench, "plain", number),
    "bare_loop_per_s": lambda bench, number: drain(bench, "bare", number),
    "path_per_s_2": lambda bench, number: drain(bench, "path", 100 + number, 2),
}


def bench_path(wish: Wish, say: Say) -> dict[str, Any]:
    """All figures. After one that does not count the runs take turns, so that what else the machine does meets them all."""
    with ground("bench", say) as hub:
        found: dict[str, Any] = _rates(hub, wish, say)
        times = measure(hub, generate(round(wish.seconds * PER_SECOND), read_places(), seed=2))
    found["ratio_to_plain_faust"] = round(found["path_per_s_1"] / found["plain_faust_per_s"], 2)
    found["ratio_to_bare_loop"] = round(found["path_per_s_1"] / found["bare_loop_per_s"], 2)
    found["outbox_ms"], found["alert_ms"] = percentiles(times.outbox), percentiles(times.alert)
    return found | {"rss_mb": times.memory, "notices": wish.notices}


def _rates(hub: Ground, wish: Wish, say: Say) -> dict[str, Any]:
    bench = Bench(hub, generate(wish.notices, read_places()), read_places(), say)
    if wish.before:  # a new broker's code is not compiled yet
        drain(replace(bench, items=bench.items[: wish.before]), "path", 1_000)
    seen: dict[str, list[float]] = {name: [] for name in _RUNS}
    for number in range(wish.rounds):
        for name, run in _RUNS.items():
            seen[name].append(run(bench, number))
    return {name: round(statistics.median(rates), 1) for name, rates in seen.items()}
