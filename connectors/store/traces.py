"""The trace of a notice: for its sender and the operator all of it, for a recipient what stands in its own copies, and for who
said a step in the sender's name all of that step."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, literal, select, union, union_all

from connectors.store.lists import Names, is_copy
from connectors.store.shapes import Recut, moment
from connectors.store.trace_tables import OFFERINGS, RECIPIENTS, STAGES, TARGETS
from connectors.store.view_tables import ALERTS, NOTICES, OUTBOX, REFUSED
from schemas.topics import RECEIVED

_PARTS = ("stages", "recipients", "offerings")


def whole_trace(connection: Connection, receipt: str) -> dict[str, Any] | None:
    """Every stage, recipient and offering; None where nothing is known of the receipt."""
    stages = [*_stages(connection, receipt), *_refusals(connection, receipt)]
    stages += [*_of_agencies(connection, OUTBOX, "delivered", receipt), *_of_agencies(connection, ALERTS, "alerted", receipt)]
    if not stages:
        return None
    return {
        "receipt": receipt,
        "whole": True,
        "stages": sorted(stages, key=lambda stage: (stage["at"], stage["step"], stage["stage"])),
        "recipients": _recipients(connection, receipt),
        "offerings": [_offering(row) for row in _by_step(connection, OFFERINGS, receipt)],
    }


def trace_of_what_it_sent(connection: Connection, agency: str, receipt: str) -> dict[str, Any] | None:
    """All of the steps that the agency said in another one's name, and its refusals there; None where there are neither."""
    accepted = select(NOTICES.c.step).where(NOTICES.c.receipt == receipt, NOTICES.c.sent_by == agency)
    refused = select(literal(0)).where(REFUSED.c.receipt == receipt, REFUSED.c.sent_by == agency)
    steps = set(connection.scalars(union_all(accepted, refused)))
    whole = whole_trace(connection, receipt) if steps else None
    if whole is None:
        return None
    own = steps - {0}  # of what is before any step, that which it said itself
    stages = [stage for stage in whole["stages"] if stage["step"] in own or stage.get("sent_by") == agency]
    told = {name: [row for row in whole[name] if row["step"] in own] for name in ("recipients", "offerings")}
    return {"receipt": receipt, "whole": False, "stages": stages, **told}


def own_trace(connection: Connection, agency: str, names: Names, receipt: str, recut: Recut) -> dict[str, Any] | None:
    """When the agency was told, why, and with which offerings, out of its own copies; None where it was told nothing.

    Once the notice no longer concerns it, only when it was told.
    """
    mine = select(OUTBOX).where(OUTBOX.c.receipt == receipt, OUTBOX.c.agency.in_(names), is_copy(OUTBOX))
    rows = connection.execute(mine.order_by(OUTBOX.c.step, OUTBOX.c.at, OUTBOX.c.offset)).all()
    copies = [(row, body) for row in rows if (body := recut(agency, row.body)) is not None]
    if not copies:
        return None
    telling = [] if copies[-1][0].stub else copies
    return {
        "receipt": receipt,
        "whole": False,
        "stages": [_told(row, "delivered", row.at) for row, _ in copies],
        "recipients": [_own_recipient(row, body) for row, body in telling if body.get("why")],
        "offerings": [{"step": row.step} | service for row, body in telling for service in body.get("offerings") or ()],
    }


def joined(sent: dict[str, Any] | None, told: dict[str, Any] | None) -> dict[str, Any] | None:
    """What an agency may see both as who said some steps and as a recipient: nothing twice, its part of the other
    steps too.
    """
    if sent is None or told is None:
        return sent or told
    whole = {row["step"] for row in sent["stages"]} - {0}
    rows = {name: sent[name] + [row for row in told[name] if row["step"] not in whole] for name in _PARTS}
    rows["stages"].sort(key=lambda stage: (stage["at"], stage["step"], stage["stage"]))
    return sent | rows


def is_sender(connection: Connection, agency: str, receipt: str) -> bool:
    """Whether the notice is the agency's own, also when it is still on its way or was refused."""
    for table in (NOTICES, STAGES, REFUSED):
        own = select(table.c.receipt).where(table.c.receipt == receipt, table.c.sender == agency)
        own = own.where(STAGES.c.step == 0) if table is STAGES else own
        if connection.execute(own.limit(1)).first() is not None:
            return True
    return False


def _stages(connection: Connection, receipt: str) -> Iterable[dict[str, Any]]:
    columns = select(STAGES.c.step, STAGES.c.stage, STAGES.c.at, STAGES.c.detail)
    # A submission is known by its place; the time tells it from the same place in an earlier life of the topic.
    origin = and_(
        NOTICES.c.origin_partition == STAGES.c.partition,
        NOTICES.c.origin_offset == STAGES.c.offset,
        NOTICES.c.received_at == STAGES.c.at,
    )
    arrived = columns.join(NOTICES, origin).where(NOTICES.c.receipt == receipt, STAGES.c.topic == RECEIVED.name)
    named = columns.where(STAGES.c.receipt == receipt)
    parts = (named.where(STAGES.c.step > 0), named.where(STAGES.c.step == 0), arrived.where(STAGES.c.step == 0))
    for row in connection.execute(union(*parts)):
        yield {"step": row.step, "stage": row.stage, "at": moment(row.at), **row.detail}


def _refusals(connection: Connection, receipt: str) -> Iterable[dict[str, Any]]:
    for row in connection.execute(select(REFUSED).where(REFUSED.c.receipt == receipt)):
        said = {"verdict": row.verdict, "code": row.code, "findings": row.findings}
        said |= {"sent_by": row.sent_by} if row.sent_by else {}
        yield {"step": 0, "stage": "refused", "at": moment(row.at), **said}


def _of_agencies(connection: Connection, table: Table, stage: str, receipt: str) -> Iterable[dict[str, Any]]:
    return [_told(row, stage, row.at) for row in _by_step(connection, table, receipt) if table is ALERTS or row.rank >= 0]


def _told(row: Any, stage: str, at: Any) -> dict[str, Any]:
    return {"step": row.step, "stage": stage, "at": moment(at), "agency": row.agency, "event_id": row.event_id}


def _recipients(connection: Connection, receipt: str) -> list[dict[str, Any]]:
    events: dict[tuple[int, str], list[str]] = {}
    for row in _by_step(connection, TARGETS, receipt):
        events.setdefault((row.step, row.agency), []).append(row.event_id)
    return [
        {
            "step": row.step,
            "agency": row.agency,
            "line": row.line,
            "competence": row.competence,
            "outcome": row.outcome,
            "why": row.why,
            "event_ids": sorted(events.get((row.step, row.agency), [])),
        }
        for row in _by_step(connection, RECIPIENTS, receipt)
    ]


def _own_recipient(row: Any, body: dict[str, Any]) -> dict[str, Any]:
    lines = {name: body.get(name) for name in ("line", "competence", "why")}
    return {"step": row.step, "agency": row.agency, **lines, "event_ids": [row.event_id]}


def _offering(row: Any) -> dict[str, Any]:
    return {
        "step": row.step,
        "code": row.code,
        "provider": row.provider,
        "line": row.line,
        "names": row.names,
        "why": row.why,
        "to_check": row.to_check,
    }


def _by_step(connection: Connection, table: Table, receipt: str) -> list[Any]:
    tie = [table.c[name] for name in ("agency", "code", "event_id") if name in table.c]
    query: Select[Any] = select(table).where(table.c.receipt == receipt).order_by(table.c.step, *tie)
    return list(connection.execute(query))
