"""From a record of an outbox to what an endpoint waits for and is told. Pure."""

from datetime import date, datetime
from typing import Any

import orjson

from hub.core.delivering import Lane, Waiting
from hub.core.narrowing import as_it_may_stand
from hub.core.registry import Registry
from hub.dispatch.outboxes import Headers, InOutbox
from hub.ports import Told
from schemas.acknowledgement import AgencyAcknowledgement
from schemas.messages import LayoffAlert
from schemas.wire import header, is_of

_CE = "ce_"
_NEEDED = ("ce_id", "ce_type", "ce_source", "ce_time")


def waiting_of(record: InOutbox, now: datetime) -> Waiting | None:
    """The event as it waits to be told; None where the record is no copy, as one that was put there by hand."""
    copy, event_id = _copy_in(record), header(record.headers, "ce_id")
    if copy is None or event_id is None:
        return None
    employer, lane = (record.key or b"").decode("utf-8", "backslashreplace"), lane_of(record)
    return Waiting(event_id, record.offset, lane, employer, copy["receipt"], _step_in(copy, lane), now)


def lane_of(record: InOutbox) -> Lane:
    """In which lane the event goes."""
    if is_of(AgencyAcknowledgement, record.headers):
        return "answer"
    return "alert" if is_of(LayoffAlert, record.headers) else "notice"


def seen_in(record: InOutbox, registry: Registry, day: date) -> dict[str, Any] | None:
    """What the record's agency may see of it on that day; None where it is nothing, or no copy."""
    copy = _copy_in(record)
    return None if copy is None else as_it_may_stand(record.agency, copy, registry, day)


def told_of(record: InOutbox, attempt: int, registry: Registry, day: date) -> Told | None:
    """The event as its agency may be told it on that day; None where it may not (DESIGN §5.4: rights count at each attempt)."""
    seen = seen_in(record, registry, day)
    return None if seen is None else Told(_attributes(record.headers), seen, attempt)


def _copy_in(record: InOutbox) -> dict[str, Any] | None:
    if any(not header(record.headers, name) for name in _NEEDED):
        return None
    try:
        found = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("receipt"), str):
        return None
    return found if isinstance(_step_in(found, lane_of(record)), int) else None


def _step_in(copy: dict[str, Any], lane: Lane) -> Any:
    """An answer is no step of its notice."""
    return 0 if lane == "answer" else copy.get("step")


def about_step(record: InOutbox, event: Waiting) -> int:
    """Which step of its notice the event is about: its own, or the one that it answers."""
    copy = _copy_in(record) or {}
    return int(copy.get("answers", 0)) if event.lane == "answer" else event.step


def _attributes(headers: Headers) -> dict[str, str]:
    """The attributes of the CloudEvent as they stand in its headers."""
    named = {name.removeprefix(_CE): header(headers, name) or "" for name, _ in headers if name.startswith(_CE)}
    return named | {"datacontenttype": header(headers, "content-type") or "application/json"}
