"""API keys: hub.ports.Keys over PostgreSQL. A key is shown once; only its keyed hash is kept."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, select, true, update

from connectors.store import audit
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.tables import API_KEYS
from hub.ports import Caller
from schemas.errors import Misconfigured, Unknown

LIFETIME = timedelta(days=365)
DEMO = "demo"
"""The label of keys to try the hub out with."""

DEMO_SCOPES = frozenset({"publish", "read", "subscribe", "manage"})
_SHORTEST_SECRET = 16
_KEY = re.compile(r"hub_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key."""

    key_id: str
    agency: str
    label: str
    scopes: frozenset[str]
    issued: datetime
    expires: datetime
    revoked: datetime | None


class PostgresKeys:
    """Keys in work.api_keys. Times are the database's, so that all processes agree on when a key expires."""

    def __init__(self, engine: Engine, secret: bytes, schemas: Schemas = REAL, lifetime: timedelta = LIFETIME) -> None:
        if len(secret) < _SHORTEST_SECRET:
            raise Misconfigured(f"the secret for API keys has {len(secret)} bytes, {_SHORTEST_SECRET} is the least")
        self._engine = schemas.bind(engine)
        self._secret = secret
        self._lifetime = lifetime

    def caller(self, key: str) -> Caller | None:
        """Whose key this is; None where it is unknown, expired or revoked."""
        if not _KEY.fullmatch(key):
            return None
        wanted = select(API_KEYS.c.agency, API_KEYS.c.prefix, API_KEYS.c.scopes).where(
            API_KEYS.c.hash == self._hash(key), API_KEYS.c.revoked.is_(None), API_KEYS.c.expires > func.now()
        )
        with translated(), self._engine.connect() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else Caller(row.agency, row.prefix, frozenset(row.scopes))

    def issue(self, agency: str, label: str, scopes: frozenset[str], by: str = "hub") -> str:
        """A new key, shown this once. Older ones go on until they expire or are revoked, so that they can be changed over."""
        with translated(), self._engine.begin() as connection:
            return self._issue(connection, agency, label, scopes, by)

    def replace(self, agency: str, label: str, scopes: frozenset[str], by: str = "hub") -> str:
        """A new key, and the end of all others of that agency and label: for whoever lost the one that was shown."""
        with translated(), self._engine.begin() as connection:
            for key_id in connection.scalars(_held(agency, label)).all():
                _revoke(connection, key_id, by)
            return self._issue(connection, agency, label, scopes, by)

    def revoke(self, key_id: str, by: str = "hub") -> None:
        """From now on the key is worth nothing. Unknown where there is none of that id that still holds."""
        with translated(), self._engine.begin() as connection:
            if not _revoke(connection, key_id, by):
                raise Unknown(f"there is no key {key_id} that could be revoked")

    def of(self, agency: str) -> list[KeyInfo]:
        """All keys of an agency, oldest first, also those that no longer hold."""
        return self._listed(API_KEYS.c.agency == agency)

    def all(self) -> list[KeyInfo]:
        """The keys of all agencies, oldest first."""
        return self._listed(true())

    def _listed(self, which: ColumnElement[bool]) -> list[KeyInfo]:
        wanted = select(API_KEYS).where(which).order_by(API_KEYS.c.issued, API_KEYS.c.prefix)
        with translated(), self._engine.connect() as connection:
            return [
                KeyInfo(row.prefix, row.agency, row.label, frozenset(row.scopes), row.issued, row.expires, row.revoked)
                for row in connection.execute(wanted)
            ]

    def _issue(self, connection: Connection, agency: str, label: str, scopes: frozenset[str], by: str) -> str:
        prefix = secrets.token_hex(6)
        key = f"hub_{prefix}_{secrets.token_urlsafe(32)}"
        row = {"prefix": prefix, "hash": self._hash(key), "agency": agency, "label": label, "scopes": sorted(scopes)}
        connection.execute(insert(API_KEYS).values(row | {"expires": func.now() + self._lifetime}))
        audit.record(connection, by, "key.issued", f"{agency}/{prefix}")
        return key

    def _hash(self, key: str) -> bytes:
        return hmac.digest(self._secret, key.encode(), "sha256")


def demo_key(keys: PostgresKeys, agency: str, scopes: frozenset[str] = DEMO_SCOPES) -> str:
    """A key to try the hub out with. It ends the demo key that the agency had: nobody can be shown that one again."""
    return keys.replace(agency, DEMO, scopes)


def _held(agency: str, label: str) -> Select[str]:
    named = (API_KEYS.c.agency == agency, API_KEYS.c.label == label)
    return select(API_KEYS.c.prefix).where(*named, API_KEYS.c.revoked.is_(None)).order_by(API_KEYS.c.prefix).with_for_update()


def _revoke(connection: Connection, key_id: str, by: str) -> bool:
    still = update(API_KEYS).where(API_KEYS.c.prefix == key_id, API_KEYS.c.revoked.is_(None))
    agency = connection.scalar(still.values(revoked=func.now()).returning(API_KEYS.c.agency))
    if agency is not None:
        audit.record(connection, by, "key.revoked", f"{agency}/{key_id}")
    return agency is not None
