"""Cases: the layoff alert leaves from here, two hops from the door, whatever routing and enrichment do."""

from collections.abc import Collection
from dataclasses import replace

import structlog

from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Agent, Plan, Record
from hub.agents.seen import Seen
from hub.agents.state import PartitionState
from hub.core.admission import notice_of
from hub.core.alerts import bare_alert, closing_alerts, concerned_by, layoff_alerts
from schemas import topics
from schemas.acknowledgement import Acknowledgement
from schemas.errors import MalformedMessage
from schemas.messages import EmployerEvent, LayoffAlert
from schemas.notice import DownsizingNotice
from schemas.wire import Message, is_of, read

log = structlog.get_logger()


def cases(hand: Hand) -> Agent:
    """The agent over employer.events that alerts change-security coordinators.

    Its state: by receipt, the agencies that the last step of a downsizing alerted.
    """

    def step(record: Record, state: PartitionState) -> Plan:
        if is_of(Acknowledgement, record.headers):  # nobody is alerted of what a desk says
            return Plan()
        try:
            event = read(EmployerEvent, record.value, record.headers)
        except MalformedMessage as error:
            return hand.bury(record, "cases", error)
        seen = Seen.of(state, event.receipt)
        if event.step <= seen.step:  # taken before a kill of intake, and written again by the next one
            return Plan()
        if event.type == "release":  # an embargo never held an alert back
            return Plan((), seen.after(event.step))
        alerts = _alerts(hand, event, record) if _alarms(event) else ()
        now = {alert.agency for alert in alerts}
        if any(alert.bare for alert in alerts):  # the rules failed: nobody can be told that it is over for them
            now |= seen.agencies
        over = _over(hand, event, record, seen.agencies - now)
        outputs = tuple(message for alert in (*alerts, *over) for message in _twice(hand, event, alert))
        return Plan(outputs, seen.after(event.step, now) if now or seen.step else ())

    return Agent("cases", topics.EVENTS, topics.CASES_STATE, step, hand.set_aside("cases"))


def _over(hand: Hand, event: EmployerEvent, record: Record, told: Collection[str]) -> tuple[LayoffAlert, ...]:
    """Where the registry fails, those who were alerted hear it all the same."""
    if not told:
        return ()
    try:
        registry = hand.registry()
        still = () if event.ends else concerned_by(notice_of(event), registry, day_of(moment(record)))
        return closing_alerts(event, told, registry.revision, still)
    except Exception as error:  # whatever is wrong with the event or the registry: it is over for them
        log.error("an alert ends without the rules", receipt=event.receipt, step=event.step, error=type(error).__name__)
        return closing_alerts(event, told, None)


def _alarms(event: EmployerEvent) -> bool:
    return event.kind == "downsizing" and not (event.historic or event.ends or event.withdrawn_before)


def _alerts(hand: Hand, event: EmployerEvent, record: Record) -> tuple[LayoffAlert, ...]:
    """Where the fold of the history fails, the bare alert still leaves (DESIGN §2)."""
    try:
        notice = notice_of(event)
        if isinstance(notice, DownsizingNotice):
            alerts = layoff_alerts(event, notice, hand.registry(), day_of(moment(record)))
            if any(alert.bare for alert in alerts):
                log.error("the rules failed, the alert goes out bare", receipt=event.receipt, step=event.step)
            return alerts
    except Exception as error:  # whatever is wrong with the event or the registry: the alert leaves, and the operator hears of it
        log.error("the alert goes out bare", receipt=event.receipt, step=event.step, error=type(error).__name__)
    return (bare_alert(event),)


def _twice(hand: Hand, event: EmployerEvent, alert: LayoffAlert) -> tuple[Message, Message]:
    """One event on the hub's topic and in the agency's outbox, under one id."""
    said = hand.say(topics.ALERTS, event.employer_key, alert, alert.event_id, "alert.layoff", event.received_at)
    return said, replace(said, topic=hand.prefix + topics.outbox(alert.agency).name)
