"""Where to begin in an agency's outbox, as the feed has it: at a moment, or with an event; and what no outbox holds any more."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from connectors.store.view_tables import OUTBOX
from connectors.store.view_tables import POSITIONS as TAKEN_IN
from hub.replays import Lost, Wanted
from schemas.errors import Unknown
from schemas.topics import outbox


def found(connection: Connection, agency: str, event: str) -> Any:
    """Epoch, offset and `at` of an event. Unknown where the outbox of today has none of that id."""
    here = and_(TAKEN_IN.c.topic == outbox(agency).name, TAKEN_IN.c.epoch == OUTBOX.c.epoch)
    named = (OUTBOX.c.agency == agency, OUTBOX.c.event_id == event)
    row = connection.execute(select(OUTBOX.c.epoch, OUTBOX.c.offset, OUTBOX.c.at).join(TAKEN_IN, here).where(*named)).first()
    if row is None:
        raise Unknown("no event of this id stands in your outbox: the newest take a moment; GET /v1/outbox tells the ids")
    return row


def cursor_before(connection: Connection, agency: str, wanted: Wanted) -> tuple[str | None, Lost | None]:
    """The cursor after which everything stands that is wanted (None: the start), and what of it no outbox holds any more."""
    if wanted.event is not None:
        row = found(connection, agency, wanted.event)
        return (f"{row.epoch}.{row.offset - 1}" if row.offset else None), None
    epoch = connection.scalar(select(TAKEN_IN.c.epoch).where(TAKEN_IN.c.topic == outbox(agency).name))
    here = (OUTBOX.c.agency == agency, OUTBOX.c.epoch == epoch)
    # Before the first that came then or later, not behind the last that came before: a broker's clock may have been set back.
    first = select(func.min(OUTBOX.c.offset)).where(*here, OUTBOX.c.at >= wanted.since).scalar_subquery()
    before = or_(first.is_(None), OUTBOX.c.offset < first)
    last = connection.scalar(select(func.max(OUTBOX.c.offset)).where(*here, before))
    lost = what_is_lost(connection, agency, wanted.since, epoch, 0)
    return (None if last is None else f"{epoch}.{last}"), lost


def what_is_lost(
    connection: Connection, agency: str, since: datetime | None, epoch: str | None, first: int, only: int | None = None
) -> Lost | None:
    """What the agency's outbox had from then on that stands before `first`, or in an epoch before, and was not written again.

    `only`: the offset of the one event that matters.
    """
    again, here = OUTBOX.alias("again"), and_(OUTBOX.c.epoch == epoch, OUTBOX.c.offset >= first)
    same = and_(again.c.agency == OUTBOX.c.agency, again.c.epoch == epoch, again.c.event_id == OUTBOX.c.event_id)
    about = (func.count().label("events"), func.min(OUTBOX.c.at).label("first"), func.max(OUTBOX.c.at).label("last"))
    had: list[ColumnElement[bool]] = [OUTBOX.c.agency == agency, OUTBOX.c.at >= since, ~here]
    had.append(~exists().where(same, again.c.offset >= first))
    if only is not None:
        had.append(OUTBOX.c.offset == only)
    row = connection.execute(select(*about).where(*had)).one()
    return Lost(row.events, row.first, row.last) if row.events else None
