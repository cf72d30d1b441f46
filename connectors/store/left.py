"""The proof of a purge: what is past its time, or was erased, and still stands there; counted anew from the tables."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import orjson
from sqlalchemy import ColumnElement, Connection, Engine, Table, exists, func, select, tuple_

from connectors.store.erased import NOTICE
from connectors.store.erasing import GIVEN, OF_STEPS
from connectors.store.errors import translated
from connectors.store.names import Schemas, schema_exists
from connectors.store.overdue import BY_TIME, TIMED, due_steps, of_work, older
from connectors.store.replacing import NEW, OLD
from connectors.store.tables import ERASED
from connectors.store.view_tables import REFUSED
from hub.core import retention

PART = 5_000


@dataclass(frozen=True, slots=True)
class Left:
    """How many rows of each table are past their time and still there, and how many were erased and are there again."""

    past: Counter[str] = field(default_factory=Counter)
    erased: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """0 where all is as it has to be."""
        return self.past.total() + self.erased.total()


def left(engine: Engine, prefix: str, day: date) -> Left:
    """What is left on that day, in the view, in a rebuild's draft, in a view that was replaced, and in work."""
    found = Left()
    views = [Schemas(prefix, suffix) for suffix in ("", NEW, OLD)]
    with translated(), engine.connect() as connection:
        there = [view for view in views if schema_exists(connection, view.view)]
    for view in there:
        bound = view.bind(engine)
        with translated(), bound.connect() as connection:
            found.past.update(_past(connection, day))
            found.erased.update(_erased(connection))
        found.past.update(_past_of_steps(bound, day))
    with translated(), Schemas(prefix).bind(engine).connect() as connection:
        for _, table, due in of_work(day):
            found.past.update({table.name: _count(connection, table, due)})
    return found


def _past(connection: Connection, day: date) -> Counter[str]:
    """By the rows' own times: refusals, arrivals, and what is older than any notice may be."""
    counts: Counter[str] = Counter()
    for rule, what in BY_TIME:
        counts[what] += _count(connection, *older(what, rule.before(day)))
    for table in TIMED:
        counts[table.name] += _count(connection, table, table.c.step > 0, table.c.at < retention.NOTICE.before(day))
    return counts


def _past_of_steps(engine: Engine, day: date) -> Counter[str]:
    """By the rules for the notices that they tell of: those that go earlier than the rest, and what has no time of its own."""
    counts: Counter[str] = Counter()
    for part in due_steps(engine, day, PART):
        given = {"rows": orjson.dumps([step._asdict() for step in part]).decode()}
        with translated(), engine.connect() as connection:
            for table in OF_STEPS:
                here = tuple_(table.c.receipt, table.c.step).in_(select(GIVEN.c.receipt, GIVEN.c.step))
                younger = [table.c.at >= retention.NOTICE.before(day)] if table in TIMED else []
                counts[table.name] += _count(connection, table, here, *younger, given=given)
    return counts


def _erased(connection: Connection) -> Counter[str]:
    counts: Counter[str] = Counter()
    for table in (*OF_STEPS, REFUSED):
        step = ERASED.c.step.is_(None) if table is REFUSED else ERASED.c.step.is_(None) | (ERASED.c.step == table.c.step)
        noted = exists().where(ERASED.c.what == NOTICE, ERASED.c.receipt == table.c.receipt, step)
        counts[table.name] += _count(connection, table, noted)
    for _, what in BY_TIME:
        moment = connection.scalar(select(func.max(ERASED.c.before)).where(ERASED.c.what == what))
        if moment is not None:
            counts[what] += _count(connection, *older(what, moment))
    return counts


def _count(connection: Connection, table: Table, *which: ColumnElement[bool], given: dict[str, str] | None = None) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*which), given or {}) or 0
