"""One running hub for all journeys, until the last is over, on the run's Kafka and PostgreSQL under a prefix of its own."""

import os
from collections.abc import Iterator

import pytest

from tests.embedded import Services
from tests.journeys.running import Hub, a_hub


@pytest.fixture(scope="package")
def hub(servers: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub")
    with a_hub(servers.bootstrap, servers.url, folder, f"journeys{os.getpid()}.") as running:
        yield running
