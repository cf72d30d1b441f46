"""The transaction in which something is erased: from the view and from the draft of a rebuild, and noted in work.erased.

While it lasts nobody else writes to either view, so that nothing comes in behind it: who had begun to write is waited for
and its rows are found here; who writes afterwards reads work.erased first. Readers go on. A swap of views is waited for too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Engine,
    Integer,
    Select,
    Table,
    Text,
    Update,
    and_,
    column,
    delete,
    literal_column,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from connectors.store import audit
from connectors.store.erased import ARRIVAL, BODY, NOTICE
from connectors.store.errors import translated
from connectors.store.insertion import recordset
from connectors.store.names import Schemas, schema_exists
from connectors.store.overdue import Step, older
from connectors.store.replacing import NEW
from connectors.store.tables import ERASED
from connectors.store.trace_tables import ACKNOWLEDGEMENTS, OFFERINGS, RECIPIENTS, STAGES, TARGETS
from connectors.store.view_tables import ALERTS, NOTICES, OUTBOX, POSITIONS, REFUSED
from connectors.store.views import take_turns

OF_STEPS = (NOTICES, OUTBOX, ALERTS, STAGES, RECIPIENTS, TARGETS, OFFERINGS, ACKNOWLEDGEMENTS)
"""The tables in which rows stand about a step of a notice."""

GIVEN = recordset([column("receipt", Text), column("step", Integer), column("rule", Text)])


class Eraser:
    """Erases from the views of one prefix. Several of them take turns; none waits longer than so many seconds for a lock."""

    def __init__(self, engine: Engine, prefix: str, wait_seconds: float) -> None:
        self._live, self._draft = Schemas(prefix), Schemas(prefix, NEW)
        self._engine = self._live.bind(engine)
        self._wait_ms = int(wait_seconds * 1000)

    @contextmanager
    def batch(self) -> Iterator["Batch"]:
        """A transaction of its own. NotReady where a writer or a swap does not let go, or the database is away."""
        with translated(), self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = {self._wait_ms}"))
            yield Batch(connection, self._held(connection))

    def _held(self, connection: Connection) -> list[Schemas]:
        """The view, and the draft where there is one; none is made or dropped until the end of the transaction."""
        _hold(connection, self._live)  # first, as a swap does
        take_turns(connection, self._draft)
        if not schema_exists(connection, self._draft.view):
            return [self._live]
        _hold(connection, self._draft)
        return [self._live, self._draft]


class Batch:
    """See `Eraser.batch`."""

    def __init__(self, connection: Connection, views: Sequence[Schemas]) -> None:
        self._connection = connection
        self._views = views

    def steps(self, found: Sequence[Step]) -> Counter[str]:
        """All that stands of these steps; how many went by each rule, those left out that another purge took meanwhile."""
        given = {"rows": orjson.dumps([step._asdict() for step in found]).decode()}
        noted = Counter(self._connection.scalars(_NOTED, given))
        rows = sum(self._done(deletion, given) for deletion in _OF_STEPS)
        return noted if noted or not rows else Counter(step.rule for step in found)

    def notice(self, receipt: str, rule: str) -> int:
        """All that stands of a notice, whatever is still to come of it, and its refusals; how many rows."""
        self._note({"rule": rule, "what": NOTICE, "receipt": receipt})
        return sum(self._done(deletion, {}) for deletion in _of_notice(receipt))

    def before(self, what: str, moment: datetime, rule: str, rows: Sequence[str]) -> Counter[str]:
        """These rows (of `older_rows`), and as many of a draft; how many went. Nothing of what is older is written again."""
        self._note({"rule": rule, "what": what, "before": moment})
        found = self._connection.execute(_chosen(what, moment, rows)).rowcount
        for draft in self._views[1:]:
            translated_to = {"schema_translate_map": draft.translation()}
            self._connection.execute(_some(what, moment, len(rows)), execution_options=translated_to)
        return Counter({rule: found} if found else {})

    def record(self, who: str, what: str, about: str) -> None:
        """The entry in the audit: it stands if and only if the batch does. Last, since others wait for it."""
        audit.record(self._connection, who, what, about)

    def _note(self, entry: dict[str, Any]) -> None:
        self._connection.execute(insert(ERASED).values(entry).on_conflict_do_nothing())

    def _done(self, change: Delete, given: dict[str, str]) -> int:
        """In each of the views; how many rows of the one that serves."""
        options = [{"schema_translate_map": view.translation()} for view in self._views]
        counts = [self._connection.execute(change, given, execution_options=each).rowcount for each in options]
        return counts[0]


def _hold(connection: Connection, view: Schemas) -> None:
    """Nobody writes to the view from here to the end of the transaction."""
    quoted = connection.dialect.identifier_preparer.quote(view.view)
    connection.execute(text(f"LOCK TABLE {quoted}.{POSITIONS.name} IN EXCLUSIVE MODE"))


def _of_steps(table: Table) -> Delete:
    given = tuple_(table.c.receipt, table.c.step).in_(select(GIVEN.c.receipt, GIVEN.c.step))
    # Said also where no step is 0: the index of the stages has only steps from 1 on.
    return delete(table).where(given, table.c.step > 0)


def _of_notice(receipt: str) -> Iterator[Delete]:
    for table in (*OF_STEPS, REFUSED):
        yield delete(table).where(table.c.receipt == receipt, *([STAGES.c.step > 0] if table is STAGES else []))
    yield delete(STAGES).where(STAGES.c.receipt == receipt, STAGES.c.step == 0)


def _chosen(what: str, moment: datetime, rows: Sequence[str]) -> Delete | Update:
    """Also by what they are: since they were searched for, another view may have come to serve."""
    here = text("ctid = ANY (CAST(:rows AS tid[]))").bindparams(rows=list(rows))
    return _gone(what, and_(here, older(what, moment)[1]))


def _some(what: str, moment: datetime, most: int) -> Delete | Update:
    table, due = older(what, moment)
    within: Select[Any] = select(literal_column("ctid")).select_from(table).where(due).limit(most).correlate(None)
    return _gone(what, literal_column("ctid").in_(within))


def _gone(what: str, here: ColumnElement[bool]) -> Delete | Update:
    if what == BODY:
        return update(REFUSED).where(here).values(body=None)
    return delete(STAGES if what == ARRIVAL else REFUSED).where(here)


def _noted() -> Any:
    found = select(literal_column(f"'{NOTICE}'"), GIVEN.c.receipt, GIVEN.c.step, GIVEN.c.rule).select_from(GIVEN)
    noted = insert(ERASED).from_select(["what", "receipt", "step", "rule"], found).on_conflict_do_nothing()
    return noted.returning(ERASED.c.rule)


_NOTED = _noted()
_OF_STEPS = tuple(_of_steps(table) for table in OF_STEPS)
