"""Rows as the API gives them out. A recipient's part is taken from its own copy and from nowhere else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import jsonpatch
import orjson

from connectors.store.lists import SENT

Recut = Callable[[str, dict[str, Any]], dict[str, Any] | None]
"""Agency and copy (or what was sent) to what it may see of it today: less or the same, None for nothing."""

LARGEST_COMPARED = 16 * 1024
_OF_EVENT = ("sender", "sent_by", "source", "id", "historic", "type", "change", "reason", "withdrawn_before", "notice")
_OF_COPY = (
    *("purpose", "why", "line", "competence", "offerings", "enriched", "bare", "people", "registry_revision"),
    *("mailboxes", "notice"),
)


def moment(at: datetime) -> str:
    """ISO 8601 in UTC, with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown(row: Any, agency: str, recut: Recut) -> dict[str, Any] | None:
    """One step of a notice as the agency may see it; None where it may see nothing of it any more."""
    sent = row.lane == SENT
    own = sent and agency in (row.body.get("sender"), row.body.get("sent_by"))
    body: Mapping[str, Any] | None = row.body if own else recut(agency, row.body)
    if body is None:
        return None
    common = {
        "receipt": row.receipt,
        "step": row.step,
        "via": "sent" if sent else ("received" if row.lane else "alert"),
        "kind": row.kind,
        "stage": row.stage,
        "employer_key": row.employer_key,
        "received_at": moment(row.received_at),
        "no_longer_concerns_you": row.stub,
    }
    return common | {name: body[name] for name in (_OF_EVENT if sent else _OF_COPY) if name in body}


def best_of_each_step(rows: Sequence[Any]) -> list[Any]:
    """The first row of each step (rows come by step, the fuller one first); where the last is a stub, only that."""
    found: dict[int, Any] = {}
    for row in rows:
        found.setdefault(row.step, row)
    kept = list(found.values())
    return kept[-1:] if kept and kept[-1].stub else kept


def with_versions(steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The newest step, and all of them, each with what it changed and the step that took its place."""
    after = [step["step"] for step in steps[1:]]
    before = [None, *(step.get("notice") for step in steps[:-1])]
    versions = [
        {
            "step": step["step"],
            "received_at": step["received_at"],
            "superseded_by": later,
            "changes": _changes(earlier, step.get("notice")),
            "notice": step.get("notice"),
        }
        for step, later, earlier in zip(steps, [*after, None], before, strict=True)
    ]
    return {**steps[-1], "versions": versions}


def _changes(earlier: Any, notice: Any) -> list[dict[str, Any]] | None:
    """As a JSON Patch (RFC 6902) from the version before as the same agency may see it.

    None where one of them is not there, or so large that comparing them would hold up other readers.
    """
    if not earlier or not notice or any(one.get("no_longer_concerns_you") for one in (earlier, notice)):
        return None
    if any(len(orjson.dumps(one)) > LARGEST_COMPARED for one in (earlier, notice)):
        return None
    return list(jsonpatch.make_patch(earlier, notice))


def refusal(row: Any) -> dict[str, Any]:
    """A refused notice with every reason, and in whose name it was where another agency said it."""
    return {
        **({"sender": row.sender, "sent_by": row.sent_by} if row.sent_by else {}),
        "receipt": row.receipt,
        "source": row.source,
        "id": row.id,
        "verdict": row.verdict,
        "code": row.code,
        "findings": row.findings,
        "received_at": moment(row.received_at),
        "body": row.body,
    }


def outbox_item(row: Any, body: dict[str, Any]) -> dict[str, Any]:
    """An event of an outbox; `cursor` is what to go on from after it. An answer to a notice is no step of it: step 0."""
    return {
        "cursor": f"{row.epoch}.{row.offset}",
        "id": row.event_id,
        "type": row.type,
        "time": moment(row.at),
        "subject": row.employer_key,
        "receipt": row.receipt,
        "step": row.step if row.rank >= 0 else 0,
        "data": body,
    }
