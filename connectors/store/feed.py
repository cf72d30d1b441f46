"""An agency's outbox as a feed: the rows after a cursor, or why it leads nowhere."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select

from connectors.store.cursors import wrong_cursor
from connectors.store.shapes import moment
from connectors.store.view_tables import OUTBOX, POSITIONS
from schemas.errors import Unknown
from schemas.topics import outbox as outbox_topic

_LARGEST_OFFSET = 2**63 - 1


def rows_after(
    connection: Connection, agency: str, cursor: str | None, limit: int, lag: Callable[[], int] = lambda: 0
) -> list[Any]:
    """In the order of the outbox; the cursor is `<epoch>.<offset>`. Refusal where it is none, Unknown where it is of another.

    Unknown also where it is ahead of the outbox: what comes until there would be passed over without a word. `lag` tells how much
    of the outbox the view has not taken in.
    """
    epoch, end = _stands(connection, agency)
    named, offset = (epoch, -1) if cursor is None else _parts(cursor)
    if named != epoch:
        raise _no_more(connection, agency, epoch, (str(named), offset))
    if offset >= end and offset >= end + lag():
        raise Unknown(_AHEAD.format(last=f": go on from {epoch}.{end - 1}" if end else ""))
    own = (OUTBOX.c.agency == agency, OUTBOX.c.epoch == epoch, OUTBOX.c.offset > offset)
    return list(connection.execute(select(OUTBOX).where(*own).order_by(OUTBOX.c.offset).limit(limit)))


def rows_of(connection: Connection, agency: str, wanted: Callable[[Select[Any]], Select[Any]]) -> list[Any]:
    """Those of the agency's outbox that are wanted, in its order."""
    mine = select(OUTBOX).where(OUTBOX.c.agency == agency, OUTBOX.c.epoch == _stands(connection, agency)[0])
    return sorted(connection.execute(wanted(mine)), key=lambda row: int(row.offset))


def _stands(connection: Connection, agency: str) -> tuple[str | None, int]:
    """The epoch of the agency's outbox, and the offset up to which the view has taken it in."""
    asked = select(POSITIONS.c.epoch, POSITIONS.c.next_offset).where(POSITIONS.c.topic == outbox_topic(agency).name)
    row = connection.execute(asked).first()
    return (None, 0) if row is None else (row.epoch, row.next_offset)


def _parts(cursor: str) -> tuple[str, int]:
    named, _, offset = cursor.rpartition(".")
    if not named or not (offset.isascii() and offset.isdecimal()) or len(offset) > 19 or int(offset) > _LARGEST_OFFSET:
        raise wrong_cursor()
    return named, int(offset)


def _no_more(connection: Connection, agency: str, epoch: str | None, stands: tuple[str, int]) -> Unknown:
    """What is lost to whoever stands there, and from where to go on. Of another agency's outbox nothing is said."""
    again = OUTBOX.alias("again")
    written_again = exists().where(again.c.agency == agency, again.c.epoch == epoch, again.c.event_id == OUTBOX.c.event_id)
    behind = (OUTBOX.c.agency == agency, OUTBOX.c.epoch == stands[0], OUTBOX.c.offset > stands[1], ~written_again)
    about = (func.count(), func.min(OUTBOX.c.received_at), func.max(OUTBOX.c.received_at))
    count, first, last = connection.execute(select(*about).where(*behind)).one()
    return Unknown(_GONE + (_LOST.format(count=count, first=moment(first), last=moment(last)) if count else ""))


_AHEAD = "this cursor is ahead of your outbox, and was not given out by the hub{last}"
_GONE = "this cursor is of an outbox that is no more: leave it out to begin at the start of today's"
_LOST = (
    ". Of the events after it {count} stand in no outbox any more; they are about notices received from {first} to {last}, "
    "which /v1/notices?received_from={first} finds"
)
