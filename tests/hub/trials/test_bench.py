"""The bench in small: it runs every rival and prints every figure."""

import pytest

from hub.core.registry import Registry
from hub.data.load import load_registry
from hub.local.supervisor import tell
from hub.trials.bench.identity import bench_identity
from hub.trials.bench.latency import percentiles
from hub.trials.bench.path import Wish, bench_path
from hub.trials.bench.subscribing import Wish as Few
from hub.trials.bench.subscribing import _runs, bench_subscriptions
from hub.trials.bench.webhooks import bench_webhooks

FIGURES = {"path_per_s_1", "path_per_s_2", "plain_faust_per_s", "bare_loop_per_s", "ratio_to_plain_faust", "ratio_to_bare_loop"}
PLACES = {"p50", "p95", "p99"}


def test_percentiles_are_where_they_should_be() -> None:
    assert percentiles(float(number) for number in range(1, 101)) == {"p50": 50.5, "p95": 95.0, "p99": 99.0}
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None}


def test_the_bench_of_subscriptions_asks_the_same_of_few_and_of_many() -> None:
    found = bench_subscriptions(Few(copies=60, rounds=1, few=10), lambda line: None)
    assert found["per_s_10"] > 0
    assert found["per_s_1000"] > 0
    for one in (found, found["one_agency"]):
        assert one["as_drawn"]["matches_per_copy"] > one["matches_per_copy"], "else the others would meet nothing by themselves"


def test_as_many_match_among_few_and_among_many() -> None:
    content = load_registry("fi")
    registry = Registry.of(1, content.areas, content.agencies, content.offerings)
    runs = _runs(Few(copies=200, few=20), registry, ["ta-39"], "")
    matches = {name: run.matches() for name, run in runs.items()}
    assert matches["few"] == matches["many"] == matches["many_index"] > 0
    assert set(runs["few"].index._shelves["ta-39"].ids) < set(runs["many"].index._shelves["ta-39"].ids)
    assert len(runs["many"].index._shelves["ta-39"].ids) == 2_000


@pytest.mark.broker
@pytest.mark.soak
@pytest.mark.timeout(420)
def test_a_tiny_bench_tells_every_figure() -> None:
    found = bench_path(Wish(notices=300, before=0, rounds=1, seconds=4.0), lambda line: tell(f"bench: {line}"))
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


@pytest.mark.broker
@pytest.mark.soak
@pytest.mark.timeout(240)
def test_endpoints_take_all_that_is_theirs_also_beside_one_that_hangs() -> None:
    found = bench_webhooks(6, 5, 1, lambda line: tell(f"bench: {line}"))
    assert (found["endpoints"], found["events"], found["rounds"]) == (6, 5, 1)
    assert found["per_s"] > 0
    assert found["per_s_one_hanging"] > 0
    assert found["ratio"] == pytest.approx(found["per_s_one_hanging"] / found["per_s"], abs=0.01)
