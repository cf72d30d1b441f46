"""Routing: for each step of a notice, and each answer to one, who should know and why."""

from collections.abc import Collection
from datetime import datetime

import orjson

from hub.agents.beside import Beside
from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Agent, Plan, Record
from hub.agents.seen import Seen
from hub.agents.state import PartitionState
from hub.core.acknowledging import routed_answer
from hub.core.admission import AnyNotice
from hub.core.alerts import alerted_by
from hub.core.registry import Registry
from hub.core.routing import ended, route, with_former
from schemas import topics
from schemas.acknowledgement import WORDS, Acknowledgement, AgencyAcknowledgement, Hearer, RoutedAcknowledgement
from schemas.errors import MalformedMessage
from schemas.ids import event_id_of
from schemas.messages import Clock, EmployerEvent, RoutedNotice
from schemas.wire import Message, is_of, read


def routing(hand: Hand) -> Agent:
    """The agent over employer.events.

    Its state: by receipt, the agencies that have the last step of a notice, and those beside them that had or were alerted to it.
    """

    def step(record: Record, state: PartitionState) -> Plan:
        if is_of(Acknowledgement, record.headers):
            return _hear(hand, record, state)
        try:
            event = read(EmployerEvent, record.value, record.headers)
            notice = None if event.ends else hand.notice_in(event)
        except MalformedMessage as error:
            return hand.bury(record, "routing", error)
        seen, at = Seen.of(state, event.receipt), moment(record)
        if event.step <= seen.step:  # taken before a kill of intake, and written again by the next one
            return Plan()
        registry = hand.registry()
        alerted = _alerted(event, notice, registry, at)
        routed = _decide(event, notice, seen.agencies - alerted, registry, at)
        event_id = event_id_of(event.receipt, event.step, "routed")
        said = hand.say(topics.ROUTED, event.employer_key, routed, event_id, f"notice.{event.kind}.routed", at)
        clocks = (_clock(hand, routed),) if routed.held_until else ()
        told = _told(routed) | (seen.agencies & alerted)
        beside = Beside.of(state, event.receipt).after(seen, told, alerted)
        return Plan((said, *clocks), (*seen.after(event.step, told), *beside))

    return Agent("routing", topics.EVENTS, topics.ROUTING_STATE, step, hand.set_aside("routing"))


def _hear(hand: Hand, record: Record, state: PartitionState) -> Plan:
    """An answer changes nothing of what is remembered of the notice: its next step is decided as if nobody had answered."""
    try:
        said = read(Acknowledgement, record.value, record.headers)
    except MalformedMessage as error:
        return hand.bury(record, "routing", error)
    seen, beside, at = Seen.of(state, said.receipt), Beside.of(state, said.receipt), moment(record)
    routed = routed_answer(said, beside.having(seen), beside.had(seen), hand.registry(), (at, day_of(at)))
    event_id = event_id_of(said.acknowledgement, 0, "routed")
    told = hand.say(topics.ACKNOWLEDGED, said.employer_key, routed, event_id, f"acknowledgement.{said.kind}.routed", at)
    return Plan((told, *(_copy_for(hand, routed, hearer) for hearer in routed.hearers)))


def _copy_for(hand: Hand, routed: RoutedAcknowledgement, hearer: Hearer) -> Message:
    said = routed.acknowledgement
    copy = AgencyAcknowledgement(
        acknowledgement=said.acknowledgement,
        receipt=said.receipt,
        answers=said.answers,
        agency=hearer.agency,
        by=said.agency,
        answer=said.answer,
        words=WORDS[said.answer],
        reason=said.reason,
        desk=said.desk,
        received_at=said.received_at,
        registry_revision=routed.registry_revision,
        why=hearer.why,
    )
    return hand.tell(
        hearer.agency, said.employer_key, copy, hearer.event_id, f"acknowledgement.{said.kind}", routed.decided_as_of
    )


def _clock(hand: Hand, routed: RoutedNotice) -> Message:
    """Asks for the release at the end of the embargo; a later step of the notice makes it void."""
    event, due = routed.event, routed.held_until or routed.decided_as_of
    change = event_id_of(event.receipt, event.step, "release")
    named = {"source": event.source, "id": event.id} | ({"sender": event.owner} if event.owner else {})
    body = {"id": change, "releases": named, "step": event.step, "notice": event.notice}
    clock = Clock(
        kind="release", due=due, sender=event.sender, owner=event.owner, source=event.source, change=change,
        body=orjson.dumps(body).decode(),
    )  # fmt: skip
    return hand.say(topics.CLOCKS, change, clock, change, "clock.release", routed.decided_as_of)


def _decide(
    event: EmployerEvent, notice: AnyNotice | None, told: Collection[str], registry: Registry, at: datetime
) -> RoutedNotice:  # fmt: skip
    """The decision, with a stub for each who was told before and is told no more."""
    day = day_of(at)
    if notice is None:
        return ended(event, told, registry, day, decided_as_of=at)
    decided = route(event, notice, registry, day, decided_as_of=at)
    return with_former(decided, told, registry, day) if told else decided


def _alerted(event: EmployerEvent, notice: AnyNotice | None, registry: Registry, at: datetime) -> frozenset[str]:
    """Whom this step alerts: of those who had the notice none needs a stub now, but one as soon as it is over for them."""
    return alerted_by(event, notice, registry, day_of(at)) if notice else frozenset()


def _told(routed: RoutedNotice) -> set[str]:
    """Who has the notice with this step; who got a stub needs no second one."""
    return {recipient.agency for recipient in routed.recipients if recipient.why[0].role != "former-recipient"}
