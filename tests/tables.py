"""Schemas that are migrated once for each process of tests and emptied before each test: that takes a tenth of migrating anew."""

from typing import Any

from sqlalchemy import Connection, text

from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect

_SHAPE = text("""
SELECT md5(string_agg(concat_ws(' ', n.nspname, obj_description(n.oid), c.relname, c.relkind, a.attname, a.atttypid, t.tgname,
                                t.tgenabled), ',' ORDER BY n.nspname, c.relname, a.attnum, t.tgname))
FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_trigger t ON t.tgrelid = c.oid WHERE starts_with(n.nspname, :prefix)
""")
_TABLES = text("""
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE starts_with(schemaname, :prefix) AND tablename <> 'migrations' ORDER BY 1
""")
_GUARDED = text("""
SELECT DISTINCT event_object_schema || '.' || event_object_table FROM information_schema.triggers
WHERE starts_with(event_object_schema, :prefix)
""")
"""Tables out of which nothing may be deleted."""
_SEQUENCES = text("SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE starts_with(schemaname, :prefix)")


class Tables:
    """`fresh` gives the schemas as they are after all migrations; made anew where a test has left them in another shape."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._names = Schemas(prefix)
        self._engine = connect(url, size=1)
        self._shape: str | None = None
        self._emptying = ""

    def fresh(self) -> Schemas:
        with self._engine.begin() as connection:
            same = self._shape is not None and self._shape_of(connection) == self._shape
            if same:
                connection.exec_driver_sql(self._emptying)
        if not same:
            self._make()
        return self._names

    def close(self) -> None:
        self._engine.dispose()
        drop_everything(self._url, self._names.prefix)

    def _make(self) -> None:
        drop_everything(self._url, self._names.prefix)
        migrate(self._url, self._names.prefix)
        with self._engine.begin() as connection:
            self._shape = self._shape_of(connection)
            tables, guarded, sequences = (
                list(self._asked(connection, query).scalars()) for query in (_TABLES, _GUARDED, _SEQUENCES)
            )
        without, again = ([f"ALTER TABLE {name} {what} TRIGGER USER" for name in guarded] for what in ("DISABLE", "ENABLE"))
        emptied = [f"DELETE FROM {name}" for name in tables] + [f"ALTER SEQUENCE {name} RESTART" for name in sequences]
        self._emptying = "; ".join([*without, *emptied, *again])

    def _shape_of(self, connection: Connection) -> str | None:
        return self._asked(connection, _SHAPE).scalar()

    def _asked(self, connection: Connection, query: Any) -> Any:
        return connection.execute(query, {"prefix": self._names.prefix})
