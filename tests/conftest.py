"""One Kafka and one PostgreSQL for the whole run; each test has its own topic prefix and schema.

`make test` runs the tests in four processes (pytest-xdist), which take a file at a time, and all journeys together, since these
share a running hub: first what is on the run's servers, then what has servers of its own, then what needs none.
"""

import gc
import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.embedded import Services, services
from tests.tables import Tables

os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
"""Brokers that live for seconds: Java's thorough compiler costs them more than it gives back."""
_numbers = itertools.count(1)
_process = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
_running = pytest.StashKey[ExitStack]()
JOURNEYS = "tests/journeys/"


class InFiles(LoadScopeScheduling):  # type: ignore[misc]
    """What a process takes at once. (The groups that xdist itself knows do nothing under pytest 9.)"""

    def _split_scope(self, nodeid: str) -> str:
        return JOURNEYS if nodeid.startswith(JOURNEYS) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InFiles:
    return InFiles(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The servers are started once, and each process is told of them."""
    if _running not in node.config.stash:
        node.config.stash[_running] = stack = ExitStack()
        node.config.servers = asdict(stack.enter_context(services()))
        print(f"\n{node.config.servers['sentence']}")
    node.workerinput["servers"] = node.config.servers


def pytest_unconfigure(config: pytest.Config) -> None:
    if stack := config.stash.get(_running, None):
        stack.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first."""
    items.sort(key=_order)


def pytest_collection_finish() -> None:
    """Thousands of tests stay where they are: the collector of garbage need not look at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _is_shared(item: pytest.Item) -> bool:
    return "servers" in getattr(item, "fixturenames", ())


def _order(item: pytest.Item) -> int:
    if item.nodeid.startswith(JOURNEYS):
        return 0
    own_servers = any(item.get_closest_marker(name) for name in ("soak", "broker", "database"))
    return 1 if _is_shared(item) else 2 if own_servers else 3


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Services]:
    if told := getattr(request.config, "workerinput", {}).get("servers"):
        yield Services(**told)
        return
    with services() as running:
        print(f"\n{running.sentence}")
        yield running


@pytest.fixture
def bootstrap(servers: Services) -> str:
    return servers.bootstrap


@pytest.fixture
def partners_bootstrap(servers: Services) -> str:
    """Kafka's listener for agencies."""
    if servers.partners is None:
        pytest.skip("the Kafka of this run has no listener with SCRAM and ACLs that the tests know of (the embedded one has)")
    return servers.partners


@pytest.fixture
def database_url(servers: Services) -> str:
    return servers.url


@pytest.fixture(scope="session")
def tables(servers: Services) -> Iterator[Tables]:
    """Of this process of tests: a test that needs schemas named by its topic prefix migrates its own."""
    made = Tables(servers.url, f"s{os.getpid()}_")
    yield made
    made.close()


@pytest.fixture
def topic_prefix() -> str:
    return f"t{_process}x{next(_numbers)}." if _process else f"t{next(_numbers)}."
