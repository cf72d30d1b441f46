"""What is past its time is erased, batch by batch: killed at any point, the next run goes on with what is left."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from threading import Event

from sqlalchemy import ColumnElement, Engine, Table, delete, text

from connectors.store import audit
from connectors.store.erasing import Batch, Eraser
from connectors.store.errors import translated
from connectors.store.left import Left, left
from connectors.store.names import Schemas
from connectors.store.overdue import BY_TIME, Step, due_steps, of_work, older_rows, untold_steps
from connectors.store.replacing import Views
from hub.core import retention
from hub.core.retention import Rule

BATCH = 500
"""Refusals, arrivals or notices of one transaction: the projector waits for about as long as for one of its own."""

Tell = Callable[[str, int], None]
"""The name of a rule, and how many things went by it in a batch."""


def _tell_nobody(rule: str, count: int) -> None:
    pass


class Purge:
    """Of one prefix. Two at once take turns."""

    def __init__(self, engine: Engine, prefix: str = "", batch: int = BATCH, wait_seconds: float = 10.0) -> None:
        self._eraser = Eraser(engine, prefix, wait_seconds)
        self._views = Views(engine, prefix)
        self._engine = Schemas(prefix).bind(engine)
        self._prefix = prefix
        self._batch = batch

    def run(self, day: date, by: str, stop: Event | None = None, tell: Tell = _tell_nobody) -> Counter[str]:
        """Erase what is past its time on that day; how many things went, by rule. Once `stop` is set it ends after a batch.

        Each batch is a transaction with its own entry in the audit. NotReady where the database is away or a writer does
        not let go: what is done is done; run it again.
        """
        gone: Counter[str] = Counter()
        self._views.drop_old()  # a rebuild leaves behind what it could not drop
        for counts in self._batches(day, by):
            gone.update(counts)
            for rule, count in counts.items():
                tell(rule, count)
            if stop is not None and stop.is_set():
                break
        return gone

    def notice(self, receipt: str, by: str) -> int:
        """Erase a notice now, with all that is still to come of it; how many rows of it there were."""
        self._views.drop_old()
        with self._eraser.batch() as batch:
            rows = batch.notice(receipt, retention.REQUESTED.name)
            batch.record(by, "notice.erased", receipt)
        return rows

    def left(self, day: date) -> Left:
        """What is past its time on that day, or was erased, and still stands there. Nothing is changed."""
        return left(self._engine, self._prefix, day)

    def _batches(self, day: date, by: str) -> Iterator[Counter[str]]:
        """One for each transaction. Bodies first, entries of work.erased and the audit last."""
        for rule, what in BY_TIME:
            yield from self._by_time(rule, what, day, by)
        yield from self._by_step(due_steps(self._engine, day, self._batch), by)
        yield from self._by_step(untold_steps(self._engine, day, self._batch), by)
        for rule, table, due in of_work(day):
            yield self._of_work(rule, table, due, by)

    def _by_time(self, rule: Rule, what: str, day: date, by: str) -> Iterator[Counter[str]]:
        moment = rule.before(day)
        for rows in older_rows(self._engine, what, moment, self._batch):
            yield self._told(by, partial(Batch.before, what=what, moment=moment, rule=rule.name, rows=rows))

    def _by_step(self, parts: Iterable[list[Step]], by: str) -> Iterator[Counter[str]]:
        for part in parts:
            yield self._told(by, partial(Batch.steps, found=part))

    def _told(self, by: str, erase: Callable[[Batch], Counter[str]]) -> Counter[str]:
        """One batch with its entry in the audit; where another purge took it all meanwhile there is none."""
        with self._eraser.batch() as batch:
            counts = erase(batch)
            if counts:
                batch.record(by, "purged", _about(counts))
        return counts

    def _of_work(self, rule: Rule, table: Table, due: ColumnElement[bool], by: str) -> Counter[str]:
        with translated(), self._engine.begin() as connection:
            connection.execute(text("SET LOCAL hub.purge = 'on'"))
            count = connection.execute(delete(table).where(due)).rowcount
            counts = Counter({rule.name: count} if count else {})
            if counts:
                audit.record(connection, by, "purged", _about(counts))
        return counts


def _about(counts: Counter[str]) -> str:
    """How many by which rule, and nothing of what it was."""
    return ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items()))
