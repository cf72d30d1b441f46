"""A record of an inbox, and how Kafka is asked for all inboxes."""

from dataclasses import dataclass
from datetime import datetime

from schemas.wire import Headers


@dataclass(frozen=True, slots=True)
class Arrived:
    """What stands in an inbox. `topic` is without the prefix, `at` the broker's append time."""

    topic: str
    partition: int
    offset: int
    at: datetime
    value: bytes
    headers: Headers = ()


def pattern(prefix: str) -> str:
    """What Kafka is asked for: all inboxes, those of agencies to come as well."""
    return f"^{prefix.replace('.', '[.]')}agency[.][a-z0-9-]+[.]inbox$"
