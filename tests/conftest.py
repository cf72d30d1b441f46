"""One Kafka and one PostgreSQL for the whole run; each test has its own topic prefix and schema."""

import itertools
from collections.abc import Iterator

import pytest

from tests.embedded import Services, services

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def servers() -> Iterator[Services]:
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
    return f"t{next(_numbers)}."
