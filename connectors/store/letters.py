"""hub.mail_ports.Letters over PostgreSQL: what the hub itself has to say by mail, noted so that each thing is said once.

A letter is claimed for a few minutes before it is sent, so that two processes do not both send it, and noted afterwards:
killed in between it goes once more, under the same Message-ID. The attempt counts from the claim on: a process that dies each
time in between sends it ever more seldom.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Interval, bindparam, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from connectors.store import audit
from connectors.store.endpoint_tables import ENDPOINTS, LETTERS
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.states import is_active
from connectors.store.tables import API_KEYS, KAFKA_USERS
from connectors.store.writings import writing_of
from hub.core.answers import Answer
from hub.core.delivering import GIVE_UP_AFTER, delay
from hub.core.mail.tokens import CONFIRM_WITHIN
from hub.core.mail.warnings import DAYS, Ending, Paused
from hub.mail_ports import Addressee, Letters

_CLAIMED_FOR = timedelta(minutes=5)
_AHEAD = timedelta(days=max(DAYS))
_BY_ITS_AGENCY = "asked"
_WHO = "hub"


class PostgresLetters:
    """work.letters, and what it is written of."""

    def __init__(self, engine: Engine, schemas: Schemas = REAL) -> None:
        self._engine = schemas.bind(engine)

    def unconfirmed(self) -> Sequence[Addressee]:
        """Addresses that wait to be confirmed; those whose time is over are closed first."""
        late = (ENDPOINTS.c.state == "new", ENDPOINTS.c.made < func.now() - CONFIRM_WITHIN)
        with translated(), self._engine.begin() as connection:
            values = {"state": "closed", "why": "not-confirmed", "since": func.now()}
            closed = connection.execute(
                update(ENDPOINTS).where(*late).values(values).returning(ENDPOINTS.c.id, ENDPOINTS.c.agency)
            )
            for row in closed.all():
                audit.record(connection, _WHO, "mailbox.closed", f"{row.agency}/{row.id} not-confirmed")
        return self._addressees(ENDPOINTS.c.state == "new")

    def warned(self) -> Sequence[Addressee]:
        """Addresses that get warnings."""
        return self._addressees((ENDPOINTS.c.kind == "warnings") & (ENDPOINTS.c.state == "active"))

    def endings(self) -> Sequence[Ending]:
        """Keys and users on Kafka that end within the longest of the times."""
        soon = (func.now(), func.now() + _AHEAD)
        keys = select(API_KEYS).where(API_KEYS.c.revoked.is_(None), API_KEYS.c.expires.between(*soon))
        users = select(KAFKA_USERS).where(KAFKA_USERS.c.closed.is_(None), KAFKA_USERS.c.expires.between(*soon))
        with translated(), self._engine.connect() as connection:
            return [
                *(Ending("key", row.prefix, *_about(row)) for row in connection.execute(keys)),
                *(Ending("kafka-user", row.user, *_about(row)) for row in connection.execute(users)),
            ]

    def paused(self) -> Sequence[Paused]:
        """Endpoints and addresses that the hub itself has paused, not longer ago than letters are noted."""
        by_us = (ENDPOINTS.c.state == "paused", ENDPOINTS.c.why != _BY_ITS_AGENCY, ENDPOINTS.c.since > func.now() - _AHEAD)
        wanted = select(ENDPOINTS).where(*by_us)
        with translated(), self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return [
            Paused("webhook" if row.kind == "webhook" else "mail", row.id, row.agency, row.why, row.since.astimezone(UTC))
            for row in rows
        ]

    def claim(self, letters: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Of these letters (id, address) those that are ours to send now: not sent, not given up, and due."""
        if not letters:
            return frozenset()
        rows = [{"id": id, "mailbox": mailbox, "due": func.now()} for id, mailbox in sorted(letters)]
        due = (LETTERS.c.due <= func.now(), LETTERS.c.sent.is_(None), LETTERS.c.made > func.now() - GIVE_UP_AFTER)
        ours = update(LETTERS).where(tuple_(LETTERS.c.id, LETTERS.c.mailbox).in_(sorted(letters)), *due)
        with translated(), self._engine.begin() as connection:
            connection.execute(insert(LETTERS).values(rows).on_conflict_do_nothing())
            tried = ours.values(attempts=LETTERS.c.attempts + 1).returning(LETTERS.c.id, LETTERS.c.mailbox, LETTERS.c.attempts)
            found = connection.execute(tried).all()
            if found:
                connection.execute(_CLAIMED, [_claimed(row) for row in found])
            return frozenset((row.id, row.mailbox) for row in found)

    def sent(self, letter: str, mailbox: str, answer: Answer, jitter: float) -> None:
        """Note what has become of it; one that failed is due later, one that the address refuses for good closes that."""
        which = (LETTERS.c.id == letter, LETTERS.c.mailbox == mailbox)
        with translated(), self._engine.begin() as connection:
            attempts = connection.scalar(select(LETTERS.c.attempts).where(*which).with_for_update()) or 1
            over = func.now() if answer.outcome in ("delivered", "paused") else None
            values = {"code": answer.code, "sent": over, "due": func.now() + delay(attempts - 1, jitter)}
            connection.execute(update(LETTERS).where(*which).values(values))
            if answer.outcome == "paused":
                closing = update(ENDPOINTS).where(ENDPOINTS.c.id == mailbox, ENDPOINTS.c.state != "closed")
                values = {"state": "closed", "why": answer.code, "since": func.now()}
                agency = connection.scalar(closing.values(values).returning(ENDPOINTS.c.agency))
                audit.record(connection, _WHO, "mailbox.closed", f"{agency}/{mailbox} {answer.code}")

    def _addressees(self, which: ColumnElement[bool]) -> list[Addressee]:
        written = (which, ENDPOINTS.c.writing.is_not(None), is_active(ENDPOINTS.c.agency))
        wanted = select(ENDPOINTS).where(*written).order_by(ENDPOINTS.c.made, ENDPOINTS.c.id)
        with translated(), self._engine.connect() as connection:
            return [Addressee(row.id, row.agency, writing_of(row.writing)) for row in connection.execute(wanted)]


_: type[Letters] = PostgresLetters
_CLAIMED = (
    update(LETTERS)
    .where(LETTERS.c.id == bindparam("of_id"), LETTERS.c.mailbox == bindparam("of_mailbox"))
    .values(due=func.now() + bindparam("wait", type_=Interval))
)


def _claimed(row: Any) -> dict[str, Any]:
    return {"of_id": row.id, "of_mailbox": row.mailbox, "wait": max(_CLAIMED_FOR, delay(row.attempts - 1, 0))}


def _about(row: Any) -> tuple[str, str, Any]:
    return row.agency, row.label, row.expires.astimezone(UTC)
