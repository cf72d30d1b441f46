"""hub.ports.Deliveries over PostgreSQL: who tells an endpoint, what waits for it, what became of it.

An endpoint is held by a lease (`work.positions`), claimed with SKIP LOCKED and renewed by claiming again. Whatever is noted of it
locks that row first: a process that has lost it, having stood still too long, changes nothing any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Integer, Interval, Text, bindparam, case, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert

from connectors.store import audit
from connectors.store.endpoint_tables import ATTEMPTS, DELIVERIES, ENDPOINTS, POSITIONS
from connectors.store.erased import NOTICE, erased_receipts
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.states import is_active
from connectors.store.tables import ERASED, MOMENT
from connectors.store.writings import writing_of
from hub.core.delivering import Standing, Waiting, going
from hub.core.signing import secret_of
from hub.mail_ports import MailTarget
from hub.ports import LEASE_SECONDS, Attempt, Deliveries, Endpoint, Noted, Taken, Target

_STANDING = tuple(Standing.__slots__)
_WHO = "hub"
Kind = Literal["webhook", "mail"]
"""Of endpoints that are told what stands in outboxes."""


class PostgresDeliveries:
    """As one process sees it, by its name `holder`, of one kind. `secret` is the one from which those of endpoints are made."""

    def __init__(
        self,
        engine: Engine,
        secret: bytes,
        holder: str,
        schemas: Schemas = REAL,
        lease_seconds: float = LEASE_SECONDS,
        kind: Kind = "webhook",
    ) -> None:
        self._kind = kind
        self._engine = schemas.bind(engine)
        self._secret = secret
        self.holder = holder
        self._lease = timedelta(seconds=lease_seconds)

    def claim(self) -> list[Endpoint]:
        """The active endpoints of active partners that are ours from now on: those that we have, and those that nobody has."""
        with translated(), self._engine.begin() as connection:
            connection.execute(_CLAIM, {"me": self.holder, "lease": self._lease, "kind": self._kind})
            rows = connection.execute(_OURS, {"me": self.holder, "kind": self._kind}).all()
        return [self._endpoint(row) for row in rows]

    def waiting(self, endpoint: str) -> list[Waiting]:
        """All that waits for it, in the outbox's order; nothing of what was erased."""
        with translated(), self._engine.connect() as connection:
            return [_waiting(row) for row in connection.execute(_WAITING, {"endpoint": endpoint})]

    def take(self, taken: Sequence[Taken]) -> dict[str, list[Waiting]]:
        """Note what was read; by endpoint, what of it waits now: nothing that is done with, and nothing that was erased."""
        with translated(), self._engine.begin() as connection:
            ours = self._lock(connection, (one.endpoint for one in taken))
            here = _going(connection, [one for one in taken if one.endpoint in ours])
            found: dict[str, list[Waiting]] = {one.endpoint: [] for one in here}
            erased = erased_receipts(connection, {event.receipt for one in here for event in one.events})
            if rows := _rows(here, erased):
                for row in connection.execute(_TAKE, rows):
                    found[row.endpoint].append(_waiting(row))
            if here:
                connection.execute(_MOVE, [{"here": one.endpoint, "epoch": one.epoch, "offset": one.end} for one in here])
        return {endpoint: sorted(events, key=lambda event: event.place) for endpoint, events in found.items()}

    def note(self, noted: Sequence[Noted]) -> frozenset[str]:
        """Note what has become of events; the endpoints that are no longer ours, of which nothing was noted."""
        named = frozenset(one.endpoint for one in noted)
        with translated(), self._engine.begin() as connection:
            ours = self._lock(connection, named)
            here = [one for one in noted if one.endpoint in ours]
            if attempts := [attempt_row(one.endpoint, one.event.event_id, one.attempt) for one in here if one.attempt]:
                connection.execute(insert(ATTEMPTS), attempts)
            if here:
                connection.execute(_BECAME, [_became(one) for one in here])
            if standings := {one.endpoint: one.standing for one in here if one.standing}:
                connection.execute(_STANDS, [_columns(standing) | {"here": id} for id, standing in standings.items()])
            for one in here:
                if one.pause:
                    _pause(connection, one)
        return named - ours

    def erased_after(self, mark: int) -> tuple[int, frozenset[tuple[str, int | None]]]:
        """The notices, or steps of them, that were erased after that mark, and the mark of now."""
        with translated(), self._engine.connect() as connection:
            now = connection.scalar(select(func.max(ERASED.c.id))) or 0
            rows = connection.execute(_ERASED, {"mark": mark, "now": now}).all() if now > mark else []
        return now, frozenset((row.receipt, row.step) for row in rows)

    def erased(self, receipt: str) -> frozenset[int | None]:
        """Which steps of the notice were erased; None among them: all."""
        with translated(), self._engine.connect() as connection:
            return frozenset(step for _, step in erased_receipts(connection, [receipt]))

    def leave(self) -> None:
        """Let others have our endpoints at once."""
        with translated(), self._engine.begin() as connection:
            connection.execute(update(POSITIONS).where(POSITIONS.c.holder == self.holder).values(holder=None, until=None))

    def _lock(self, connection: Connection, endpoints: Iterable[str]) -> frozenset[str]:
        """Those of them that are ours; as long as the transaction lasts nobody else can have them."""
        return frozenset(connection.scalars(_LOCK, {"me": self.holder, "endpoints": sorted(set(endpoints))}))

    def _endpoint(self, row: Any) -> Endpoint:
        standing = Standing(**{name: getattr(row, name) for name in _STANDING})
        position = None if row.epoch is None else (row.epoch, row.offset)
        return Endpoint(row.id, row.agency, self._target(row), standing, row.since, row.made, position, row.subscription)

    def _target(self, row: Any) -> Target:
        secrets = tuple(secret_of(self._secret, row.id, number) for number in valid_numbers(row.secrets, row.now))
        if row.writing is None:
            return Target(row.url, row.mode, secrets)
        return MailTarget(row.url, row.mode, secrets, row.id, writing_of(row.writing))


