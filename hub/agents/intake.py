"""Intake, the one door: each submission gets one verdict, and each accepted one its place in an employer's history."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import orjson

from hub.agents.answering import Answering
from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Agent, Plan, Record
from hub.agents.state import PartitionState
from hub.core.admission import Said, admit_said, read_said
from hub.core.masking import kept_body, mask, personal_codes
from hub.core.registry import Registry
from hub.core.remembering import key_of, known_in, marks_of, own_receipt, owner_of, was_said
from hub.core.representing import speaker
from hub.core.steps import Step, change_in, named_in, owner_in, take
from schemas import topics
from schemas.agency import Agency
from schemas.changes import named_in_tree
from schemas.errors import Conflict, Finding, HubError, MalformedMessage, NotPermitted, Refusal
from schemas.ids import event_id_of, receipt_of
from schemas.messages import Answered, EmployerEvent, RefusedNotice, RepeatedNotice, Submission
from schemas.topics import LARGEST_INPUT, LARGEST_MESSAGE
from schemas.wire import Message, read


@dataclass(frozen=True)
class Arrived:
    """A submission that was read: what is said in it, in whose name, of which notice, under whose name that stands."""

    record: Record
    submission: Submission
    sender: Agency
    owner: Agency
    said: Said
    receipt: str

    @property
    def sent_by(self) -> str | None:
        """Who said it, where that is another agency than the one in whose name it was."""
        return self.submission.sender if self.submission.sender != self.sender.id else None

    @cached_property
    def notice_key(self) -> bytes:
        """Under which key the notice is remembered."""
        return key_of(self.receipt)

    @cached_property
    def own_key(self) -> bytes:
        """Under which key what is said is remembered: changes and notices of a source share one space of ids."""
        return key_of(own_receipt(self.said, self.owner.id)) if change_in(self.said) else self.notice_key


def intake(hand: Hand) -> Agent:
    """The agent over notices.received. Its state: by receipt what is known of a notice, or a change's content."""

    def step(record: Record, state: PartitionState) -> Plan:
        try:
            submission = read(Submission, record.value, record.headers)
        except MalformedMessage as error:
            return _by_hand(hand, record, error)
        sender = submission.sender
        try:
            if submission.answers is not None:
                return _answer(hand, state, record, submission, submission.answers)
            said = _said_in(submission)
            sender = _in_name_of(hand, record, submission, said)
            return _take(hand, state, _read(hand, record, submission, said, sender))
        except (Refusal, Conflict) as error:
            return Plan((_refusal(hand, record, submission, sender, error),))

    return Agent("intake", topics.RECEIVED, topics.INTAKE_STATE, step, lambda record: _set_aside(hand, record))


def _said_in(submission: Submission) -> Said:
    largest = LARGEST_MESSAGE if submission.way == "clock" else LARGEST_INPUT  # the hub's own word about a notice: it grew
    return read_said(submission.body.encode("utf-8", "surrogatepass"), largest)


def _in_name_of(hand: Hand, record: Record, submission: Submission, said: Said) -> str:
    """As whose word it counts; what a clock says was admitted before, and its sender may be gone."""
    if submission.way == "clock":
        return submission.sender
    return speaker(submission.sender, submission.on_behalf_of, said, hand.registry(), day_of(moment(record)))


def _read(hand: Hand, record: Record, submission: Submission, said: Said, name: str) -> Arrived:
    registry, day = hand.registry(), day_of(moment(record))
    sender = _agency(name, registry)
    by_clock = submission.way == "clock"
    if findings := () if by_clock else admit_said(said, sender, registry, day):
        raise Refusal(f"{len(findings)} findings", findings)
    owner = _owner(said, sender, registry, day, by_clock)
    return Arrived(record, submission, sender, owner, said, receipt_of(owner.id, *named_in(said)))


def _agency(name: str, registry: Registry) -> Agency:
    found = registry.agency(name)
    if found is None:
        raise NotPermitted("no such agency", (Finding(rule="unknown-sender", place="", message="no such agency"),))
    return found


def _answer(hand: Hand, state: PartitionState, record: Record, submission: Submission, answered: Answered) -> Plan:
    """An answer to a notice is no step of it: what is known of the notice stays as it is."""
    answering = Answering(record, submission.body, answered, _agency(submission.sender, hand.registry()))
    taken = answering.take(hand, state)
    if taken is None:
        return Plan((_repeat(hand, record, answering.id, submission.sender),))
    event, update = taken
    return Plan((event,), (update,))


def _owner(said: Said, sender: Agency, registry: Registry, day: date, by_clock: bool) -> Agency:
    """Whose the notice is. The hub's own clock needs no right to speak of it."""
    named = registry.agency(owner_in(said, sender.id))
    return named if by_clock and named is not None else owner_of(said, sender, registry, day)


