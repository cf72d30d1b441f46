"""API keys in memory: hub.partner_ports.Keys over a dictionary."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hub.core.credentials import LIFETIME, ends_then
from hub.core.partners import UNSAID
from hub.partner_ports import MOST_KEYS, KeyInfo, Keys, NewKey
from hub.ports import Caller
from schemas.errors import Conflict, Unknown
from schemas.partner import PartnerState


class MemoryKeys:
    """Keeps hashes only, as a real one has to. `state` tells in which state an agency is as a partner."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime(2026, 11, 25, 9, 30, tzinfo=UTC),
        state: Callable[[str], PartnerState] = lambda _: UNSAID,
    ) -> None:
        self._now = now
        self.state_of = state
        self._ids: dict[bytes, str] = {}
        self._keys: dict[str, KeyInfo] = {}

    def caller(self, key: str) -> Caller | None:
        """Whose key this is, and in which state its agency is; None where it is unknown, expired or revoked."""
        info = self._keys.get(self._ids.get(_hash(key), ""))
        if info is None or not self._holds(info):
            return None
        return Caller(info.agency, info.key_id, info.scopes, self.state_of(info.agency))

    def issue(self, agency: str, label: str, scopes: frozenset[str]) -> str:
        """A new key, made by the operator and shown this once."""
        return self._made(agency, NewKey(label, scopes, LIFETIME))[1]

    def of(self, agency: str) -> list[KeyInfo]:
        """All keys of an agency, oldest first, also those that no longer hold."""
        return [info for info in self._keys.values() if info.agency == agency]

    def make(self, maker: Caller, new: NewKey) -> tuple[KeyInfo, str]:
        """A new key of the maker's agency, shown this once."""
        if sum(self._holds(info) for info in self.of(maker.agency)) >= MOST_KEYS:
            raise Conflict(f"your agency has {MOST_KEYS} keys that hold, which is the most: revoke one first")
        return self._made(maker.agency, new, maker.key_id)

    def rotate(self, maker: Caller, key_id: str, overlap: timedelta) -> tuple[KeyInfo, str]:
        """A key that may do the same, shown this once; the old one ends after the overlap, if it does not before."""
        old = self._keys.get(key_id)
        if old is None or old.agency != maker.agency or not self._holds(old):
            raise Unknown("your agency has no such key that still holds")
        if overlap:
            self._keys[key_id] = replace(old, expires=ends_then(old.expires, self._now(), overlap))
        else:
            self.revoke(key_id)
        return self._made(maker.agency, NewKey(old.label, old.scopes, LIFETIME), maker.key_id)

    def end(self, maker: Caller, key_id: str) -> None:
        """From now on the key is worth nothing. One that has ended stays as it is."""
        if key_id not in self._keys or self._keys[key_id].agency != maker.agency:
            raise Unknown("your agency has no such key")
        self.revoke(key_id)

    def revoke(self, key_id: str) -> None:
        """From now on the key is worth nothing."""
        info = self._keys[key_id]
        self._keys[key_id] = replace(info, revoked=info.revoked or self._now())

    def _made(self, agency: str, new: NewKey, made_by: str | None = None) -> tuple[KeyInfo, str]:
        key_id, now = secrets.token_hex(6), self._now()
        key = f"hub_{key_id}_{secrets.token_urlsafe(32)}"
        info = KeyInfo(key_id, agency, new.label, new.scopes, now, now + new.lifetime, None, made_by)
        self._ids[_hash(key)], self._keys[key_id] = key_id, info
        return info, key

    def _holds(self, info: KeyInfo) -> bool:
        return info.revoked is None and info.expires > self._now()


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


_: type[Keys] = MemoryKeys
