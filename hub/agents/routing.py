"""Routing: for each step of a notice, who should know and why."""

from collections.abc import Collection
from datetime import datetime

import orjson

from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Agent, Plan, Record
from hub.agents.seen import Seen
from hub.agents.state import PartitionState
from hub.core.admission import AnyNotice
from hub.core.alerts import alerted_by
from hub.core.routing import ended, route, with_former
from schemas import topics
from schemas.errors import MalformedMessage
from schemas.ids import event_id_of
from schemas.messages import Clock, EmployerEvent, RoutedNotice
from schemas.wire import Message, read


def routing(hand: Hand) -> Agent:
    """The agent over employer.events. Its state: by receipt, the agencies that have the last step of a notice."""

    def step(record: Record, state: PartitionState) -> Plan:
        try:
            event = read(EmployerEvent, record.value, record.headers)
            notice = None if event.ends else hand.notice_in(event)
        except MalformedMessage as error:
            return hand.bury(record, "routing", error)
        seen, at = Seen.of(state, event.receipt), moment(record)
        if event.step <= seen.step:  # taken before a kill of intake, and written again by the next one
            return Plan()
        routed = _decide(hand, event, notice, seen.agencies, at)
        event_id = event_id_of(event.receipt, event.step, "routed")
        said = hand.say(topics.ROUTED, event.employer_key, routed, event_id, f"notice.{event.kind}.routed", at)
        clocks = (_clock(hand, routed),) if routed.held_until else ()
        return Plan((said, *clocks), seen.after(event.step, _told(routed)))

    return Agent("routing", topics.EVENTS, topics.ROUTING_STATE, step, hand.set_aside("routing"))


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


def _decide(hand: Hand, event: EmployerEvent, notice: AnyNotice | None, told: Collection[str], at: datetime) -> RoutedNotice:
    """The decision, with a stub for each who was told before and is told no more, but for those whom this step alerts."""
    registry, day = hand.registry(), day_of(at)
    if notice is None:
        return ended(event, told, registry, day, decided_as_of=at)
    decided = route(event, notice, registry, day, decided_as_of=at)
    if not told:
        return decided
    return with_former(decided, set(told) - alerted_by(event, notice, registry, day), registry, day)


def _told(routed: RoutedNotice) -> set[str]:
    """Who has the notice with this step; who got a stub needs no second one."""
    return {recipient.agency for recipient in routed.recipients if recipient.why[0].role != "former-recipient"}
