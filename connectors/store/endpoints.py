"""hub.ports.Endpoints over PostgreSQL: an agency's webhooks, as it manages them itself."""

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connectors.store import audit
from connectors.store.cursors import Cursors
from connectors.store.deliveries import attempt_row, valid_numbers
from connectors.store.endpoint_tables import ATTEMPTS, DELIVERIES, ENDPOINTS, POSITIONS
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from hub.core.delivering import Standing
from hub.core.signing import secret_of
from hub.ports import Attempt, EndpointInfo, Endpoints, Mode, Page, Target
from schemas.errors import Conflict, Unknown

MOST = 20
"""Endpoints that an agency may have."""
_TOLD = ("id", "url", "mode", "subscription", "state", "why", "failures")
_TIMES = ("since", "made", "failing_since")
_WELL = {name: getattr(Standing(), name) for name in Standing.__slots__}


class PostgresEndpoints:
    """`secret` is the installation's, from which those of endpoints are made; `cursors` the one that seals cursors.

    `kinds` are those that it knows of: another way to be told is not there for it.
    """

    def __init__(
        self,
        engine: Engine,
        secret: bytes,
        cursors: bytes,
        schemas: Schemas = REAL,
        most: int = MOST,
        kinds: Collection[str] = ("webhook",),
    ) -> None:
        self._is_ours = ENDPOINTS.c.kind.in_(kinds)
        self._engine = schemas.bind(engine)
        self._secret = secret
        self._cursors = Cursors(cursors)
        self._most = most

    def add(self, agency: str, url: str, mode: Mode, subscription: str | None = None) -> tuple[EndpointInfo, str]:
        """A new endpoint, told what comes from now on, and its secret, shown this once."""
        name = f"ep_{secrets.token_hex(8)}"
        row = {"id": name, "agency": agency, "url": url, "mode": mode, "subscription": subscription, "state": "active"}
        with self._changing(agency) as connection:
            if len(connection.execute(self._listed(agency)).all()) >= self._most:
                raise Conflict(f"your agency has {self._most} endpoints, which is the most: close one first")
            connection.execute(insert(ENDPOINTS).values(row | {"secrets": [{"number": 1, "until": None}]}))
            connection.execute(insert(POSITIONS).values(endpoint=name))
            audit.record(connection, agency, "endpoint.added", f"{agency}/{name}")
            return self._info(connection, agency, name), secret_of(self._secret, name, 1)

    def of(self, agency: str) -> list[EndpointInfo]:
        """All that are not closed, oldest first."""
        with translated(), self._engine.connect() as connection:
            return [self._seen(connection, row) for row in connection.execute(self._listed(agency))]

    def get(self, agency: str, endpoint: str) -> EndpointInfo:
        """One of them, closed or not. Unknown where there is none."""
        with translated(), self._engine.connect() as connection:
            return self._info(connection, agency, endpoint)

    def change(self, agency: str, endpoint: str, url: str | None = None, mode: Mode | None = None) -> EndpointInfo:
        """Another URL or mode, from the next attempt on."""
        values = {name: value for name, value in (("url", url), ("mode", mode)) if value is not None}
        return self._set(agency, endpoint, "endpoint.changed", values)

    def pause(self, agency: str, endpoint: str) -> EndpointInfo:
        """Nothing is told it until it is resumed."""
        return self._set(agency, endpoint, "endpoint.paused", {"state": "paused", "why": "asked", "since": func.now()})

    def resume(self, agency: str, endpoint: str) -> EndpointInfo:
        """It is told on from where it stopped; what failed before has all its time again."""
        again = {"attempts": 0, "first_tried": None, "due": func.now()}
        waits = update(DELIVERIES).where(DELIVERIES.c.endpoint == endpoint, DELIVERIES.c.state == "waiting")
        with self._changing(agency) as connection:
            self._update(connection, agency, endpoint, {"state": "active", "why": None, "since": func.now(), **_WELL})
            connection.execute(waits.values(again))
            audit.record(connection, agency, "endpoint.resumed", f"{agency}/{endpoint}")
            return self._info(connection, agency, endpoint)

    def close(self, agency: str, endpoint: str) -> None:
        """It is told nothing any more. Closing it again changes nothing."""
        if self.get(agency, endpoint).state != "closed":
            self._set(agency, endpoint, "endpoint.closed", {"state": "closed", "why": "asked", "since": func.now()})

    def rotate(self, agency: str, endpoint: str, overlap: timedelta) -> tuple[EndpointInfo, str]:
        """A new secret, shown this once; those before go on signing beside it for the time of the overlap."""
        with self._changing(agency) as connection:
            row = self._row(connection, agency, endpoint)
            until = row.now + overlap
            number = 1 + max(one["number"] for one in row.secrets)
            kept = [one | {"until": min(_moment(one["until"]) or until, until).isoformat()} for one in _holding(row)]
            self._update(connection, agency, endpoint, {"secrets": [{"number": number, "until": None}, *kept]})
            audit.record(connection, agency, "endpoint.rotated", f"{agency}/{endpoint} {number}")
            return self._info(connection, agency, endpoint), secret_of(self._secret, endpoint, number)

    def target(self, agency: str, endpoint: str) -> Target:
        """Where it is called and by which secrets. Unknown where it is closed."""
        with translated(), self._engine.connect() as connection:
            row = self._row(connection, agency, endpoint)
        if row.state == "closed":
            raise _unknown()
        numbers = valid_numbers(row.secrets, row.now)
        return Target(row.url, row.mode, tuple(secret_of(self._secret, endpoint, number) for number in numbers))

    def tried(self, agency: str, endpoint: str, event_id: str, attempt: Attempt) -> None:
        """Keep an attempt of a test among the others."""
        with translated(), self._engine.begin() as connection:
            self._row(connection, agency, endpoint)
            connection.execute(insert(ATTEMPTS).values(attempt_row(endpoint, event_id, attempt)))

    def attempts(self, agency: str, endpoint: str, cursor: str | None, limit: int) -> Page:
        """Each call of it and what came of it, newest first."""
        listed = ("attempts", agency, endpoint)
        wanted = select(ATTEMPTS).where(ATTEMPTS.c.endpoint == endpoint).order_by(ATTEMPTS.c.id.desc()).limit(limit + 1)
        if cursor is not None:
            wanted = wanted.where(ATTEMPTS.c.id < self._cursors.open(listed, cursor)[0])
        with translated(), self._engine.connect() as connection:
            self._row(connection, agency, endpoint)
            rows = connection.execute(wanted).all()
        items = [_attempt(row) for row in rows[:limit]]
        return Page(items, self._cursors.seal(listed, [rows[limit - 1].id]) if len(rows) > limit else None)

    @contextmanager
    def _changing(self, agency: str) -> Iterator[Connection]:
        """A transaction that changes an agency's endpoints; Conflict where another of them has the URL."""
        try:
            with translated(), self._engine.begin() as connection:
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"endpoints of {agency}"))))
                yield connection
        except IntegrityError as error:
            raise Conflict("your agency has an endpoint with this URL already: each event would be told twice") from error

    def _set(self, agency: str, endpoint: str, what: str, values: dict[str, Any]) -> EndpointInfo:
        with self._changing(agency) as connection:
            self._update(connection, agency, endpoint, values)
            audit.record(connection, agency, what, f"{agency}/{endpoint}")
            return self._info(connection, agency, endpoint)

    def _update(self, connection: Connection, agency: str, endpoint: str, values: dict[str, Any]) -> None:
        """Unknown where it is not the agency's, or closed."""
        mine = (ENDPOINTS.c.id == endpoint, ENDPOINTS.c.agency == agency, ENDPOINTS.c.state != "closed", self._is_ours)
        changed = update(ENDPOINTS).where(*mine).values(values or {"id": endpoint})
        if not connection.execute(changed).rowcount:
            raise _unknown()

    def _row(self, connection: Connection, agency: str, endpoint: str) -> Any:
        mine = (ENDPOINTS.c.id == endpoint, ENDPOINTS.c.agency == agency, self._is_ours)
        row = connection.execute(select(ENDPOINTS, func.clock_timestamp().label("now")).where(*mine)).first()
        if row is None:
            raise _unknown()
        return row

    def _listed(self, agency: str) -> Any:
        there = (ENDPOINTS.c.agency == agency, ENDPOINTS.c.state != "closed", self._is_ours)
        wanted = select(ENDPOINTS, func.clock_timestamp().label("now"))
        return wanted.where(*there).order_by(ENDPOINTS.c.made, ENDPOINTS.c.id)

    def _info(self, connection: Connection, agency: str, endpoint: str) -> EndpointInfo:
        return self._seen(connection, self._row(connection, agency, endpoint))

    def _seen(self, connection: Connection, row: Any) -> EndpointInfo:
        waits = (DELIVERIES.c.endpoint == row.id, DELIVERIES.c.state == "waiting")
        told: dict[str, Any] = {name: getattr(row, name) for name in _TOLD}
        times: dict[str, Any] = {name: _utc(getattr(row, name)) for name in _TIMES}
        waiting = connection.scalar(select(func.count()).select_from(DELIVERIES).where(*waits)) or 0
        held = {one["number"]: _moment(one["until"]) for one in _holding(row)}
        return EndpointInfo(**told, **times, waiting=waiting, secrets=held)


_: type[Endpoints] = PostgresEndpoints


def _holding(row: Any) -> list[dict[str, Any]]:
    """Its secrets that hold now, newest first."""
    numbers = valid_numbers(row.secrets, row.now)
    return [one for one in row.secrets if one["number"] in numbers]


def _attempt(row: Any) -> dict[str, Any]:
    told = ("event_id", "milliseconds", "outcome", "code", "words", "status", "replay")
    return {"at": row.at.astimezone(UTC).isoformat(), **{name: getattr(row, name) for name in told}}


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(UTC)


def _moment(text: str | None) -> datetime | None:
    return _utc(datetime.fromisoformat(text)) if text else None


def _unknown() -> Unknown:
    return Unknown("your agency has no such endpoint, or it is closed")
