"""hub.replays.Replays over PostgreSQL: replays as the agency of their endpoint asks for them, sees and cancels them."""

import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from connectors.store import audit, beginnings
from connectors.store.endpoint_tables import ENDPOINTS
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.replay_tables import REPLAYS
from hub.replays import MOST_OPEN, Lost, ReplayInfo, Replays, Wanted
from schemas.errors import Conflict, Unknown

OPEN = ("waiting", "running")


class PostgresReplays:
    """Events are found in `view`, as the feed has them: the newest may take a moment to stand there."""

    def __init__(self, engine: Engine, schemas: Schemas = REAL, most_open: int = MOST_OPEN) -> None:
        self._engine = schemas.bind(engine)
        self._most_open = most_open

    def ask(self, agency: str, endpoint: str, wanted: Wanted, per_second: int, by: str) -> ReplayInfo:
        """A new replay of what is wanted; it waits until those before it are over."""
        with translated(), self._engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"endpoints of {agency}"))))
            if _endpoint(connection, agency, endpoint).state == "closed":
                raise _no_endpoint()
            if connection.scalar(_how_many_open(endpoint)) >= self._most_open:
                raise Conflict(f"this endpoint has {self._most_open} replays that are not over: cancel one, or wait")
            row = _row_of(connection, agency, wanted) | {"agency": agency, "endpoint": endpoint, "by": by}
            name = f"rp_{secrets.token_hex(8)}"
            connection.execute(insert(REPLAYS).values(row | {"id": name, "per_second": per_second}))
            audit.record(connection, f"{agency}/{by}", "replay.asked", f"{agency}/{endpoint}/{name}")
            return _info(_row(connection, endpoint, name))

    def cursor_before(self, agency: str, wanted: Wanted) -> tuple[str | None, Lost | None]:
        """Where the feed begins with what is wanted, and what of it is lost."""
        with translated(), self._engine.connect() as connection:
            return beginnings.cursor_before(connection, agency, wanted)

    def of(self, agency: str, endpoint: str) -> list[ReplayInfo]:
        """All, newest first."""
        with translated(), self._engine.connect() as connection:
            _endpoint(connection, agency, endpoint)
            return [_info(row) for row in connection.execute(_of(endpoint))]

    def get(self, agency: str, endpoint: str, replay: str) -> ReplayInfo:
        """One of them. Unknown where there is none."""
        with translated(), self._engine.connect() as connection:
            _endpoint(connection, agency, endpoint)
            return _info(_row(connection, endpoint, replay))

    def cancel(self, agency: str, endpoint: str, replay: str, by: str) -> ReplayInfo:
        """Nothing more is told of it. Where it is over, nothing changes."""
        mine = (REPLAYS.c.id == replay, REPLAYS.c.endpoint == endpoint, REPLAYS.c.state.in_(OPEN))
        with translated(), self._engine.begin() as connection:
            _endpoint(connection, agency, endpoint)
            canceled = update(REPLAYS).where(*mine).values(state="canceled", why="asked", ended=func.now())
            if connection.execute(canceled).rowcount:
                audit.record(connection, f"{agency}/{by}", "replay.canceled", f"{agency}/{endpoint}/{replay}")
            return _info(_row(connection, endpoint, replay))


_: type[Replays] = PostgresReplays


def _endpoint(connection: Connection, agency: str, endpoint: str) -> Any:
    mine = (ENDPOINTS.c.id == endpoint, ENDPOINTS.c.agency == agency, ENDPOINTS.c.kind == "webhook")
    row = connection.execute(select(ENDPOINTS.c.state).where(*mine)).first()
    if row is None:
        raise _no_endpoint()
    return row


def _row_of(connection: Connection, agency: str, wanted: Wanted) -> dict[str, Any]:
    """What is wanted, as it is kept. Unknown where the outbox of today has no event of that id."""
    asked = {"event": wanted.event, "alone": wanted.alone}
    if wanted.event is None:
        return asked | {"since": wanted.since}
    found = beginnings.found(connection, agency, wanted.event)
    return asked | {"since": found.at, "start_epoch": found.epoch, "start_offset": found.offset}


def _how_many_open(endpoint: str) -> Any:
    return select(func.count()).select_from(REPLAYS).where(REPLAYS.c.endpoint == endpoint, REPLAYS.c.state.in_(OPEN))


def _of(endpoint: str) -> Any:
    closed = (ENDPOINTS.c.state == "closed").label("closed")
    joined = select(REPLAYS, closed).join(ENDPOINTS, ENDPOINTS.c.id == REPLAYS.c.endpoint)
    return joined.where(REPLAYS.c.endpoint == endpoint).order_by(REPLAYS.c.asked.desc(), REPLAYS.c.id)


def _row(connection: Connection, endpoint: str, replay: str) -> Any:
    row = connection.execute(_of(endpoint).where(REPLAYS.c.id == replay)).first()
    if row is None:
        raise Unknown("this endpoint has no such replay")
    return row


def _info(row: Any) -> ReplayInfo:
    over = row.closed and row.state in OPEN  # a closed endpoint is told nothing any more
    begun = row.first is not None
    return ReplayInfo(
        id=row.id,
        endpoint=row.endpoint,
        wanted=Wanted(None if row.event else _utc(row.since), row.event, row.alone),
        per_second=row.per_second,
        state="canceled" if over else row.state,
        why="closed" if over else row.why,
        asked=row.asked.astimezone(UTC),
        begun=_utc(row.begun),
        ended=_utc(row.ended),
        counts=dict(row.counts),
        read=row.next - row.first if begun else 0,
        total=row.end - row.first if begun else None,
        lost=Lost(row.lost, row.lost_first.astimezone(UTC), row.lost_last.astimezone(UTC)) if row.lost else None,
    )


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(UTC)


def _no_endpoint() -> Unknown:
    return Unknown("your agency has no such endpoint, or it is closed")
