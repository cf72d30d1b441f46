"""The registry as truth: imported in revisions whose order is the order of their commits."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnClause, Connection, Engine, Integer, Text, column, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store import audit
from connectors.store.errors import translated
from connectors.store.insertion import recordset
from connectors.store.names import REAL, Schemas
from connectors.store.tables import ENTRIES, REVISIONS
from schemas.agency import Agency, Area
from schemas.errors import Misconfigured
from schemas.offering import Offering

AREA, AGENCY, OFFERING = "area", "agency", "offering"
Bodies = dict[tuple[str, str], dict[str, Any]]
"""Entries by type and id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the registry as JSON data; a body of None says that it is taken out."""

    type: str
    id: str
    body: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Change:
    """All that one revision changed, and how many entries of each type there are since."""

    revision: int
    entries: tuple[Entry, ...]
    totals: dict[str, int]


def entries_of(areas: Iterable[Area], agencies: Iterable[Agency], offerings: Iterable[Offering]) -> Iterator[Entry]:
    """The rows of a registry as entries."""
    for area in areas:
        yield Entry(AREA, area.code, area.model_dump(mode="json"))
    for agency in agencies:
        yield Entry(AGENCY, agency.id, agency.model_dump(mode="json"))
    for offering in offerings:
        yield Entry(OFFERING, offering.code, offering.model_dump(mode="json"))


def import_registry(
    engine: Engine,
    entries: Iterable[Entry],
    by: str,
    what: str = "import",
    *,
    complete: bool = False,
    schemas: Schemas = REAL,
) -> int:
    """Take in the entries; the revision that holds them. Where nothing is new there is no new revision.

    `complete`: what is not among the entries is taken out. One transaction, one at a time: whoever comes second waits
    and gets the later revision.
    """
    wanted = _by_name(entries)
    with translated(), schemas.bind(engine).begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(schemas.registry))))
        latest = connection.scalar(select(func.max(REVISIONS.c.revision))) or 0
        there = current_bodies(connection)
        changed = [entry for name, entry in wanted.items() if entry.body != there.get(name)]
        if complete:
            changed += [Entry(*name, None) for name in there if name not in wanted]
        if not changed:
            return latest
        _store(connection, latest + 1, changed, there, by, what)
        return latest + 1


def current_bodies(connection: Connection) -> Bodies:
    """Each entry that is not taken out, by type and id."""
    newest = (
        select(ENTRIES).distinct(ENTRIES.c.type, ENTRIES.c.id).order_by(ENTRIES.c.type, ENTRIES.c.id, ENTRIES.c.revision.desc())
    )
    rows = connection.execute(newest)
    return {(row.type, row.id): row.body for row in rows if row.body is not None}


def changes_since(engine: Engine, revision: int, schemas: Schemas = REAL) -> tuple[Change, ...]:
    """What each later revision changed, in order."""
    with translated(), schemas.bind(engine).connect() as connection:
        later = connection.scalars(select(REVISIONS.c.revision).where(REVISIONS.c.revision > revision).order_by("revision"))
        return tuple(_change(connection, found) for found in later.all())


def latest_revision(engine: Engine, schemas: Schemas = REAL) -> int:
    """The revision that holds now; 0 where nothing was imported yet."""
    with translated(), schemas.bind(engine).connect() as connection:
        return connection.scalar(select(func.max(REVISIONS.c.revision))) or 0


def _by_name(entries: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    found: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if (entry.type, entry.id) in found:
            raise Misconfigured(f"the registry has two rows for the {entry.type} {entry.id}")
        found[entry.type, entry.id] = entry
    return found


def _store(connection: Connection, revision: int, changed: Collection[Entry], there: Bodies, by: str, what: str) -> None:
    connection.execute(insert(REVISIONS).values(revision=revision, by=by, what=what))
    rows = [{"type": entry.type, "id": entry.id, "revision": revision, "body": entry.body} for entry in changed]
    connection.execute(_INSERT, {"rows": orjson.dumps(rows).decode()})
    audit.record(connection, by, "registry.changed", f"revision {revision}: {what}")
    for entry in changed:
        for handed_over in _hand_overs(entry, there.get((entry.type, entry.id))):
            audit.record(connection, by, "agency.handed-over", f"revision {revision}: {handed_over}")


def _hand_overs(entry: Entry, before: dict[str, Any] | None) -> Iterator[str]:
    """To whom the agency's rights go after which day, where the entry says so and did not before."""
    if entry.type != AGENCY or entry.body is None:
        return
    last_day = min(filter(None, (entry.body.get("valid_to"), entry.body.get("agreement_until"))), default=None)
    names = ("successors", "valid_to", "agreement_until")
    if last_day and any((before or {}).get(name) != entry.body.get(name) for name in names):
        yield from (f"{entry.id} to {heir} after {last_day}" for heir in entry.body.get("successors") or ())


def _change(connection: Connection, revision: int) -> Change:
    mine = select(ENTRIES).where(ENTRIES.c.revision == revision).order_by(ENTRIES.c.type, ENTRIES.c.id)
    entries = tuple(Entry(row.type, row.id, row.body) for row in connection.execute(mine))
    newest = (
        select(ENTRIES.c.type, ENTRIES.c.body)
        .distinct(ENTRIES.c.type, ENTRIES.c.id)
        .where(ENTRIES.c.revision <= revision)
        .order_by(ENTRIES.c.type, ENTRIES.c.id, ENTRIES.c.revision.desc())
        .subquery()
    )
    counted = select(newest.c.type, func.count()).where(newest.c.body.is_not(None)).group_by(newest.c.type)
    totals = {row[0]: row[1] for row in connection.execute(counted)}
    return Change(revision, entries, totals)


_COLUMNS: list[ColumnClause[Any]] = [
    column("type", Text),
    column("id", Text),
    column("revision", Integer),
    column("body", JSONB(none_as_null=True)),
]
_ROWS = recordset(_COLUMNS)
_INSERT = insert(ENTRIES).from_select(
    [known.name for known in _COLUMNS], select(*(_ROWS.c[known.name] for known in _COLUMNS)).select_from(_ROWS)
)
