"""Rows of what agencies are told: their outboxes and the layoff alerts. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson

from hub.core.numbers import groups_of, key_of
from hub.projection.record import Record, Row
from hub.projection.words import areas_of, stage_of, tags_of, words_of
from schemas.acknowledgement import AgencyAcknowledgement
from schemas.base import Inside, Moment
from schemas.errors import Finding, MalformedMessage
from schemas.messages import LayoffAlert
from schemas.wire import header, is_of, read

ANSWER, ALERT, NOTICE = -1, 0, 1
"""Rank of a copy: where both tell of one step, the notice says more. An answer to a notice is below: no copy of a step."""


class _Copy(Inside):
    """What every kind of copy has; a stub has a notice that only says which one no longer concerns the agency."""

    receipt: str
    step: int
    kind: str | None = None
    received_at: Moment | None = None
    notice: dict[str, Any] | None = None


def found_by(agency: str, kind: str | None, employer_key: str | None, copy: Mapping[str, Any]) -> dict[str, Any]:
    """The `words` and `tags` by which a search finds a copy: nothing but what stands in it."""
    notice = copy.get("notice") or {}
    tags = tags_of(agency, kind, stage_of(notice), areas_of(notice), groups_of(notice, employer_key))
    return {"words": words_of(notice), "tags": tags}


def outbox_rows(record: Record, agency: str) -> list[Row]:
    """The agency's own copy, with what it is found by: nothing but what stands in the copy itself."""
    if is_of(AgencyAcknowledgement, record.headers):
        return [_answer_row(record, agency)]
    copy = read(_Copy, record.value, record.headers)
    notice = copy.notice or {}
    alert = _is_alert(record)
    employer_key = _employer_key(record)
    kind, stage, areas = copy.kind or ("downsizing" if alert else None), stage_of(notice), areas_of(notice)
    row = {
        "agency": agency,
        "epoch": record.epoch,
        "offset": record.offset,
        "event_id": _required(record, "ce_id"),
        "type": _required(record, "ce_type"),
        "receipt": copy.receipt,
        "step": copy.step,
        "rank": ALERT if alert else NOTICE,
        "stub": copy.notice is None or copy.notice.get("no_longer_concerns_you") is True,
        "employer_key": employer_key,
        "kind": kind,
        "stage": stage,
        "areas": areas,
        "received_at": copy.received_at or record.at,
        "at": record.at,
        "body": orjson.Fragment(record.value or b"null"),
    }
    return [("outbox", row | found_by(agency, kind, employer_key, {"notice": notice}))]


def _answer_row(record: Record, agency: str) -> Row:
    """What the agency is told of an answer to a notice; it is found by nothing, and goes with the step that it answers."""
    told = read(AgencyAcknowledgement, record.value, record.headers)
    row = {
        "agency": agency,
        "epoch": record.epoch,
        "offset": record.offset,
        "event_id": _required(record, "ce_id"),
        "type": _required(record, "ce_type"),
        "receipt": told.receipt,
        "step": told.answers,
        "rank": ANSWER,
        "stub": False,
        "employer_key": _employer_key(record),
        "areas": [],
        "received_at": told.received_at,
        "at": record.at,
        "body": orjson.Fragment(record.value or b"null"),
        "words": "",
        "tags": [],
    }
    return ("outbox", row)


def alert_rows(record: Record) -> list[Row]:
    """The alert of one agency, and the event that has to stand in its outbox."""
    alert = read(LayoffAlert, record.value, record.headers)
    step = {"receipt": alert.receipt, "step": alert.step, "agency": alert.agency, "event_id": alert.event_id}
    row = step | {
        "employer_key": _employer_key(record),
        "stage": alert.stage,
        "bare": alert.bare,
        "received_at": alert.received_at,
        "at": record.at,
        "body": orjson.Fragment(record.value or b"null"),
    }
    return [("alerts", row), ("targets", step | {"lane": "alert"})]


def _employer_key(record: Record) -> str | None:
    """One key for an employer, also where an older notice stands under another writing of its number."""
    return key_of(record.key.decode("utf-8", "backslashreplace")) if record.key else None


def _is_alert(record: Record) -> bool:
    schema = header(record.headers, "ce_dataschema") or ""
    return f":{LayoffAlert.__name__}:" in schema or ".alert" in (header(record.headers, "ce_type") or "")


def _required(record: Record, name: str) -> str:
    value = header(record.headers, name)
    if value:
        return value
    missing = Finding(rule="missing-header", place="", message=f"the record has no header {name}")
    raise MalformedMessage(f"no {name}", (missing,))
