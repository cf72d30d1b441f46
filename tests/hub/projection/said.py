"""What the hub's agents would write about notices, for tests of what the projector makes of it."""

from collections.abc import Sequence
from typing import Any

from hub.core.views import cut_for, stub
from hub.projection.record import Record
from schemas import topics
from schemas.agency import Names
from schemas.base import Inside
from schemas.ids import event_id_of, receipt_of
from schemas.messages import (
    AgencyNotice,
    Coordinates,
    EmployerEvent,
    EnrichedNotice,
    LayoffAlert,
    OfferedService,
    Recipient,
    RefusedNotice,
    RoutedNotice,
    Submission,
    Target,
    Why,
)
from schemas.wire import Message, event, type_of
from tests.builders import AT, a_recruitment_notice, body_of

WHY = (Why(role="own-area", rule="workplace-in-area", detail=Names(fi="Toimipaikka on alueella")),)


def notice(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A notice of its own number."""
    return a_recruitment_notice(**({"id": f"R-{number}"} | changes))


def receipt(number: int = 1, sender: str = "ta-39") -> str:
    """The receipt of that notice."""
    return receipt_of(sender, "rekry/tampere", f"R-{number}")


def accepted(body: dict[str, Any], sender: str = "ta-39", step: int = 1, **changes: Any) -> EmployerEvent:
    """The step of a notice, as intake writes it; nothing of the notice is checked."""
    return EmployerEvent.model_validate(
        {
            "receipt": receipt_of(sender, body["source"], body["id"]),
            "step": step,
            "kind": body["kind"],
            "sender": sender,
            "source": body["source"],
            "id": body["id"],
            "employer_key": f"fi:{body['employer'].get('business_id')}",
            "received_at": AT,
            "origin": Coordinates(topic="notices.received", partition=0, offset=0),
            "notice": body,
        }
        | changes
    )


def submitted(body: dict[str, Any], sender: str = "ta-39") -> Message:
    """On notices.received."""
    said = Submission(sender=sender, way="api", body=body_of(body).decode())
    return _said(topics.RECEIVED.name, f"{sender}/{body['source']}", said, body["id"])


def history(step: EmployerEvent) -> Message:
    """On employer.events."""
    return _said(topics.EVENTS.name, step.employer_key, step, event_id_of(step.receipt, step.step, "event"))


def routed(step: EmployerEvent, to: Sequence[str]) -> RoutedNotice:
    """Routing's decision."""
    return RoutedNotice(
        receipt=step.receipt,
        step=step.step,
        outcome="routed",
        significance=("S1",),
        recipients=tuple(Recipient(agency=agency, line="line-1", why=WHY) for agency in to),
        registry_revision=7,
        decided_as_of=step.received_at,
        event=step,
    )


def services(*codes: str) -> tuple[OfferedService, ...]:
    """Offered services."""
    return tuple(OfferedService(code=code, names=Names(fi=code), why=(Names(fi="koska"),)) for code in codes)


def enriched(step: EmployerEvent, to: Sequence[str]) -> EnrichedNotice:
    """Enrichment's decision."""
    targets = tuple(Target(agency=agency, event_id=event_id_of(step.receipt, step.step, agency)) for agency in to)
    offered = services("R01", "R06")
    return EnrichedNotice(
        receipt=step.receipt,
        step=step.step,
        enriched=True,
        offerings=offered,
        targets=targets,
        registry_revision=7,
        routed=routed(step, to),
    )


def copy(step: EmployerEvent, agency: str, **changes: Any) -> Message:
    """On the agency's outbox: its copy, cut as a partner's."""
    said = AgencyNotice.model_validate(
        {
            "receipt": step.receipt,
            "step": step.step,
            "agency": agency,
            "purpose": "partner",
            "kind": step.kind,
            "received_at": step.received_at,
            "registry_revision": 7,
            "why": WHY,
            "line": "line-1",
            "offerings": services("R01"),
            "notice": cut_for(step.notice, "partner"),
        }
        | changes
    )
    return _said(topics.outbox(agency).name, step.employer_key, said, event_id_of(step.receipt, step.step, agency))


def stub_of(step: EmployerEvent, agency: str) -> Message:
    """On the outbox of an agency that it no longer concerns."""
    return copy(step, agency, purpose="statistics", why=(), offerings=(), notice=stub(step))


def alert(step: EmployerEvent, agency: str, topic: str = topics.ALERTS.name) -> Message:
    """A layoff alert, on its topic or on an outbox."""
    said = LayoffAlert(
        receipt=step.receipt,
        step=step.step,
        agency=agency,
        event_id=event_id_of(step.receipt, step.step, "alert", agency),
        stage="negotiations",
        people=40,
        received_at=step.received_at,
        registry_revision=7,
        why=WHY,
        notice=cut_for(step.notice, "coordinator"),
    )
    return _said(topic, step.employer_key, said, said.event_id, "alert")


def refused(sent: dict[str, Any], sender: str | None = "ta-39", offset: int = 0, **changes: Any) -> Message:
    """On notices.refused."""
    said = RefusedNotice.model_validate(
        {
            "sender": sender,
            "source": sent.get("source"),
            "id": sent.get("id"),
            "verdict": "refused",
            "code": "refused",
            "findings": ({"rule": "missing", "place": "/employer", "message": "give it"},),
            "received_at": AT,
            "origin": Coordinates(topic="notices.received", partition=0, offset=offset),
            "body": body_of(sent).decode(),
        }
        | changes
    )
    return _said(topics.REFUSED.name, str(sender), said, f"refused-{offset}")


def path(body: dict[str, Any], sender: str = "ta-39", to: Sequence[str] = ("ta-39", "ta-08"), **changes: Any) -> list[Message]:
    """All that is written about one step, from the door to the outboxes."""
    step = accepted(body, sender, **changes)
    whole = enriched(step, to)
    return [
        submitted(body, sender),
        history(step),
        _said(topics.ROUTED.name, step.employer_key, whole.routed, "routed"),
        _said(topics.ENRICHED.name, step.employer_key, whole, "enriched"),
        *(copy(step, agency) for agency in to),
    ]


def _said(topic: str, key: str, data: Inside, id: str, kind: str = "notice") -> Message:
    return event(topic, key, data, id=id, type=type_of(kind), source="urn:hub", time=AT)


def as_record(message: Message, offset: int = 0, epoch: str = "e1") -> Record:
    """The message as it would be read from its topic."""
    return Record(message.topic, 0, epoch, offset, AT, message.key, message.value, message.headers)
