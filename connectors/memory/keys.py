"""API keys in memory: hub.ports.Keys over a dictionary."""

import hashlib
import secrets

from hub.ports import Caller, Keys


class MemoryKeys:
    """Keeps hashes only, as a real one has to."""

    def __init__(self) -> None:
        self._callers: dict[bytes, Caller] = {}

    def caller(self, key: str) -> Caller | None:
        """Whose key this is; None where it is unknown or revoked."""
        return self._callers.get(_hash(key))

    def issue(self, agency: str, label: str, scopes: frozenset[str]) -> str:
        """A new key, shown this once."""
        key_id = secrets.token_hex(6)
        key = f"hub_{key_id}_{secrets.token_urlsafe(32)}"
        self._callers[_hash(key)] = Caller(agency, key_id, scopes)
        return key

    def revoke(self, key_id: str) -> None:
        """From now on the key is worth nothing."""
        self._callers = {hashed: caller for hashed, caller in self._callers.items() if caller.key_id != key_id}


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


_: type[Keys] = MemoryKeys
