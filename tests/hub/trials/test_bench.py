"""The bench in small: it runs every rival and prints every figure."""

import pytest

from hub.local.supervisor import tell
from hub.trials.bench.identity import bench_identity
from hub.trials.bench.latency import percentiles
from hub.trials.bench.path import Wish, bench_path

FIGURES = {"path_per_s_1", "path_per_s_2", "plain_faust_per_s", "bare_loop_per_s", "ratio_to_plain_faust", "ratio_to_bare_loop"}
PLACES = {"p50", "p95", "p99"}


def test_percentiles_are_where_they_should_be() -> None:
    assert percentiles(float(number) for number in range(1, 101)) == {"p50": 50.5, "p95": 95.0, "p99": 99.0}
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None}


@pytest.mark.broker
@pytest.mark.soak
@pytest.mark.timeout(420)
def test_a_tiny_bench_tells_every_figure() -> None:
    found = bench_path(Wish(notices=300, rounds=1, seconds=4.0), lambda line: tell(f"bench: {line}"))
    assert FIGURES | {"outbox_ms", "alert_ms", "rss_mb", "notices"} == set(found)
    assert all(found[name] > 0 for name in FIGURES)
    for times in (found["outbox_ms"], found["alert_ms"]):
        assert set(times) == PLACES
        assert all(value > 0 for value in times.values())
    assert {"kafka", "postgres", "front", "back", "projector", "api"} <= set(found["rss_mb"])


@pytest.mark.broker
@pytest.mark.soak
@pytest.mark.timeout(240)
def test_a_worker_knows_the_ids_that_stand_in_its_state() -> None:
    found = bench_identity(2_000, lambda line: tell(f"bench: {line}"))
    assert found["ids"] == 2_000
    assert found["rss_mb"] > 20
    assert found["restart_s"] > 0