_: type[Deliveries] = PostgresDeliveries


def valid_numbers(secrets: Iterable[dict[str, Any]], now: datetime) -> list[int]:
    """The numbers of the secrets that hold at a moment, newest first."""
    return [one["number"] for one in secrets if one["until"] is None or datetime.fromisoformat(one["until"]) > now]


_FREE = (POSITIONS.c.holder == bindparam("me")) | POSITIONS.c.holder.is_(None) | (POSITIONS.c.until < func.now())
_CLAIM = (
    update(POSITIONS)
    .where(
        POSITIONS.c.endpoint.in_(
            select(POSITIONS.c.endpoint)
            .join(ENDPOINTS, ENDPOINTS.c.id == POSITIONS.c.endpoint)
            .where(ENDPOINTS.c.kind == bindparam("kind"), ENDPOINTS.c.state == "active", is_active(ENDPOINTS.c.agency), _FREE)
            .order_by(POSITIONS.c.endpoint)
            .with_for_update(of=POSITIONS, skip_locked=True)
        )
    )
    .values(holder=bindparam("me"), until=func.now() + bindparam("lease", type_=Interval))
)
_MINE = (POSITIONS.c.holder == bindparam("me")) & (POSITIONS.c.until > func.now())
_OURS = (
    select(ENDPOINTS, POSITIONS.c.epoch, POSITIONS.c.offset, func.now().label("now"))
    .join(POSITIONS, POSITIONS.c.endpoint == ENDPOINTS.c.id)
    .where(ENDPOINTS.c.kind == bindparam("kind"), ENDPOINTS.c.state == "active", is_active(ENDPOINTS.c.agency), _MINE)
    .order_by(ENDPOINTS.c.id)
)
_LOCK = (
    select(POSITIONS.c.endpoint)
    .where(POSITIONS.c.endpoint == func.any(bindparam("endpoints")), _MINE)
    .order_by(POSITIONS.c.endpoint)
    .with_for_update()
)
_GONE = exists().where(
    ERASED.c.what == NOTICE,
    ERASED.c.receipt == DELIVERIES.c.receipt,
    ERASED.c.step.is_(None) | (ERASED.c.step == DELIVERIES.c.step),
)
_WAITING = (
    select(DELIVERIES)
    .where(DELIVERIES.c.endpoint == bindparam("endpoint"), DELIVERIES.c.state == "waiting", ~_GONE)
    .order_by(DELIVERIES.c.offset)
)
_WENT = (
    select(DELIVERIES.c.endpoint, DELIVERIES.c.receipt)
    .where(DELIVERIES.c.endpoint == func.any(bindparam("endpoints")), DELIVERIES.c.receipt == func.any(bindparam("receipts")))
    .distinct()
)
_NEW = pg_insert(DELIVERIES)
_TAKE = _NEW.on_conflict_do_update(
    index_elements=[DELIVERIES.c.endpoint, DELIVERIES.c.event_id],
    set_={"epoch": _NEW.excluded.epoch, "offset": _NEW.excluded.offset, "state": "waiting"},
    where=(DELIVERIES.c.state == "waiting") | (DELIVERIES.c.state == "withheld"),
).returning(DELIVERIES)
_MOVE = update(POSITIONS).where(POSITIONS.c.endpoint == bindparam("here"))
_BECAME = (
    update(DELIVERIES)
    .where(
        DELIVERIES.c.endpoint == bindparam("of_endpoint"),
        DELIVERIES.c.event_id == bindparam("of_event"),
        DELIVERIES.c.state == "waiting",
        (DELIVERIES.c.offset == bindparam("of_place")) | (bindparam("new_state", type_=Text) != "withheld"),
    )  # what was not found at its place may have been written again at another, where it waits
    .values(
        state=bindparam("new_state", type_=Text),
        done=case((bindparam("new_state", type_=Text) != "waiting", func.now())),
        due=bindparam("new_due", type_=MOMENT),
        attempts=bindparam("new_attempts", type_=Integer),
        first_tried=bindparam("new_first", type_=MOMENT),
    )
)
_STANDS = update(ENDPOINTS).where(ENDPOINTS.c.id == bindparam("here"), ENDPOINTS.c.state == "active")
_ERASED = select(ERASED.c.receipt, ERASED.c.step).where(
    ERASED.c.what == NOTICE, ERASED.c.id > bindparam("mark"), ERASED.c.id <= bindparam("now")
)


