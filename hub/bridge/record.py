"""A record of an inbox, and whose inbox a topic is."""

import re
from dataclasses import dataclass
from datetime import datetime

from schemas.wire import Headers

_INBOX = re.compile(r"agency\.([a-z0-9]+(?:-[a-z0-9]+)*)\.inbox")
_LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class Arrived:
    """What stands in an inbox. `topic` is without the prefix, `at` the broker's append time."""

    topic: str
    partition: int
    offset: int
    at: datetime
    value: bytes
    headers: Headers = ()


def agency_of(topic: str) -> str | None:
    """Whose inbox this is; None where it is nobody's."""
    found = _INBOX.fullmatch(topic)
    return found[1] if found and len(found[1]) <= _LONGEST_ID else None


def pattern(prefix: str) -> str:
    """What Kafka is asked for: all inboxes, those of agencies to come as well."""
    return f"^{prefix.replace('.', '[.]')}agency[.][a-z0-9-]+[.]inbox$"
