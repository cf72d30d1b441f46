"""The projector's side of the view: rows and positions in one transaction, refused rows apart."""

from collections.abc import Callable, Sequence

import orjson
from sqlalchemy import BigInteger, Connection, Engine, Integer, Text, Update, column, func, select, update
from sqlalchemy.dialects.postgresql import insert

from connectors.store.erased import without_erased
from connectors.store.errors import refusal_of, translated
from connectors.store.insertion import Rows, insert_rows, recordset
from connectors.store.names import Schemas
from connectors.store.view_tables import POSITIONS
from connectors.store.views import has_this_layout
from schemas.errors import Misconfigured, NotReady

Place = tuple[str, int]
"""Topic and partition."""

Position = tuple[str, int]
"""Epoch and next offset."""

Move = tuple[str, int, str, int, int]
"""Topic, partition, epoch, from where, to where."""

Start = tuple[str, int, str, int, Position | None]
"""Topic, partition, epoch, first offset; and the position that this takes the place of, None for a new partition."""

Refused = tuple[int, str]
"""Which record of a batch, and under which code."""


class ViewWriter:
    """Writes one view. Two of them on one view do no harm: the one that is overtaken stops."""

    def __init__(self, engine: Engine, schemas: Schemas) -> None:
        self._engine = schemas.bind(engine)
        self._schemas = schemas
        self._table = f"{engine.dialect.identifier_preparer.quote(schemas.view)}.{POSITIONS.name}"
        self._view: int | None = None

    def positions(self) -> dict[Place, Position]:
        """How far each partition is taken in. Misconfigured where another version of the hub laid the view out."""
        with translated(), self._engine.begin() as connection:
            self._view = self._identity(connection)
            rows = connection.execute(select(POSITIONS)).all()
            if not has_this_layout(connection, self._schemas):
                raise Misconfigured("another version of the hub laid this view out; a projector that starts builds it anew")
            return {(row.topic, row.partition): (row.epoch, row.next_offset) for row in rows}

    def enter(self, starts: Sequence[Start]) -> None:
        """Put new partitions in, and partitions of another epoch (or emptied ones) anew, where nobody else did so first."""
        with translated(), self._engine.begin() as connection:
            for topic, partition, epoch, first, was in starts:
                if was is None:
                    values = {"topic": topic, "partition": partition, "epoch": epoch, "next_offset": first}
                    connection.execute(insert(POSITIONS).values(values).on_conflict_do_nothing())
                else:
                    connection.execute(_restart(topic, partition, was).values(epoch=epoch, next_offset=first))

    def write(
        self,
        records: Sequence[Rows],
        moves: Sequence[Move],
        bury: Callable[[Sequence[Refused]], None] = lambda refused: None,
    ) -> None:
        """Take in the records, but for what was erased, and move the positions; all or nothing.

        Records that PostgreSQL refuses are left out and handed to `bury` before the transaction ends. NotReady where the
        database is away or the view was replaced (read the positions again); Misconfigured where another projector moved on.
        """
        with translated(), self._engine.begin() as connection:
            self._move(connection, moves)  # first: it locks out a swap of the view and an erasure until we are done
            refused = _apply(connection, without_erased(connection, records), 0)
            if refused:
                bury(refused)

    def _move(self, connection: Connection, moves: Sequence[Move]) -> None:
        rows = [dict(zip(_MOVE_NAMES, move, strict=True)) for move in moves]
        moved = connection.execute(_ADVANCE, {"rows": orjson.dumps(rows).decode()}).rowcount
        if moved == len(moves):
            return
        if self._identity(connection) != self._view:
            raise NotReady("the view was replaced by a rebuilt one")
        raise Misconfigured("another projector has moved on in this view since this one read from it; this one stops")

    def _identity(self, connection: Connection) -> int | None:
        found = connection.scalar(select(func.to_regclass(self._table).cast(BigInteger)))
        return None if found is None else int(found)


def _apply(connection: Connection, records: Sequence[Rows], first: int) -> list[Refused]:
    """Put the records in; halve until the refused ones stand alone."""
    try:
        with connection.begin_nested():
            insert_rows(connection, records)
    except Exception as error:
        code = refusal_of(error)
        if code is None:
            raise
    else:
        return []
    if len(records) == 1:
        return [(first, code)]
    half = len(records) // 2
    return _apply(connection, records[:half], first) + _apply(connection, records[half:], first + half)


def _restart(topic: str, partition: int, was: Position) -> Update:
    here = (POSITIONS.c.topic == topic) & (POSITIONS.c.partition == partition)
    return update(POSITIONS).where(here, POSITIONS.c.epoch == was[0], POSITIONS.c.next_offset == was[1])


_MOVE_NAMES = ("topic", "partition", "epoch", "start", "end")


def _advance() -> Update:
    types = (Text, Integer, Text, BigInteger, BigInteger)
    moves = recordset([column(name, kind) for name, kind in zip(_MOVE_NAMES, types, strict=True)])
    here = (POSITIONS.c.topic == moves.c.topic) & (POSITIONS.c.partition == moves.c.partition)
    as_read = (POSITIONS.c.epoch == moves.c.epoch) & (POSITIONS.c.next_offset == moves.c.start)
    return update(POSITIONS).where(here, as_read).values(next_offset=moves.c.end)


_ADVANCE = _advance()