def _waiting(row: Any) -> Waiting:
    times = (row.due.astimezone(UTC), row.attempts, row.first_tried and row.first_tried.astimezone(UTC))
    return Waiting(row.event_id, row.offset, row.lane, row.employer, row.receipt, row.step, *times)


def _going(connection: Connection, taken: list[Taken]) -> list[Taken]:
    """The same, without the events of notices of which nothing went there before."""
    asked = {(one.endpoint, event.receipt) for one in taken for event in one.events if event.event_id in one.following}
    if not asked:
        return taken
    before = connection.execute(_WENT, {"endpoints": [name for name, _ in asked], "receipts": [receipt for _, receipt in asked]})
    went = {(row.endpoint, row.receipt) for row in before}
    return [replace(one, events=going(one.events, one.following, _of(one.endpoint, went))) for one in taken]


def _of(endpoint: str, went: Iterable[tuple[str, str]]) -> set[str]:
    return {receipt for name, receipt in went if name == endpoint}


def _rows(taken: Iterable[Taken], erased: frozenset[tuple[str, int | None]]) -> list[dict[str, Any]]:
    """An event that was read twice is one row, at its later place."""
    events = {(one.endpoint, event.event_id): (one, event) for one in taken for event in one.events}
    return [_row(*pair) for pair in events.values() if not {(pair[1].receipt, None), (pair[1].receipt, pair[1].step)} & erased]


def _row(taken: Taken, event: Waiting) -> dict[str, Any]:
    place = {"endpoint": taken.endpoint, "event_id": event.event_id, "epoch": taken.epoch, "offset": event.place}
    about = {name: getattr(event, name) for name in ("lane", "employer", "receipt", "step", "due")}
    return place | about | {"state": "waiting"}


def attempt_row(endpoint: str, event_id: str, attempt: Attempt) -> dict[str, Any]:
    """A row of `work.attempts`."""
    answer = attempt.answer
    said = {"outcome": answer.outcome, "code": answer.code, "words": answer.words, "status": answer.status}
    times = {"at": attempt.at, "milliseconds": attempt.milliseconds}
    return {"endpoint": endpoint, "event_id": event_id} | times | said


def _became(noted: Noted) -> dict[str, Any]:
    event = noted.event
    named = {"of_endpoint": noted.endpoint, "of_event": event.event_id, "of_place": event.place, "new_state": noted.state}
    return named | {"new_due": event.due, "new_attempts": event.attempts, "new_first": event.first_tried}


def _columns(standing: Standing) -> dict[str, Any]:
    return {name: getattr(standing, name) for name in _STANDING}


def _pause(connection: Connection, noted: Noted) -> None:
    active = update(ENDPOINTS).where(ENDPOINTS.c.id == noted.endpoint, ENDPOINTS.c.state == "active")
    if connection.execute(active.values(state="paused", why=noted.pause, since=func.now())).rowcount:
        audit.record(connection, _WHO, "endpoint.paused", f"{noted.agency}/{noted.endpoint} {noted.pause}")
