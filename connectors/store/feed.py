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


def rows_after(connection: Connection, agency: str, cursor: str | None, limit: int) -> list[Any]:
    """In the order of the outbox; the cursor is `<epoch>.<offset>`. Refusal where it is none, Unknown where it is of another."""
    epoch = _epoch(connection, agency)
    named, offset = (epoch, -1) if cursor is None else _parts(cursor)
    if named != epoch:
        raise _no_more(connection, agency, epoch, (str(named), offset))
    own = (OUTBOX.c.agency == agency, OUTBOX.c.epoch == epoch, OUTBOX.c.offset > offset)
    return list(connection.execute(select(OUTBOX).where(*own).order_by(OUTBOX.c.offset).limit(limit)))


def rows_of(connection: Connection, agency: str, wanted: Callable[[Select[Any]], Select[Any]]) -> list[Any]:
    """Those of the agency's outbox that are wanted, in its order."""
    mine = select(OUTBOX).where(OUTBOX.c.agency == agency, OUTBOX.c.epoch == _epoch(connection, agency))
    return sorted(connection.execute(wanted(mine)), key=lambda row: int(row.offset))


def _epoch(connection: Connection, agency: str) -> str | None:
    found: str | None = connection.scalar(select(POSITIONS.c.epoch).where(POSITIONS.c.topic == outbox_topic(agency).name))
    return found


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


_GONE = "this cursor is of an outbox that is no more: leave it out to begin at the start of today's"
_LOST = (
    ". Of the events after it {count} stand in no outbox any more; they are about notices received from {first} to {last}, "
    "which /v1/notices?received_from={first} finds"
)
