"""From a record of the log to rows of the view. Pure: the same record gives the same rows, whenever it is read.

A topic that stands in `_HANDLERS` (or is an outbox) is projected from its first record on; others are not read at all.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from hub.core.numbers import groups_of, key_of
from hub.projection.copies import alert_rows, outbox_rows
from hub.projection.record import Record, Row
from hub.projection.words import areas_of, stage_of, tags_of, words_of
from schemas import topics
from schemas.acknowledgement import Acknowledgement, RoutedAcknowledgement
from schemas.changes import named_in_tree
from schemas.ids import receipt_of
from schemas.messages import EmployerEvent, EnrichedNotice, RefusedNotice, RoutedNotice, Submission
from schemas.wire import is_of, read


def is_projected(topic: str) -> bool:
    """Whether the view takes in the records of that topic."""
    return topic in _HANDLERS or topics.outbox_owner(topic) is not None


def rows_of(record: Record) -> list[Row]:
    """The rows that the record becomes. MalformedMessage where it is no message; Misconfigured where it is too new."""
    agency = topics.outbox_owner(record.topic)
    return outbox_rows(record, agency) if agency else _HANDLERS[record.topic](record)


def _received(record: Record) -> list[Row]:
    said = read(Submission, record.value, record.headers)
    # What is said in another's name has no receipt before intake has let it: nobody sees a notice by naming its sender.
    receipt = _receipt_in(said) if said.on_behalf_of is None else None
    detail: dict[str, Any] = {"way": said.way}
    if said.on_behalf_of is not None:
        detail["sent_by"] = said.sender
    if said.xroad is not None:
        detail["xroad_id"] = said.xroad.id
    return [_stage(record, "received", receipt, 0, detail, said.sender)]


def _receipt_in(said: Submission) -> str | None:
    """The receipt that the notice will have if it is taken; None where its source or id cannot be read."""
    try:
        body = orjson.loads(said.body)
    except orjson.JSONDecodeError:
        return None
    source, name = named_in_tree(body)
    if not isinstance(source, str) or not isinstance(name, str):
        return None
    return receipt_of(said.sender, source.strip(), name.strip())  # as the notice's own model strips them


def _accepted(record: Record) -> list[Row]:
    if is_of(Acknowledgement, record.headers):  # what counts of an answer stands in routing's decision about it
        return []
    event = read(EmployerEvent, record.value, record.headers)
    stage, areas = stage_of(event.notice), areas_of(event.notice)
    employer_key = key_of(event.employer_key)
    row = {
        "receipt": event.receipt,
        "step": event.step,
        "sender": event.sender,
        "sent_by": event.sent_by,
        "source": event.source,
        "id": event.id,
        "employer_key": employer_key,
        "kind": event.kind,
        "stage": stage,
        "areas": areas,
        "received_at": event.received_at,
        "at": record.at,
        "origin_partition": event.origin.partition,
        "origin_offset": event.origin.offset,
        "historic": event.historic,
        "event": orjson.Fragment(record.value or b"null"),
        "words": words_of(event.notice),
        "tags": tags_of(event.sender, event.kind, stage, areas, groups_of(event.notice, employer_key)),
    }
    detail: dict[str, Any] = {"type": event.type, "kind": event.kind, "historic": event.historic}
    if event.sent_by:
        detail["sent_by"] = event.sent_by
    if event.change:
        detail |= {"change": event.change, "reason": event.reason}
    return [("notices", row), _stage(record, "accepted", event.receipt, event.step, detail, event.sender)]


def _refused(record: Record) -> list[Row]:
    refused = read(RefusedNotice, record.value, record.headers)
    named = (refused.sender, refused.source, refused.id)
    row = {
        "received_at": refused.received_at,
        "origin_partition": refused.origin.partition,
        "origin_offset": refused.origin.offset,
        "at": record.at,
        "sender": refused.sender,
        "sent_by": refused.sent_by,
        "source": _shown(refused.source),
        "id": _shown(refused.id),
        "receipt": receipt_of(*map(str, named)) if None not in named else None,
        "verdict": refused.verdict,
        "code": refused.code,
        "findings": [finding.model_dump() for finding in refused.findings],
        "body": _shown(refused.body),
    }
    return [("refused", row)]


def _routed(record: Record) -> list[Row]:
    routed = read(RoutedNotice, record.value, record.headers)
    detail = routed.model_dump(
        mode="json", include={"outcome", "significance", "outcome_reason", "held_until", "registry_revision", "decided_as_of"}
    )
    found: list[Row] = [_stage(record, "routed", routed.receipt, routed.step, detail, routed.event.sender)]
    for recipient in routed.recipients:
        row = {"receipt": routed.receipt, "step": routed.step, "outcome": routed.outcome}
        found.append(("recipients", row | recipient.model_dump(mode="json")))
    return found


def _enriched(record: Record) -> list[Row]:
    enriched = read(EnrichedNotice, record.value, record.headers)
    step = {"receipt": enriched.receipt, "step": enriched.step}
    detail = {
        "enriched": enriched.enriched,
        "registry_revision": enriched.registry_revision,
        "offerings": len(enriched.offerings),
        "targets": len(enriched.targets),
    }
    sender = enriched.routed.event.sender
    found: list[Row] = [_stage(record, "enriched", enriched.receipt, enriched.step, detail, sender)]
    found += [("offerings", step | service.model_dump(mode="json")) for service in enriched.offerings]
    found += [("targets", step | target.model_dump() | {"lane": "notice"}) for target in enriched.targets]
    return found


def _acknowledged(record: Record) -> list[Row]:
    routed = read(RoutedAcknowledgement, record.value, record.headers)
    said = routed.acknowledgement
    row = said.model_dump(mode="json", include={"acknowledgement", "receipt", "agency", "answer", "reason", "desk", "id"}) | {
        "step": said.answers,
        "counts": routed.outcome != "not-told",
        "received_at": said.received_at,
        "origin_partition": said.origin.partition,
        "origin_offset": said.origin.offset,
        "at": record.at,
        "heard_by": [{"agency": one.agency, "event_id": one.event_id, "rule": one.why.rule} for one in routed.hearers],
    }
    return [("acknowledgements", row)]


def _stage(record: Record, stage: str, receipt: str | None, step: int, detail: dict[str, Any], sender: str | None) -> Row:
    row: dict[str, str | int | datetime | dict[str, Any] | None] = {
        "receipt": receipt,
        "step": step,
        "stage": stage,
        "sender": sender,
        "at": record.at,
        "topic": record.topic,
        "epoch": record.epoch,
        "partition": record.partition,
        "offset": record.offset,
        "detail": detail,
    }
    return ("stages", row)


def _shown(text: str | None) -> str | None:
    """The text with zero bytes made visible: PostgreSQL takes none, and the sender has to be able to read it."""
    return None if text is None else text.replace("\x00", "\u2400")


_HANDLERS: dict[str, Callable[[Record], list[Row]]] = {
    topics.RECEIVED.name: _received,
    topics.EVENTS.name: _accepted,
    topics.REFUSED.name: _refused,
    topics.ROUTED.name: _routed,
    topics.ENRICHED.name: _enriched,
    topics.ALERTS.name: alert_rows,
    topics.ACKNOWLEDGED.name: _acknowledged,
}
