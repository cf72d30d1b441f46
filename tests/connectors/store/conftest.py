"""A migrated set of schemas for each test, gone after it."""

import itertools
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.reading import PostgresReading
from tests.connectors.store.filling import CURSOR_SECRET, Filler

_numbers = itertools.count(1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url, size=10)
    yield made
    made.dispose()


@pytest.fixture
def schemas(database_url: str) -> Iterator[Schemas]:
    names = Schemas(f"s{os.getpid()}_{next(_numbers)}_")
    migrate(database_url, names.prefix)
    yield names
    drop_everything(database_url, names.prefix)


@pytest.fixture
def fill(engine: Engine, schemas: Schemas) -> Filler:
    return Filler(engine, schemas)


@pytest.fixture
def reading(engine: Engine, schemas: Schemas) -> PostgresReading:
    return PostgresReading(
        engine, CURSOR_SECRET, schemas, within=lambda code: {"fi:maakunta:06": ("fi:kunta:837",)}.get(code, ())
    )
