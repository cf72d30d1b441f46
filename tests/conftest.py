"""One Kafka and one PostgreSQL for the whole run; each test has its own topic prefix and schema.

`pytest -n 2 --dist loadfile` runs the files in two processes (pytest-xdist): the first one starts the servers and tells the
others where they are. It takes half the time, but tests that wait for a busy broker fail now and then.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import pytest

from tests.embedded import Services, services

_numbers = itertools.count(1)
_process = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
_running = pytest.StashKey[ExitStack]()


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
def database_url(servers: Services) -> str:
    return servers.url


@pytest.fixture
def topic_prefix() -> str:
    return f"t{_process}x{next(_numbers)}." if _process else f"t{next(_numbers)}."
