"""What stands in `work.erased` is passed over when rows are written: a rebuild never brings it back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Text, any_, bindparam, cast, func, null, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from connectors.store.insertion import Rows
from connectors.store.tables import ERASED, MOMENT
from connectors.store.trace_tables import STAGES
from connectors.store.view_tables import REFUSED

NOTICE, REFUSAL, BODY, ARRIVAL = "notice", "refused", "body", "arrival"
"""What an entry is about: see connectors.store.tables.ERASED."""

_Row = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased of the receipts that were asked for, and up to which moment refusals, bodies and arrivals were."""

    steps: frozenset[tuple[str, int | None]]
    before: Mapping[str, datetime] = field(default_factory=dict)

    def left_of(self, row: _Row) -> _Row | None:
        """The row as it may be written; None where it may not."""
        name, values = row
        if self._is_gone(name, values):
            return None
        if name == REFUSED.name and self._is_before(BODY, values["received_at"]):
            return name, {**values, "body": None}
        return row

    def _is_gone(self, name: str, values: Mapping[str, Any]) -> bool:
        receipt = values["receipt"]
        if (receipt, None) in self.steps or (receipt, values.get("step")) in self.steps:
            return True
        if name == REFUSED.name:
            return self._is_before(REFUSAL, values["received_at"])
        return name == STAGES.name and values["step"] == 0 and self._is_before(ARRIVAL, values["at"])

    def _is_before(self, what: str, at: datetime) -> bool:
        return what in self.before and at < self.before[what]


def without_erased(connection: Connection, records: Sequence[Rows]) -> Sequence[Rows]:
    """The rows of each record without those that were erased, record by record.

    Ask in the transaction that writes them, after it holds the view's positions: what is erased later finds them there.
    """
    erased = _erased_of(connection, sorted(set(_receipts(records))))
    if not erased.steps and not erased.before:
        return records
    return [[left for row in rows if (left := erased.left_of(row)) is not None] for rows in records]


def erased_receipts(connection: Connection, receipts: Collection[str]) -> frozenset[tuple[str, int | None]]:
    """Which of these receipts were erased, and which single steps of them: None = all."""
    return _erased_of(connection, sorted(filter(_may_stand, receipts))).steps


def _receipts(records: Sequence[Rows]) -> Iterator[str]:
    """Those that can stand in the table: what PostgreSQL cannot hold as a text is refused with its own row."""
    for rows in records:
        for _, values in rows:
            receipt = values.get("receipt")
            if isinstance(receipt, str) and _may_stand(receipt):
                yield receipt


def _may_stand(receipt: str) -> bool:
    return receipt.isascii() and receipt.isprintable()


def _erased_of(connection: Connection, receipts: Sequence[str]) -> Erased:
    found = connection.execute(_ASKED, {"receipts": list(receipts)}).all()
    steps = frozenset((row.receipt, row.step) for row in found if row.what == NOTICE)
    return Erased(steps, {row.what: row.before for row in found if row.what != NOTICE})


def _asked() -> Any:
    given = cast(bindparam("receipts"), ARRAY(Text))
    steps = select(ERASED.c.what, ERASED.c.receipt, ERASED.c.step, cast(null(), MOMENT).label("before"))
    moments = select(ERASED.c.what, cast(null(), Text), cast(null(), Integer), func.max(ERASED.c.before))
    return union_all(
        steps.where(ERASED.c.what == NOTICE, ERASED.c.receipt == any_(given)),
        moments.where(ERASED.c.what.in_([REFUSAL, BODY, ARRIVAL])).group_by(ERASED.c.what),
    )


_ASKED = _asked()
