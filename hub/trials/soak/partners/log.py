"""What partners got, and what stands in their outboxes, as plain values: what the judge compares."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from hub.trials.soak.history.log import Copy
from hub.trials.soak.model import Lane


@dataclass(frozen=True, slots=True)
class Got:
    """An event that came to a partner on its channel. `owner`: for whom it says it is; `place`: a cursor, where there is one."""

    event_id: str
    lane: Lane
    receipt: str
    step: int
    owner: str
    digest: str
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A record of an outbox, and the digest of what it says."""

    copy: Copy
    digest: str


def got(event_id: str, type: str, data: Mapping[str, Any], place: str | None = None) -> Got:
    """The event as a partner reads it."""
    lane: Lane = "alert" if ".alert." in type else "notice"
    return Got(event_id, lane, data["receipt"], data["step"], data["agency"], digest_of(data), place)


def digest_of(data: Any) -> str:
    """The same for the same JSON, however it is written."""
    return sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]
