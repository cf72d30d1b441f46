"""A migrated set of schemas for each test, with nothing in its tables."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from connectors.store.names import Schemas, connect
from connectors.store.reading import PostgresReading
from tests.connectors.store.filling import CURSOR_SECRET, Filler
from tests.tables import Tables


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url, size=10)
    yield made
    made.dispose()


@pytest.fixture
def schemas(tables: Tables) -> Schemas:
    return tables.fresh()


@pytest.fixture
def fill(engine: Engine, schemas: Schemas) -> Filler:
    return Filler(engine, schemas)


@pytest.fixture
def reading(engine: Engine, schemas: Schemas) -> PostgresReading:
    return PostgresReading(
        engine, CURSOR_SECRET, schemas, within=lambda code: {"fi:maakunta:06": ("fi:kunta:837",)}.get(code, ())
    )
