"""A prefix, a log and an empty view for each test."""

import os
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka.admin import AdminClient
from sqlalchemy import Engine

from connectors.store.names import Schemas, connect
from connectors.store.writing import ViewWriter
from hub.projection.projector import Projector
from tests.hub.projection.helping import QUICK
from tests.hub.projection.log import AGENCIES, Log
from tests.tables import Tables


@pytest.fixture
def prefix(topic_prefix: str) -> str:
    """Also different from that of another run on the same servers."""
    return f"{topic_prefix}{os.getpid()}."


@pytest.fixture
def log(bootstrap: str, prefix: str) -> Iterator[Log]:
    made = Log(bootstrap, prefix)
    made.make(*AGENCIES)
    yield made
    admin = AdminClient({"bootstrap.servers": bootstrap})
    left = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
    for future in admin.delete_topics(left).values():
        future.result()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def schemas(tables: Tables) -> Schemas:
    return tables.fresh()


@pytest.fixture
def project(bootstrap: str, prefix: str, engine: Engine, schemas: Schemas) -> Iterator[Callable[[], Projector]]:
    """Makes projectors of the test's view."""
    made: list[Projector] = []

    def make() -> Projector:
        made.append(Projector(bootstrap, ViewWriter(engine, schemas), prefix, QUICK))
        return made[-1]

    yield make
    for projector in made:
        projector.close()
