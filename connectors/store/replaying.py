"""hub.replays.Replaying over PostgreSQL: the replays of the endpoints that a process has, by the lease that deliveries have."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update

from connectors.store import audit
from connectors.store.beginnings import what_is_lost
from connectors.store.deliveries import attempt_row
from connectors.store.endpoint_tables import ATTEMPTS, DELIVERIES, ENDPOINTS, POSITIONS
from connectors.store.erased import erased_receipts
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.replay_tables import REPLAYS
from connectors.store.replays import OPEN
from connectors.store.view_tables import OUTBOX
from hub.core.delivering import Waiting
from hub.core.replaying import Known, merged
from hub.replays import Progress, Replay, Replaying

_RANKS = {"alert": 0, "notice": 1}
"""`rank` in the view, by the lanes in which a newer step takes the place of an older one."""


class PostgresReplaying:
    """`holder`: the name by which the process holds its endpoints."""

    def __init__(self, engine: Engine, holder: str, schemas: Schemas = REAL) -> None:
        self._engine = schemas.bind(engine)
        self._holder = holder

    def open(self) -> list[Replay]:
        """Of each endpoint of this process the oldest replay that is not over."""
        with translated(), self._engine.connect() as connection:
            return [_replay(row) for row in connection.execute(_TURNS, {"me": self._holder})]

    def begin(self, replay: Replay, first: int) -> bool:
        """It goes from `next` to before `end` in that epoch; what no outbox holds any more is noted."""
        with translated(), self._engine.begin() as connection:
            if not self._is_ours(connection, replay):
                return False
            only = replay.start[1] if replay.alone and replay.start else None
            lost = what_is_lost(connection, replay.agency, replay.since, replay.epoch, first, only)
            where = {"epoch": replay.epoch, "first": replay.next, "next": replay.next, "end": replay.end}
            what = {"lost": (lost and lost.count) or 0, "lost_first": lost and lost.first, "lost_last": lost and lost.last}
            begun = {"state": "running", "begun": func.coalesce(REPLAYS.c.begun, func.now()), "attempts": 0}
            return bool(connection.execute(_this(replay).values(where | what | begun)).rowcount)

    def known(self, replay: Replay, events: Sequence[Waiting]) -> dict[str, Known]:
        """What is known of these events, by their ids."""
        asked = {"endpoint": replay.endpoint, "agency": replay.agency, "receipts": list({event.receipt for event in events})}
        with translated(), self._engine.connect() as connection:
            deliveries = connection.execute(_CAME, asked).all()
            newest = {(row.receipt, row.rank): row.step for row in connection.execute(_NEWEST, asked)}
            erased = erased_receipts(connection, set(asked["receipts"]))
        return {event.event_id: _known(event, deliveries, newest, erased) for event in events}

    def note(self, progress: Progress) -> bool:
        """Keep it; an event that had been given up and was told is delivered now."""
        replay = progress.replay
        with translated(), self._engine.begin() as connection:
            if not self._is_ours(connection, replay):
                return False
            if progress.tried:
                rows = [attempt_row(replay.endpoint, event, attempt) | {"replay": replay.id} for event, attempt in progress.tried]
                connection.execute(insert(ATTEMPTS), rows)
            if progress.told:
                connection.execute(_TOLD_AT_LAST, {"of_endpoint": replay.endpoint, "events": list(progress.told)})
            return _moved(connection, progress)

    def _is_ours(self, connection: Connection, replay: Replay) -> bool:
        """As long as the transaction lasts nobody else can have its endpoint."""
        return connection.scalar(_LOCK, {"me": self._holder, "of_endpoint": replay.endpoint}) is not None


_: type[Replaying] = PostgresReplaying

_MINE = (POSITIONS.c.holder == bindparam("me")) & (POSITIONS.c.until > func.now())
_TURNS = (
    select(REPLAYS)
    .distinct(REPLAYS.c.endpoint)
    .join(POSITIONS, POSITIONS.c.endpoint == REPLAYS.c.endpoint)
    .join(ENDPOINTS, ENDPOINTS.c.id == REPLAYS.c.endpoint)
    .where(REPLAYS.c.state.in_(OPEN), ENDPOINTS.c.state == "active", _MINE)
    .order_by(REPLAYS.c.endpoint, REPLAYS.c.asked, REPLAYS.c.id)
)
_LOCK = select(POSITIONS.c.endpoint).where(POSITIONS.c.endpoint == bindparam("of_endpoint"), _MINE).with_for_update()
_RECEIPTS = func.any(bindparam("receipts"))
_CAME = select(DELIVERIES.c.receipt, DELIVERIES.c.lane, DELIVERIES.c.step, DELIVERIES.c.state, DELIVERIES.c.event_id).where(
    DELIVERIES.c.endpoint == bindparam("endpoint"), DELIVERIES.c.receipt == _RECEIPTS
)
_NEWEST = (
    select(OUTBOX.c.receipt, OUTBOX.c.rank, func.max(OUTBOX.c.step).label("step"))
    .where(OUTBOX.c.agency == bindparam("agency"), OUTBOX.c.receipt == _RECEIPTS)
    .group_by(OUTBOX.c.receipt, OUTBOX.c.rank)
)
_TOLD_AT_LAST = (
    update(DELIVERIES)
    .where(
        DELIVERIES.c.endpoint == bindparam("of_endpoint"),
        DELIVERIES.c.event_id == func.any(bindparam("events")),
        DELIVERIES.c.state == "given-up",
    )
    .values(state="delivered", done=func.now())
)


def _this(replay: Replay) -> Any:
    return update(REPLAYS).where(REPLAYS.c.id == replay.id, REPLAYS.c.state.in_(OPEN))


def _moved(connection: Connection, progress: Progress) -> bool:
    """False where it was canceled meanwhile: what was done counts all the same."""
    replay = progress.replay
    row = connection.execute(select(REPLAYS.c.counts, REPLAYS.c.state).where(REPLAYS.c.id == replay.id).with_for_update()).one()
    counts = merged(row.counts, progress.counts)
    place = {"next": replay.next, "attempts": replay.attempts, "left": replay.left}
    connection.execute(update(REPLAYS).where(REPLAYS.c.id == replay.id).values(place | {"counts": counts}))
    if row.state not in OPEN:
        return False
    if progress.state != "running":
        connection.execute(_this(replay).values(state=progress.state, why=progress.why, ended=func.now()))
        told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        audit.record(connection, "hub", f"replay.{progress.state}", f"{replay.agency}/{replay.endpoint}/{replay.id} {told}")
    return True


def _known(event: Waiting, came: Sequence[Any], newest: dict[Any, int], erased: frozenset[tuple[str, int | None]]) -> Known:
    of_notice = [row for row in came if row.receipt == event.receipt]
    steps = [row.step for row in of_notice if row.lane == event.lane]
    return Known(
        newest=max([*steps, newest.get((event.receipt, _RANKS.get(event.lane)), 0)], default=0),
        waits=any(row.event_id == event.event_id and row.state == "waiting" for row in of_notice),
        went=bool(of_notice),
        erased=bool({(event.receipt, None), (event.receipt, event.step)} & erased),
    )


def _replay(row: Any) -> Replay:
    found = Replay(row.id, row.endpoint, row.agency, _utc(row.since), row.per_second, row.alone, event=row.event)
    start = None if row.start_epoch is None else (row.start_epoch, row.start_offset)
    if row.epoch is None:
        return replace(found, start=start)
    return replace(found, start=start, epoch=row.epoch, next=row.next, end=row.end, attempts=row.attempts, left=row.left)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
