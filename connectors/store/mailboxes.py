"""hub.mail_ports.Mailboxes over PostgreSQL: an agency's addresses, which are endpoints of another kind."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connectors.store import audit
from connectors.store.endpoint_tables import DELIVERIES, ENDPOINTS, POSITIONS
from connectors.store.endpoints import MOST, PostgresEndpoints
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.writings import column_of, writing_of
from hub.core.mail.writing import Writing
from hub.mail_ports import Gets, Mailboxes, MailboxInfo
from hub.ports import EndpointInfo, Page
from schemas.errors import Conflict, TooMuch, Unknown

KINDS: dict[Gets, str] = {"notices": "mail", "warnings": "warnings"}
"""The kind of endpoint that an address is, by what it gets."""
MOST_A_DAY = 40
"""Addresses that an agency may register in a day: each is sent a mail to confirm it, wanted or not."""
_DAY = timedelta(days=1)
_OURS = ENDPOINTS.c.kind.in_(KINDS.values())


class PostgresMailboxes:
    """`cursors` is the secret that seals cursors."""

    def __init__(self, engine: Engine, cursors: bytes, schemas: Schemas = REAL, most: int = MOST) -> None:
        self._engine = schemas.bind(engine)
        self._endpoints = PostgresEndpoints(engine, b"", cursors, schemas, most, kinds=tuple(KINDS.values()))
        self._most = most

    def add(self, agency: str, gets: Gets, writing: Writing, subscription: str | None = None) -> MailboxInfo:
        """A new address, told nothing until it is confirmed."""
        name = f"mb_{secrets.token_hex(8)}"
        row = {
            "id": name,
            "agency": agency,
            "kind": KINDS[gets],
            "url": f"{KINDS[gets]}:{writing.address.lower()}",
            "mode": "mail",
        }
        more: dict[str, Any] = {"subscription": subscription, "state": "new", "secrets": [], "writing": column_of(writing)}
        try:
            with translated(), self._engine.begin() as connection:
                self._refuse_too_many(connection, agency)
                connection.execute(insert(ENDPOINTS).values(row | more))
                connection.execute(insert(POSITIONS).values(endpoint=name))
                audit.record(connection, agency, "mailbox.added", f"{agency}/{name}")
        except IntegrityError as error:
            raise Conflict("your agency has this address already: each event would be told twice") from error
        return self.get(agency, name)

    def of(self, agency: str) -> list[MailboxInfo]:
        """All that are not closed, oldest first."""
        return [self._whole(told) for told in self._endpoints.of(agency)]

    def get(self, agency: str, mailbox: str) -> MailboxInfo:
        """One of them, closed or not."""
        return self._whole(self._endpoints.get(agency, mailbox))

    def change(self, agency: str, mailbox: str, writing: Writing) -> MailboxInfo:
        """Another language or digest; what waits for the digest of before goes at once: whoever tells it begins anew."""
        waits = (DELIVERIES.c.endpoint == mailbox, DELIVERIES.c.state == "waiting", DELIVERIES.c.first_tried.is_(None))
        mine = (ENDPOINTS.c.id == mailbox, ENDPOINTS.c.agency == agency, ENDPOINTS.c.state != "closed", _OURS)
        since = case((ENDPOINTS.c.state == "active", func.now()), else_=ENDPOINTS.c.since)
        with translated(), self._engine.begin() as connection:
            if not connection.execute(update(ENDPOINTS).where(*mine).values(writing=column_of(writing), since=since)).rowcount:
                raise _unknown()
            connection.execute(update(DELIVERIES).where(*waits).values(due=func.now()))
            audit.record(connection, agency, "mailbox.changed", f"{agency}/{mailbox}")
        return self.get(agency, mailbox)

    def pause(self, agency: str, mailbox: str) -> MailboxInfo:
        """Nothing is sent to it until it is resumed."""
        return self._whole(self._endpoints.pause(agency, self._confirmed(agency, mailbox)))

    def resume(self, agency: str, mailbox: str) -> MailboxInfo:
        """It is told on from where it stopped."""
        return self._whole(self._endpoints.resume(agency, self._confirmed(agency, mailbox)))

    def close(self, agency: str, mailbox: str) -> None:
        """It is told nothing any more."""
        self._endpoints.close(agency, mailbox)

    def attempts(self, agency: str, mailbox: str, cursor: str | None, limit: int) -> Page:
        """Each mail and what came of it, newest first."""
        return self._endpoints.attempts(agency, mailbox, cursor, limit)

    def confirm(self, mailbox: str) -> bool:
        """It is told what comes from now on; asked again, nothing changes. False where it is closed."""
        new = (ENDPOINTS.c.id == mailbox, ENDPOINTS.c.state == "new", _OURS)
        values = {"state": "active", "since": func.now(), "made": func.now()}
        with translated(), self._engine.begin() as connection:
            agency = connection.scalar(update(ENDPOINTS).where(*new).values(values).returning(ENDPOINTS.c.agency))
            if agency is not None:
                audit.record(connection, agency, "mailbox.confirmed", f"{agency}/{mailbox}")
            there = select(ENDPOINTS.c.id).where(ENDPOINTS.c.id == mailbox, ENDPOINTS.c.state != "closed")
            return connection.scalar(there) is not None

    def stop(self, mailbox: str) -> None:
        """Whoever reads mail there wants no more."""
        still = (ENDPOINTS.c.id == mailbox, ENDPOINTS.c.state != "closed", _OURS)
        values = {"state": "closed", "why": "unsubscribed", "since": func.now()}
        with translated(), self._engine.begin() as connection:
            agency = connection.scalar(update(ENDPOINTS).where(*still).values(values).returning(ENDPOINTS.c.agency))
            if agency is not None:
                audit.record(connection, agency, "mailbox.unsubscribed", f"{agency}/{mailbox}")

    def _refuse_too_many(self, connection: Connection, agency: str) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"endpoints of {agency}"))))
        counted = select(func.count()).select_from(ENDPOINTS).where(ENDPOINTS.c.agency == agency, _OURS)
        if (connection.scalar(counted.where(ENDPOINTS.c.state != "closed")) or 0) >= self._most:
            raise Conflict(f"your agency has {self._most} addresses, which is the most: close one first")
        if (connection.scalar(counted.where(ENDPOINTS.c.made > func.now() - _DAY)) or 0) >= MOST_A_DAY:
            raise TooMuch(f"your agency has registered {MOST_A_DAY} addresses in a day, which is the most")

    def _confirmed(self, agency: str, mailbox: str) -> str:
        if self._endpoints.get(agency, mailbox).state == "new":
            raise Unknown("the address is not confirmed yet: whoever reads mail there follows the link that was sent")
        return mailbox

    def _whole(self, told: EndpointInfo) -> MailboxInfo:
        with translated(), self._engine.connect() as connection:
            row = connection.execute(select(ENDPOINTS.c.kind, ENDPOINTS.c.writing).where(ENDPOINTS.c.id == told.id)).one()
        gets = next(gets for gets, kind in KINDS.items() if kind == row.kind)
        return MailboxInfo(told, gets, writing_of(row.writing))


_: type[Mailboxes] = PostgresMailboxes


def _unknown() -> Unknown:
    return Unknown("your agency has no such address, or it is closed")
