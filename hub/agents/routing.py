"""Routing: for each step of a notice, who should know and why."""

from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Agent, Plan, Record
from hub.agents.state import PartitionState
from hub.core.routing import route, with_former
from schemas import topics
from schemas.errors import MalformedMessage
from schemas.ids import event_id_of
from schemas.messages import EmployerEvent, RoutedNotice
from schemas.wire import read


def routing(hand: Hand) -> Agent:
    """The agent over employer.events. Its state: by receipt, the agencies that were told of a notice."""

    def step(record: Record, state: PartitionState) -> Plan:
        try:
            event = read(EmployerEvent, record.value, record.headers)
            notice = hand.notice_in(event)
        except MalformedMessage as error:
            return hand.bury(record, "routing", error)
        at, key = moment(record), event.receipt.encode()
        decided = route(event, notice, hand.registry(), day_of(at), decided_as_of=at)
        told_before = state.values.get(key, b"").decode().split()
        routed = with_former(decided, told_before)
        event_id = event_id_of(event.receipt, event.step, "routed")
        said = hand.say(topics.ROUTED, event.employer_key, routed, event_id, f"notice.{event.kind}.routed", at)
        return Plan((said,), ((key, _told(routed, told_before)),))

    return Agent("routing", topics.EVENTS, topics.ROUTING_STATE, step, hand.set_aside("routing"))


def _told(routed: RoutedNotice, before: list[str]) -> bytes:
    return " ".join(sorted({*before, *(recipient.agency for recipient in routed.recipients)})).encode()
