"""Migrations make what tables.py says, once, whoever runs them."""

import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect, text

from connectors.store.endpoint_tables import ATTEMPTS, DELIVERIES, ENDPOINTS, LETTERS, POSITIONS
from connectors.store.migrate import alembic_config, drop_everything, migrate
from connectors.store.names import Schemas
from connectors.store.partner_tables import PARTNERS, TEST_KNOWN, TEST_NOTICES
from connectors.store.place_tables import PLACES_READ
from connectors.store.replay_tables import REPLAYS
from connectors.store.tables import API_KEYS, AUDIT, ERASED, KAFKA_USERS, SUBSCRIPTIONS, TRUTH
from connectors.store.view_tables import VIEW
from connectors.store.views import create_view, is_current

pytestmark = pytest.mark.database
TABLES = (
    *(API_KEYS, AUDIT, ERASED, KAFKA_USERS, SUBSCRIPTIONS, ENDPOINTS, POSITIONS, DELIVERIES, ATTEMPTS, LETTERS),
    *(PARTNERS, TEST_NOTICES, TEST_KNOWN, REPLAYS, PLACES_READ),
)
WORK = {table.name for table in TABLES}


def test_the_migrations_make_the_tables_that_the_program_knows(engine: Engine, schemas: Schemas) -> None:
    wanted = MetaData()
    for table in TRUTH.sorted_tables:
        table.to_metadata(wanted, schema=schemas.translation()[table.schema])
    ours = {schemas.registry, schemas.work}
    with engine.connect() as connection:
        options = {
            "include_schemas": True,
            "version_table": "migrations",
            "version_table_schema": schemas.work,
            "include_name": lambda name, kind, parents: name in ours if kind == "schema" else True,
        }
        found = compare_metadata(MigrationContext.configure(connection, opts=options), wanted)
    assert found == []


def test_they_run_again_without_a_change_and_down_and_up(engine: Engine, schemas: Schemas, database_url: str) -> None:
    migrate(database_url, schemas.prefix)
    with engine.begin() as connection:
        command.downgrade(alembic_config(connection, schemas), "base")
    assert inspect(engine).get_table_names(schemas.work) == ["migrations"]
    migrate(database_url, schemas.prefix)
    assert set(inspect(engine).get_table_names(schemas.work)) == {"migrations", *WORK}
    assert set(inspect(engine).get_table_names(schemas.view)) == {table.name for table in VIEW.sorted_tables}


def test_processes_that_start_together_take_turns(engine: Engine, database_url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            migrate(database_url, "together_")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drop_everything(database_url, "together_")
    assert not failures


def test_a_view_that_another_version_made_is_known_as_such(engine: Engine, schemas: Schemas) -> None:
    assert is_current(engine, schemas)
    assert not is_current(engine, Schemas("nothing_here_"))
    with engine.begin() as connection:
        connection.execute(text(f"COMMENT ON SCHEMA {schemas.view} IS 'older'"))
    create_view(engine, schemas)
    assert not is_current(engine, schemas)


def test_the_real_schemas_cannot_be_dropped_by_a_slip(database_url: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        drop_everything(database_url, "")
