"""The users that agencies have on Kafka: whose each is, what it may do, until when. Their passwords are nowhere."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, func, insert, select, true, update

from connectors.store import audit
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.tables import KAFKA_USERS
from schemas.errors import Unknown
from schemas.ids import AgencyId


@dataclass(frozen=True, slots=True)
class KafkaUser:
    """One of an agency's users. `closed`: when it was ended, by whoever; else it ends when it `expires`."""

    user: str
    agency: AgencyId
    label: str
    rights: frozenset[str]
    issued: datetime
    expires: datetime
    closed: datetime | None


class PostgresKafkaUsers:
    """work.kafka_users. Times are the database's, so that all processes agree on when a user expires."""

    def __init__(self, engine: Engine, schemas: Schemas = REAL) -> None:
        self._engine = schemas.bind(engine)

    def add(self, agency: AgencyId, label: str, rights: Iterable[str], lifetime: timedelta, by: str) -> str:
        """A new user of the agency; its name. Others go on, so that they can be changed over."""
        user = f"{agency}.{secrets.token_hex(4)}"
        row = {"user": user, "agency": agency, "label": label, "rights": sorted(rights), "expires": func.now() + lifetime}
        with translated(), self._engine.begin() as connection:
            connection.execute(insert(KAFKA_USERS).values(row))
            audit.record(connection, by, "kafka user opened", user)
        return user

    def end(self, user: str, by: str) -> None:
        """Note that it is no more. Unknown where there never was such a user; one that has ended stays as it is."""
        named = KAFKA_USERS.c.user == user
        with translated(), self._engine.begin() as connection:
            still = update(KAFKA_USERS).where(named, KAFKA_USERS.c.closed.is_(None))
            if connection.execute(still.values(closed=func.now())).rowcount:
                audit.record(connection, by, "kafka user closed", user)
            elif connection.scalar(select(KAFKA_USERS.c.user).where(named)) is None:
                raise Unknown(f"there is no user {user} on Kafka: `hub partner kafka list` names them")

    def expire(self, user: str) -> None:
        """Its time is over from now on."""
        with translated(), self._engine.begin() as connection:
            connection.execute(update(KAFKA_USERS).where(KAFKA_USERS.c.user == user).values(expires=func.now()))

    def of(self, agency: AgencyId | None = None) -> list[KafkaUser]:
        """All of that agency, or of every one, oldest first, also those that have ended."""
        return self._listed(true() if agency is None else KAFKA_USERS.c.agency == agency)

    def expired(self) -> list[KafkaUser]:
        """Those whose time is over, and that have not been ended."""
        return self._listed(KAFKA_USERS.c.closed.is_(None) & (KAFKA_USERS.c.expires <= func.now()))

    def open(self) -> list[KafkaUser]:
        """Those that have not been ended."""
        return self._listed(KAFKA_USERS.c.closed.is_(None))

    def _listed(self, which: ColumnElement[bool]) -> list[KafkaUser]:
        wanted = select(KAFKA_USERS).where(which).order_by(KAFKA_USERS.c.issued, KAFKA_USERS.c.user)
        with translated(), self._engine.connect() as connection:
            return [
                KafkaUser(row.user, row.agency, row.label, frozenset(row.rights), row.issued, row.expires, row.closed)
                for row in connection.execute(wanted)
            ]
