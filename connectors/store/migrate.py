"""Brings registry and work to the state that this program needs, and makes an empty view where there is none."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select
from sqlalchemy.schema import CreateSchema, DropSchema

from connectors.store.errors import translated
from connectors.store.names import Schemas, connect
from connectors.store.views import create_view

_STEPS = Path(__file__).parent / "migrations"


def migrate(url: str, prefix: str = "") -> None:
    """Run the steps that are missing; processes that start at the same time take turns. Running it again changes nothing."""
    schemas = Schemas(prefix)
    engine = connect(url, size=1)
    try:
        with translated(), engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(schemas.work))))
            for name in (schemas.registry, schemas.work):
                connection.execute(CreateSchema(name, if_not_exists=True))
            command.upgrade(alembic_config(connection, schemas), "head")
        create_view(engine, schemas)
    finally:
        engine.dispose()


def drop_everything(url: str, prefix: str) -> None:
    """Drop all schemas of a prefix: the end of a test."""
    if not prefix:
        raise ValueError("the schemas without a prefix are the real ones; drop them by hand")
    engine = connect(url, size=1)
    names = [f"{prefix}{name}" for name in ("registry", "work", "view", "view_new", "view_old")]
    try:
        with translated(), engine.begin() as connection:
            for name in names:
                connection.execute(DropSchema(name, cascade=True, if_exists=True))
    finally:
        engine.dispose()


def alembic_config(connection: Connection, schemas: Schemas) -> Config:
    """What alembic needs: where the steps are, the connection to run them on, the names of the schemas."""
    config = Config()
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["schemas"] = schemas
    return config
