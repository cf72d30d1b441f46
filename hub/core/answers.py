"""What came of one attempt to tell an endpoint something, and what a status means. Pure.

`retry` is what time may mend; `failed` is what somebody has to mend. Both are tried again: nothing is dropped because an
endpoint was wrong for a day.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

Outcome = Literal["delivered", "retry", "paused", "failed"]
LONGEST_WAIT = timedelta(days=1)
"""More than that no endpoint can ask for by Retry-After."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is stable, `words` are for people; neither holds a secret or anything that the endpoint said.

    `wait`: how long it asked to be left alone.
    """

    outcome: Outcome
    code: str
    words: str
    status: int | None = None
    wait: timedelta | None = None


NO_ANSWER = Answer("retry", "timeout", "no whole answer came within the time that an attempt may take")
NO_CONNECTION = Answer("retry", "no-connection", "the endpoint could not be reached, or the connection broke")
NO_NAME = Answer("retry", "no-name", "the name in the URL has no address")
NO_HTTP = Answer("retry", "no-http", "the endpoint closed the connection without an answer, or with one that is no HTTP")
WRONG_ADDRESS = Answer(
    "failed", "address-refused", "the name in the URL has an address that the hub does not call: only public ones, by https"
)
WRONG_URL = Answer("failed", "bad-url", "the URL cannot be called")
BROKEN_TLS = Answer(
    "failed", "tls", "TLS failed: the certificate has to be valid, for that name, and from an authority that is commonly known"
)


def answer_to(status: int, retry_after: str | None, now: datetime) -> Answer:
    """What an HTTP status says. `retry_after` is that header, in seconds or as a date."""
    wait = _wait(retry_after, now)
    if 200 <= status < 300:
        return Answer("delivered", "delivered", "taken", status)
    if status == 410:
        return Answer("paused", "gone", "the endpoint says that it is gone (410)", status)
    if 300 <= status < 400:
        return Answer(
            "failed", "redirect", f"the endpoint redirects ({status}), and is not followed: register the new URL", status
        )
    if status in (408, 425, 429) or status >= 500:
        return Answer("retry", f"http-{status}", f"the endpoint cannot take it now ({status})", status, wait)
    return Answer("failed", f"http-{status}", f"the endpoint refuses it ({status})", status, wait)


def _wait(text: str | None, now: datetime) -> timedelta | None:
    """None where the header is missing, past or cannot be read."""
    if not text:
        return None
    if text.strip().isdecimal() and text.isascii():
        seconds = int(text) if len(text) <= 9 else LONGEST_WAIT.total_seconds()
        return min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(until - now, LONGEST_WAIT) if until > now else None
