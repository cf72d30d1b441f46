"""The trace of a notice: for its sender and the operator all of it, for a recipient what stands in its own copies."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, select, union

from connectors.store.lists import Names, is_copy
from connectors.store.shapes import Recut, moment
from connectors.store.trace_tables import OFFERINGS, RECIPIENTS, STAGES, TARGETS
from connectors.store.view_tables import ALERTS, NOTICES, OUTBOX, REFUSED
from schemas.topics import RECEIVED


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
