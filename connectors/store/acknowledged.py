"""What agencies have said of a notice, as far as an agency may see it; beside it, who was told of the notice at all.

That a copy stands in an outbox and that somebody answered are two facts: `told` has the one, `answers` the other.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, true

from connectors.store.lists import is_copy
from connectors.store.shapes import moment
from connectors.store.trace_tables import ACKNOWLEDGEMENTS
from connectors.store.view_tables import NOTICES, OUTBOX
from hub.answering import Answerable
from hub.core.holding import Said, holding
from schemas.acknowledgement import WORDS


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks, by all its names. `whole`: the sender of the notice, or the hub's operator; `hears`: of whom it hears, else."""

    names: Collection[str]
    whole: bool
    hears: Callable[[str], bool]

    def sees(self, agency: str) -> bool:
        """Whether it may see what that agency says."""
        return self.whole or agency in self.names or self.hears(agency)


def acknowledgements(connection: Connection, receipt: str, reader: Reader) -> dict[str, Any]:
    """How the notice stands by the answers that the reader may see, those answers, oldest first, and whom it may see as told."""
    every = select(ACKNOWLEDGEMENTS).where(ACKNOWLEDGEMENTS.c.receipt == receipt, ACKNOWLEDGEMENTS.c.counts)
    rows = sorted((row for row in connection.execute(every) if reader.sees(row.agency)), key=_order)
    stands = holding(_said(row) for row in rows)
    now = {row.agency: row.answer for row in rows if row.acknowledgement in stands.current}
    whom: ColumnElement[bool] = true() if reader.whole else OUTBOX.c.agency.in_(reader.names)
    return {
        "state": stands.state,
        "held_by": list(stands.held_by),
        "done_by": list(stands.done_by),
        "declined_by": list(stands.declined_by),
        "answers": [_answer(row, reader, row.acknowledgement in stands.current) for row in rows],
        "told": [_told(row, now.get(row.agency)) for row in _newest_copies(connection, receipt, whom)],
    }


def answerable(connection: Connection, receipt: str, rows: Sequence[Any]) -> Answerable | None:
    """The notice as an agency may answer it that has these rows of outboxes; None where they are none, or it is not known yet.

    A step of before the notice was found to be another employer's is answered no more: who has it now is not known there.
    """
    owner = func.coalesce(NOTICES.c.event["owner"].astext, NOTICES.c.sender).label("owner")
    named = select(owner, NOTICES.c.source, NOTICES.c.id, NOTICES.c.employer_key).where(NOTICES.c.receipt == receipt)
    found = connection.execute(named.order_by(NOTICES.c.step.desc()).limit(1)).first() if rows else None
    steps = tuple(sorted({row.step for row in rows if found and row.employer_key == found.employer_key}))
    return Answerable(found.owner, found.source, found.id, steps) if found and steps else None


def _order(row: Any) -> Any:
    return row.received_at, row.origin_partition, row.origin_offset


def _said(row: Any) -> Said:
    return Said(row.acknowledgement, row.agency, row.answer, _order(row))


def _answer(row: Any, reader: Reader, counts: bool) -> dict[str, Any]:
    """Under which id its agency said it is that agency's own matter, and who heard of it the sender's."""
    found = {
        "acknowledgement": row.acknowledgement,
        "agency": row.agency,
        "step": row.step,
        "answer": row.answer,
        "words": WORDS[row.answer].model_dump(),
        "reason": row.reason,
        "desk": row.desk,
        "received_at": moment(row.received_at),
        "counts": counts,
    }
    found |= {"id": row.id} if row.agency in reader.names else {}
    return found | ({"heard_by": row.heard_by} if reader.whole else {})


def _newest_copies(connection: Connection, receipt: str, whom: ColumnElement[bool]) -> list[Any]:
    """Of each agency the newest that it was told."""
    order = (OUTBOX.c.agency, OUTBOX.c.step.desc(), OUTBOX.c.rank.desc(), OUTBOX.c.at)
    newest = select(OUTBOX.c.agency, OUTBOX.c.step, OUTBOX.c.at, OUTBOX.c.stub).distinct(OUTBOX.c.agency)
    return list(connection.execute(newest.where(OUTBOX.c.receipt == receipt, is_copy(OUTBOX), whom).order_by(*order)))


def _told(row: Any, answer: str | None) -> dict[str, Any]:
    return {
        "agency": row.agency,
        "step": row.step,
        "told_at": moment(row.at),
        "no_longer_concerns_you": row.stub,
        "answer": answer,
    }
