"""Cursors of lists: opaque, and sealed for one list of one agency with one set of filters."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from schemas.errors import Finding, Misconfigured, Refusal

_SEAL = 16
_SHORTEST_SECRET = 16


class Cursors:
    """Makes and opens cursors. All processes that serve the same lists have the same secret."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _SHORTEST_SECRET:
            raise Misconfigured(f"the secret for cursors has {len(secret)} bytes, {_SHORTEST_SECRET} is the least")
        self._secret = secret

    def seal(self, listed: Sequence[str | None], at: Sequence[datetime | str | int]) -> str:
        """The cursor that stands after the row with these ordering values."""
        payload = orjson.dumps(list(at))
        return base64.urlsafe_b64encode(self._sealed(listed, payload) + payload).decode().rstrip("=")

    def open(self, listed: Sequence[str | None], cursor: str) -> list[Any]:
        """The ordering values in it (times as text). Refusal where this list did not give it out."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except (binascii.Error, ValueError) as error:
            raise wrong_cursor() from error
        seal, payload = raw[:_SEAL], raw[_SEAL:]
        if not hmac.compare_digest(seal, self._sealed(listed, payload)):
            raise wrong_cursor()
        found: list[Any] = orjson.loads(payload)
        return found

    def _sealed(self, listed: Sequence[str | None], payload: bytes) -> bytes:
        return hmac.digest(self._secret, orjson.dumps(list(listed)) + b"\n" + payload, "sha256")[:_SEAL]


def wrong_cursor() -> Refusal:
    """The answer to a cursor that was made up, changed, or given out for another list, agency or search."""
    advice = "use the cursor of the page before with the same agency and filters, or leave it out to begin at the start"
    finding = Finding(rule="cursor", place="/cursor", message=f"this is no cursor of this list: {advice}")
    return Refusal("The cursor does not belong to this list", (finding,))
