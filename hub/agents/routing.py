"""Routing: for each step of a notice, who should know and why."""

import orjson

from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Agent, Plan, Record
from hub.agents.state import PartitionState
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
        at, key = moment(record), event.receipt.encode()
        told_before = state.values.get(key, b"").decode().split()
        if notice is None:
            routed = ended(event, told_before, hand.registry(), decided_as_of=at)
        else:
            routed = with_former(route(event, notice, hand.registry(), day_of(at), decided_as_of=at), told_before)
        event_id = event_id_of(event.receipt, event.step, "routed")
        said = hand.say(topics.ROUTED, event.employer_key, routed, event_id, f"notice.{event.kind}.routed", at)
        clocks = (_clock(hand, routed),) if routed.held_until else ()
        return Plan((said, *clocks), ((key, _told(routed)),))

    return Agent("routing", topics.EVENTS, topics.ROUTING_STATE, step, hand.set_aside("routing"))


def _clock(hand: Hand, routed: RoutedNotice) -> Message:
    """Asks for the release at the end of the embargo; a later step of the notice makes it void."""
    event, due = routed.event, routed.held_until or routed.decided_as_of
    change = event_id_of(event.receipt, event.step, "release")
    named = {"source": event.source, "id": event.id}
    body = {"id": change, "releases": named, "step": event.step, "notice": event.notice}
    clock = Clock(
        kind="release", due=due, sender=event.sender, source=event.source, change=change, body=orjson.dumps(body).decode()
    )
    return hand.say(topics.CLOCKS, change, clock, change, "clock.release", routed.decided_as_of)


def _told(routed: RoutedNotice) -> bytes | None:
    """Who has the notice with this step; who got a stub needs no second one. None = nobody."""
    present = (recipient.agency for recipient in routed.recipients if recipient.why[0].role != "former-recipient")
    return " ".join(sorted(present)).encode() or None
