"""The audit: who did or saw what, on which ground. Only ever added to; each day is a chain of hashes; no content."""

import hashlib
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, insert, select

from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.tables import AUDIT

_SEPARATOR = "\x1f"
_BEGIN = b""


class PostgresAudit:
    """Each entry in a transaction of its own, for what changes nothing in the database itself."""

    def __init__(self, engine: Engine, schemas: Schemas = REAL) -> None:
        self._engine = schemas.bind(engine)

    def record(self, who: str, what: str, about: str, basis: str | None = None) -> None:
        """An entry that stands when this returns. NotReady where the database is away."""
        with translated(), self._engine.begin() as connection:
            record(connection, who, what, about, basis)


def record(connection: Connection, who: str, what: str, about: str, basis: str | None = None) -> None:
    """Add an entry in the caller's transaction: it stands if and only if what it tells of was done.

    `about` names things by their ids. Entries are added one after the other, whoever writes them.
    """
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(_lock_name(connection)))))
    at = connection.scalars(select(func.clock_timestamp())).one().astimezone(UTC)
    day = at.date().isoformat()
    before = connection.scalar(select(AUDIT.c.hash).where(AUDIT.c.day == day).order_by(AUDIT.c.id.desc()).limit(1)) or _BEGIN
    row = {"day": day, "at": at, "who": who, "what": what, "about": about, "basis": basis}
    connection.execute(insert(AUDIT).values(row | {"prev_hash": before, "hash": _hash(before, at, who, what, about, basis)}))


def broken_at(engine: Engine, schemas: Schemas, day: str) -> int | None:
    """The id of the first entry of a day (`2026-10-05`) that does not follow from the one before; None where all do."""
    with translated(), schemas.bind(engine).connect() as connection:
        before = _BEGIN
        for row in connection.execute(select(AUDIT).where(AUDIT.c.day == day).order_by(AUDIT.c.id)):
            wanted = _hash(before, row.at.astimezone(UTC), row.who, row.what, row.about, row.basis)
            if bytes(row.prev_hash) != before or bytes(row.hash) != wanted:
                return int(row.id)
            before = wanted
        return None


def _hash(before: bytes, at: datetime, who: str, what: str, about: str, basis: str | None) -> bytes:
    said = _SEPARATOR.join((at.isoformat(), who, what, about, basis or ""))
    return hashlib.sha256(before + said.encode()).digest()


def _lock_name(connection: Connection) -> str:
    names = connection.get_execution_options().get("schema_translate_map") or {}
    return f"{names.get('work', 'work')}.audit"