def _take(hand: Hand, state: PartitionState, arrived: Arrived) -> Plan:
    """Its steps in the history, or a repeat; and what is to be remembered."""
    if was_said(arrived.said, state.values.get(arrived.own_key)):
        return Plan((_repeat_of(hand, arrived),))
    by_clock = arrived.submission.way == "clock"
    taken = take(arrived.said, known_in(state.values.get(arrived.notice_key)), arrived.owner, by_clock)
    updates = {arrived.notice_key: taken.known.encode()} if taken.known else {}
    if taken.refusal:
        refused = _refusal(hand, arrived.record, arrived.submission, arrived.sender.id, taken.refusal)
        return Plan((refused,), tuple(updates.items()))
    if change_in(arrived.said):
        updates[arrived.own_key] = marks_of(arrived.said)[0]
    outputs = tuple(_accepted(hand, arrived, step) for step in taken.steps)
    return Plan(outputs or (_repeat_of(hand, arrived),), tuple(updates.items()))


def _accepted(hand: Hand, arrived: Arrived, taken: Step) -> Message:
    at, change = moment(arrived.record), change_in(arrived.said)
    source, name = named_in(arrived.said)
    step = EmployerEvent(
        receipt=arrived.receipt,
        step=taken.number,
        kind=taken.kind,
        type=taken.type,
        sender=arrived.sender.id,
        source=source,
        id=name,
        employer_key=taken.employer_key,
        received_at=at,
        origin=hand.origin(arrived.record),
        historic=taken.notice.historic if taken.notice else False,
        change=change.id if change else None,
        reason=change.reason if change else None,
        withdrawn_before=taken.withdrawn_before,
        released=taken.released,
        owner=arrived.owner.id if arrived.owner is not arrived.sender else None,
        sent_by=arrived.sent_by,
        notice=taken.notice.model_dump(mode="json", exclude_none=True) if taken.notice else {},
    )
    event_id = event_id_of(step.receipt, step.step, "event")
    return hand.say(topics.EVENTS, step.employer_key, step, event_id, f"{step.type}.{step.kind}", at)


def _repeat_of(hand: Hand, arrived: Arrived) -> Message:
    return _repeat(hand, arrived.record, arrived.receipt, arrived.sender.id, arrived.sent_by)


def _repeat(hand: Hand, record: Record, receipt: str, sender: str, sent_by: str | None = None) -> Message:
    at, origin = moment(record), hand.origin(record)
    repeated = RepeatedNotice(receipt=receipt, sender=sender, received_at=at, origin=origin, sent_by=sent_by)
    return hand.say(topics.REPEATED, _key(record), repeated, _verdict_id(record), "notice.repeated", at)


# What is not taken


def _refusal(hand: Hand, record: Record, submission: Submission, sender: str, error: HubError) -> Message:
    source, name = _named(submission)
    body = kept_body(submission.body, error.findings)
    refused = RefusedNotice(
        sender=_shown(sender), source=source, id=name, verdict="refused", code=error.code, findings=error.findings,
        received_at=moment(record), origin=hand.origin(record), body=body,
        sent_by=_shown(submission.sender) if sender != submission.sender else None,
    )  # fmt: skip
    return _say_refused(hand, record, refused)


def _by_hand(hand: Hand, record: Record, error: MalformedMessage) -> Plan:
    """Bytes that no door of ours wrote: refused without a sender, and kept masked among the dead letters."""
    return Plan(
        (
            _say_refused(hand, record, _nobodys(hand, record, error.code, error.findings)),
            *hand.bury(record, "intake", error).outputs,
        )
    )


def _set_aside(hand: Hand, record: Record) -> Plan:
    why = "the hub failed three times at this submission; the operator has been told"
    refused = _nobodys(hand, record, "quarantined", (Finding(rule="quarantined", place="", message=why),))
    quarantined = refused.model_copy(update={"verdict": "quarantined"} | _sender_in(record))
    return Plan((_say_refused(hand, record, quarantined), *hand.set_aside("intake")(record).outputs))


def _sender_in(record: Record) -> dict[str, str | None]:
    """Who sent what, as far as it can be told of a record at which the step fails."""
    try:
        submission = read(Submission, record.value, record.headers)
        source, name = _named(submission)
    except Exception:  # the step failed at this record: whatever it was may fail here too, and setting aside may not
        return {}
    return {"sender": _shown(submission.sender), "source": source, "id": name}


def _shown(agency: str) -> str | None:
    """An agency's id can be written so that it is a personal identity code."""
    return None if personal_codes(agency) else agency


def _nobodys(hand: Hand, record: Record, code: str, findings: tuple[Finding, ...]) -> RefusedNotice:
    return RefusedNotice(
        sender=None, source=None, id=None, verdict="refused", code=code, findings=findings,
        received_at=moment(record), origin=hand.origin(record), body=None,
    )  # fmt: skip


def _say_refused(hand: Hand, record: Record, refused: RefusedNotice) -> Message:
    return hand.say(topics.REFUSED, _key(record), refused, _verdict_id(record), "notice.refused", refused.received_at)


def _named(submission: Submission) -> tuple[str | None, str | None]:
    """Source and id as far as the body tells them, masked."""
    try:
        body = orjson.loads(submission.body)
    except orjson.JSONDecodeError:
        return None, None
    source, name = (mask(value.strip())[:200] if isinstance(value, str) else None for value in named_in_tree(body))
    return source, name


def _key(record: Record) -> str:
    return mask((record.key or b"").decode("utf-8", "backslashreplace"))


def _verdict_id(record: Record) -> str:
    """The same at every replay of the same record."""
    return event_id_of(record.topic, record.offset, "verdict", str(record.partition))
