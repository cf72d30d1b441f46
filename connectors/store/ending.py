"""Which credentials of agencies will have ended by a day: API keys and users on Kafka, for whoever warns of it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

from sqlalchemy import Engine, func, literal, select, union_all

from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.tables import API_KEYS, KAFKA_USERS
from schemas.ids import AgencyId


@dataclass(frozen=True, slots=True)
class Ending:
    """A credential that holds, and until when. `name` is the id of a key, or a user's name on Kafka."""

    kind: Literal["key", "kafka-user"]
    name: str
    agency: AgencyId
    label: str
    expires: datetime


def ending_before(engine: Engine, day: date, schemas: Schemas = REAL) -> list[Ending]:
    """Those that hold now and end before that day (UTC) begins, the first to end first; nothing that was revoked."""
    keys = select(
        *(literal("key").label("kind"), API_KEYS.c.prefix.label("name"), API_KEYS.c.agency, API_KEYS.c.label, API_KEYS.c.expires)
    ).where(API_KEYS.c.revoked.is_(None))
    user, label = KAFKA_USERS.c.user.label("name"), KAFKA_USERS.c.label
    users = select(literal("kafka-user").label("kind"), user, KAFKA_USERS.c.agency, label, KAFKA_USERS.c.expires).where(
        KAFKA_USERS.c.closed.is_(None)
    )
    both = union_all(keys, users).subquery()
    due = (both.c.expires > func.now()) & (both.c.expires < datetime.combine(day, time(), UTC))
    with translated(), schemas.bind(engine).connect() as connection:
        rows = connection.execute(select(both).where(due).order_by(both.c.expires, both.c.name)).all()
    return [Ending(row.kind, row.name, row.agency, row.label, row.expires.astimezone(UTC)) for row in rows]
