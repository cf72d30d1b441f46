"""API keys: hub.ports.Keys over PostgreSQL. A key is shown once; only its keyed hash is kept."""

import hmac
import re
import secrets
from datetime import UTC, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, select, true, update

from connectors.store import audit
from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.states import state_of
from connectors.store.tables import API_KEYS
from hub.core.credentials import LIFETIME, ends_then
from hub.partner_ports import MOST_KEYS, KeyInfo, Keys, NewKey
from hub.ports import Caller
from schemas.errors import Conflict, Misconfigured, Unknown

DEMO = "demo"
"""The label of keys to try the hub out with."""

DEMO_SCOPES = frozenset({"publish", "read", "subscribe", "manage"})
_SHORTEST_SECRET = 16
_KEY = re.compile(r"hub_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


class PostgresKeys:
    """Keys in work.api_keys. Times are the database's, so that all processes agree on when a key expires."""

    def __init__(self, engine: Engine, secret: bytes, schemas: Schemas = REAL, lifetime: timedelta = LIFETIME) -> None:
        if len(secret) < _SHORTEST_SECRET:
            raise Misconfigured(f"the secret for API keys has {len(secret)} bytes, {_SHORTEST_SECRET} is the least")
        self._engine = schemas.bind(engine)
        self._secret = secret
        self._lifetime = lifetime

    def caller(self, key: str) -> Caller | None:
        """Whose key this is, and in which state its agency is; None where it is unknown, expired or revoked."""
        if not _KEY.fullmatch(key):
            return None
        asked = (API_KEYS.c.agency, API_KEYS.c.prefix, API_KEYS.c.scopes, state_of(API_KEYS.c.agency).label("state"))
        wanted = select(*asked).where(API_KEYS.c.hash == self._hash(key), _HOLDS)
        with translated(), self._engine.connect() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else Caller(row.agency, row.prefix, frozenset(row.scopes), row.state)

    def issue(self, agency: str, label: str, scopes: frozenset[str], by: str = "hub") -> str:
        """A new key, shown this once. Older ones go on until they expire or are revoked, so that they can be changed over."""
        with translated(), self._engine.begin() as connection:
            return self._issue(connection, agency, NewKey(label, scopes, self._lifetime), by)[1]

    def replace(self, agency: str, label: str, scopes: frozenset[str], by: str = "hub") -> str:
        """A new key, and the end of all others of that agency and label: for whoever lost the one that was shown."""
        with translated(), self._engine.begin() as connection:
            for key_id in connection.scalars(_held(agency, label)).all():
                revoke(connection, key_id, by)
            return self._issue(connection, agency, NewKey(label, scopes, self._lifetime), by)[1]

    def revoke(self, key_id: str, by: str = "hub") -> None:
        """From now on the key is worth nothing. Unknown where there is none of that id that still holds."""
        with translated(), self._engine.begin() as connection:
            if not revoke(connection, key_id, by):
                raise Unknown(f"there is no key {key_id} that could be revoked")

    def make(self, maker: Caller, new: NewKey) -> tuple[KeyInfo, str]:
        """A new key of the maker's agency, shown this once."""
        with translated(), self._engine.begin() as connection:
            _lock(connection, maker.agency)
            mine = select(func.count()).select_from(API_KEYS).where(API_KEYS.c.agency == maker.agency, _HOLDS)
            if (connection.scalar(mine) or 0) >= MOST_KEYS:
                raise Conflict(f"your agency has {MOST_KEYS} keys that hold, which is the most: revoke one first")
            return self._made(connection, maker, new)

    def rotate(self, maker: Caller, key_id: str, overlap: timedelta) -> tuple[KeyInfo, str]:
        """A key that may do the same, shown this once; the old one ends after the overlap, if it does not before."""
        with translated(), self._engine.begin() as connection:
            _lock(connection, maker.agency)
            old = connection.execute(select(API_KEYS, func.now().label("now")).where(_is(maker, key_id), _HOLDS)).first()
            if old is None:
                raise Unknown("your agency has no such key that still holds")
            if overlap:
                ends = ends_then(old.expires, old.now, overlap)
                connection.execute(update(API_KEYS).where(_is(maker, key_id)).values(expires=ends))
                audit.record(connection, _who(maker), "key.ends", f"{maker.agency}/{key_id} {ends.astimezone(UTC).isoformat()}")
            else:
                revoke(connection, key_id, _who(maker))
            return self._made(connection, maker, NewKey(old.label, frozenset(old.scopes), self._lifetime))

    def end(self, maker: Caller, key_id: str) -> None:
        """From now on the key is worth nothing. One that has ended stays as it is."""
        with translated(), self._engine.begin() as connection:
            if connection.scalar(select(API_KEYS.c.prefix).where(_is(maker, key_id))) is None:
                raise Unknown("your agency has no such key")
            revoke(connection, key_id, _who(maker))

    def of(self, agency: str) -> list[KeyInfo]:
        """All keys of an agency, oldest first, also those that no longer hold."""
        return self._listed(API_KEYS.c.agency == agency)

    def all(self) -> list[KeyInfo]:
        """The keys of all agencies, oldest first."""
        return self._listed(true())

    def _listed(self, which: ColumnElement[bool]) -> list[KeyInfo]:
        wanted = select(API_KEYS).where(which).order_by(API_KEYS.c.issued, API_KEYS.c.prefix)
        with translated(), self._engine.connect() as connection:
            return [info_of(row) for row in connection.execute(wanted)]

    def _made(self, connection: Connection, maker: Caller, new: NewKey) -> tuple[KeyInfo, str]:
        return self._issue(connection, maker.agency, new, _who(maker), maker.key_id)

    def _issue(
        self, connection: Connection, agency: str, new: NewKey, by: str, made_by: str | None = None
    ) -> tuple[KeyInfo, str]:
        prefix = secrets.token_hex(6)
        key = f"hub_{prefix}_{secrets.token_urlsafe(32)}"
        row = {"prefix": prefix, "hash": self._hash(key), "agency": agency, "label": new.label, "scopes": sorted(new.scopes)}
        made = insert(API_KEYS).values(row | {"expires": func.now() + new.lifetime, "made_by": made_by}).returning(API_KEYS)
        info = info_of(connection.execute(made).one())
        audit.record(connection, by, "key.issued", f"{agency}/{prefix}")
        return info, key

    def _hash(self, key: str) -> bytes:
        return hmac.digest(self._secret, key.encode(), "sha256")


_: type[Keys] = PostgresKeys
_HOLDS = API_KEYS.c.revoked.is_(None) & (API_KEYS.c.expires > func.now())


def info_of(row: Any) -> KeyInfo:
    """A row of work.api_keys as it may be shown."""
    times = (row.issued.astimezone(UTC), row.expires.astimezone(UTC), row.revoked and row.revoked.astimezone(UTC))
    return KeyInfo(row.prefix, row.agency, row.label, frozenset(row.scopes), *times, row.made_by)


def demo_key(keys: PostgresKeys, agency: str, scopes: frozenset[str] = DEMO_SCOPES) -> str:
    """A key to try the hub out with. It ends the demo key that the agency had: nobody can be shown that one again."""
    return keys.replace(agency, DEMO, scopes)


def _held(agency: str, label: str) -> Select[str]:
    named = (API_KEYS.c.agency == agency, API_KEYS.c.label == label)
    return select(API_KEYS.c.prefix).where(*named, API_KEYS.c.revoked.is_(None)).order_by(API_KEYS.c.prefix).with_for_update()


def _lock(connection: Connection, agency: str) -> None:
    """Whoever makes keys of one agency takes turns, so that none has more than it may have."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"keys of {agency}"))))


def _is(maker: Caller, key_id: str) -> ColumnElement[bool]:
    return (API_KEYS.c.agency == maker.agency) & (API_KEYS.c.prefix == key_id)


def _who(maker: Caller) -> str:
    return f"{maker.agency}/{maker.key_id}"


def revoke(connection: Connection, key_id: str, by: str) -> bool:
    """From now on the key is worth nothing; whether it was worth anything before."""
    still = update(API_KEYS).where(API_KEYS.c.prefix == key_id, API_KEYS.c.revoked.is_(None))
    agency = connection.scalar(still.values(revoked=func.now()).returning(API_KEYS.c.agency))
    if agency is not None:
        audit.record(connection, by, "key.revoked", f"{agency}/{key_id}")
    return agency is not None
