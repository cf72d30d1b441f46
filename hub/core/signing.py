"""Signatures by Standard Webhooks (https://www.standardwebhooks.com, scheme v1: HMAC-SHA256 over id, time and body). Pure.

The receiver computes the same over the very bytes that it got. While a secret is being changed over, each secret that still
holds signs, and the receiver may check by either.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime

from schemas.errors import Misconfigured

PREFIX = "whsec_"
"""Stands before a secret wherever it is shown."""


def secret_of(installation: bytes, endpoint: str, number: int) -> str:
    """An endpoint's secret of that number, as its agency gets it: made from the installation's own, so that it stands nowhere."""
    return shown(hmac.digest(installation, f"webhook\x1f{endpoint}\x1f{number}".encode(), "sha256"))


def shown(secret: bytes) -> str:
    """A secret as it is written."""
    return PREFIX + base64.b64encode(secret).decode()


def signing_headers(secrets: Sequence[str], event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of a call: its id (the same at every attempt), the second of this attempt, a signature by each secret."""
    second = str(int(at.timestamp()))
    signed = b".".join((event_id.encode(), second.encode(), body))
    signatures = (f"v1,{base64.b64encode(hmac.digest(_key(secret), signed, 'sha256')).decode()}" for secret in secrets)
    return {"webhook-id": event_id, "webhook-timestamp": second, "webhook-signature": " ".join(signatures)}


def _key(secret: str) -> bytes:
    """The bytes of a secret, with its prefix or without; unpadded base64 is taken, too. Misconfigured where it is none."""
    text = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise Misconfigured("the secret of an endpoint is empty or no base64: `rotate` gives it a new one")
    return key
