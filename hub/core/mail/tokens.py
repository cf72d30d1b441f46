"""Tokens in links of mails: they say for which address they are and what may be done with them, and nothing else. Pure.

Whoever has the mail has the token; it needs no key. One that stops mails holds for good (RFC 8058: a program of
the reader asks for it, once), one that confirms an address for a week. A token for the one is worth nothing for the other.
"""

import hmac
import re
from datetime import datetime, timedelta
from typing import Literal

Purpose = Literal["confirm", "stop"]
CONFIRM_WITHIN = timedelta(days=7)
"""So long an address may be confirmed; what is not confirmed then is closed."""

_TOKEN = re.compile(r"(mb_[0-9a-f]{16})\.([0-9a-f]{1,12})\.([0-9a-f]{40})")


def token(secret: bytes, purpose: Purpose, mailbox: str, until: datetime | None = None) -> str:
    """A token for that address; without `until` it holds for good."""
    second = 0 if until is None else int(until.timestamp())
    return f"{mailbox}.{second:x}.{_signature(secret, purpose, mailbox, second)}"


def mailbox_of(secret: bytes, purpose: Purpose, text: str, now: datetime) -> str | None:
    """The address that a token is for; None where it is none of ours, for another purpose, or its time is over."""
    found = _TOKEN.fullmatch(text)
    if found is None:
        return None
    mailbox, second = found[1], int(found[2], 16)
    if not hmac.compare_digest(found[3], _signature(secret, purpose, mailbox, second)):
        return None
    return None if second and now.timestamp() > second else mailbox


def _signature(secret: bytes, purpose: Purpose, mailbox: str, second: int) -> str:
    return hmac.digest(secret, f"mail\x1f{purpose}\x1f{mailbox}\x1f{second}".encode(), "sha256").hex()[:40]
