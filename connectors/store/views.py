"""Making, dropping and dumping a view schema. Its comment says what it was made as."""

import hashlib

from sqlalchemy import Connection, Engine, Numeric, Table, Text, cast, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import OID, dialect
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable, DropSchema, ExecutableDDLElement

from connectors.store.errors import translated
from connectors.store.names import Schemas, schema_exists
from connectors.store.view_tables import POSITIONS, ROWS_MADE, VIEW

_DIALECT = dialect()  # type: ignore[no-untyped-call]


def create_view(engine: Engine, schemas: Schemas) -> None:
    """Make the view schema with all its tables where it is not there yet; what is there stays as it is."""
    with translated(), schemas.bind(engine).begin() as connection:
        take_turns(connection, schemas)
        if not schema_exists(connection, schemas.view):
            connection.execute(CreateSchema(schemas.view))
            VIEW.create_all(connection, checkfirst=False)
            name = connection.dialect.identifier_preparer.quote(schemas.view)
            connection.execute(text(f"COMMENT ON SCHEMA {name} IS '{_layout()}'"))


def is_current(engine: Engine, schemas: Schemas) -> bool:
    """Whether the view's tables are those of this program; where not, a rebuild makes them so."""
    with translated(), engine.connect() as connection:
        return has_this_layout(connection, schemas)


def has_this_layout(connection: Connection, schemas: Schemas) -> bool:
    """Whether the view was made with the tables that this program knows, and rows as it makes them."""
    made_as = select(func.obj_description(cast(func.to_regnamespace(schemas.view), OID), "pg_namespace"))
    return bool(connection.scalar(made_as) == _layout())


def drop_view(engine: Engine, schemas: Schemas) -> None:
    """Drop the view schema; nothing happens where there is none."""
    with translated(), engine.begin() as connection:
        take_turns(connection, schemas)
        connection.execute(DropSchema(schemas.view, cascade=True, if_exists=True))


def dump_view(engine: Engine, schemas: Schemas) -> dict[str, list[str]]:
    """Every row of every table but positions as text, sorted: equal for two views that say the same."""
    with translated(), schemas.bind(engine).connect() as connection:
        return {table.name: _dumped(connection, table) for table in VIEW.sorted_tables if table is not POSITIONS}


def fingerprint(engine: Engine, schemas: Schemas) -> dict[str, tuple[int, str]]:
    """Of every table but positions how many rows it has, and a sum over them: the same for two views that say the same.

    For views too large to be dumped; the database adds up a hash of 128 bits of each row.
    """
    with translated(), schemas.bind(engine).connect() as connection:
        return {table.name: _added_up(connection, table) for table in VIEW.sorted_tables if table is not POSITIONS}


def _added_up(connection: Connection, table: Table) -> tuple[int, str]:
    row = cast(literal_column("t"), Text)
    sums = [func.coalesce(func.sum(cast(func.hashtextextended(row, seed), Numeric)), 0) for seed in (1, 2)]
    found = connection.execute(select(func.count(), *sums).select_from(table.alias("t"))).one()
    return found[0], f"{found[1]}/{found[2]}"


def take_turns(connection: Connection, schemas: Schemas) -> None:
    """Until the end of the transaction nobody else makes or drops the view schema."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(schemas.view))))


def _layout() -> str:
    """A hash of what the tables, keys and indexes look like, and of the number of how their rows are made."""
    statements: list[ExecutableDDLElement] = [CreateTable(table) for table in VIEW.sorted_tables]
    statements += [CreateIndex(index) for table in VIEW.sorted_tables for index in table.indexes]
    made = sorted(" ".join(str(one.compile(dialect=_DIALECT)).split()) for one in statements)
    return hashlib.sha256(repr((ROWS_MADE, made)).encode()).hexdigest()[:16]


def _dumped(connection: Connection, table: Table) -> list[str]:
    rows = select(cast(literal_column("t"), Text)).select_from(table.alias("t"))
    return sorted(connection.scalars(rows))
