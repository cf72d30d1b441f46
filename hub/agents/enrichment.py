"""Enrichment: the services that fit, and each recipient's own copy, cut to what it may see."""

from dataclasses import dataclass

import structlog

from hub.agents.hand import Hand, day_of
from hub.agents.plan import Agent, Plan, Record
from hub.agents.state import PartitionState
from hub.core.admission import notice_of
from hub.core.enrichment import offerings, offers_for
from hub.core.facts import facts_of
from hub.core.recutting import purpose_today
from hub.core.registry import Registry
from hub.core.views import Cuts, Purpose, stub
from schemas import topics
from schemas.errors import MalformedMessage
from schemas.ids import event_id_of
from schemas.messages import AgencyNotice, EnrichedNotice, OfferedService, Recipient, RoutedNotice, Target
from schemas.wire import Message, read

log = structlog.get_logger()

FORMER = "former-recipient"


@dataclass(frozen=True, slots=True)
class _Found:
    """What was decided about a step, and by which registry."""

    routed: RoutedNotice
    registry: Registry
    offered: tuple[OfferedService, ...]
    enriched: bool


def enrichment(hand: Hand) -> Agent:
    """The agent over notices.routed."""

    def step(record: Record, _: PartitionState) -> Plan:
        try:
            routed = read(RoutedNotice, record.value, record.headers)
        except MalformedMessage as error:
            return hand.bury(record, "enrichment", error)
        found = _enrich(routed, hand.registry())
        targets, cuts = _targets(routed), Cuts(routed.event)
        pairs = zip(routed.recipients, targets, strict=True)
        copies = tuple(_copy(hand, found, cuts, recipient, target) for recipient, target in pairs)
        return Plan((_whole(hand, found, targets), *copies))

    return Agent("enrichment", topics.ROUTED, topics.ENRICHMENT_STATE, step, hand.set_aside("enrichment"))


def _enrich(routed: RoutedNotice, registry: Registry) -> _Found:
    """Where the rules fail the notice goes without offers, and says so (DESIGN §2)."""
    if not routed.recipients or routed.event.ends:
        return _Found(routed, registry, (), True)
    day = day_of(routed.decided_as_of)
    try:
        facts = facts_of(notice_of(routed.event), registry, day)
        return _Found(routed, registry, offerings(facts, routed, registry, day), True)
    except Exception as error:  # whatever is wrong with a rule: nobody waits for it, and the operator hears of it
        log.error("offers failed, it goes without", receipt=routed.receipt, step=routed.step, error=type(error).__name__)
        return _Found(routed, registry, (), False)


def _targets(routed: RoutedNotice) -> tuple[Target, ...]:
    names = (recipient.agency for recipient in routed.recipients)
    return tuple(Target(agency=name, event_id=event_id_of(routed.receipt, routed.step, "notice", name)) for name in names)


def _whole(hand: Hand, found: _Found, targets: tuple[Target, ...]) -> Message:
    routed = found.routed
    whole = EnrichedNotice(
        receipt=routed.receipt,
        step=routed.step,
        enriched=found.enriched,
        offerings=found.offered,
        targets=targets,
        registry_revision=found.registry.revision,
        routed=routed,
    )
    event_id = event_id_of(routed.receipt, routed.step, "enriched")
    kind = f"notice.{routed.event.kind}.enriched"
    return hand.say(topics.ENRICHED, routed.event.employer_key, whole, event_id, kind, routed.decided_as_of)


def _copy(hand: Hand, found: _Found, cuts: Cuts, recipient: Recipient, target: Target) -> Message:
    routed, event = found.routed, found.routed.event
    agency, role = found.registry.agency(recipient.agency), recipient.why[0].role
    purpose: Purpose = purpose_today(agency, role)
    former = role == FORMER
    copy = AgencyNotice(
        receipt=routed.receipt,
        step=routed.step,
        agency=recipient.agency,
        purpose=purpose,
        kind=event.kind,
        received_at=event.received_at,
        registry_revision=found.registry.revision,
        why=recipient.why,
        line=recipient.line,
        competence=recipient.competence,
        offerings=() if former else offers_for(agency, found.offered, purpose, found.registry),
        enriched=found.enriched,
        notice=stub(event) if former else cuts.copy_for(recipient.agency, purpose),
    )
    kind = "notice.stub" if former else f"notice.{event.kind}"
    return hand.tell(recipient.agency, event.employer_key, copy, target.event_id, kind, routed.decided_as_of)
