"""Intake, the one door: each submission gets one verdict, and each accepted one its place in an employer's history."""

import hashlib
from dataclasses import dataclass

import orjson

from hub.agents.hand import Hand, day_of, moment
from hub.agents.plan import Agent, Plan, Record
from hub.agents.state import PartitionState
from hub.core.admission import AnyNotice, admit, digest, employer_key, read_notice
from hub.core.masking import mask, personal_codes
from schemas import topics
from schemas.agency import Agency
from schemas.errors import Conflict, Finding, HubError, MalformedMessage, NotPermitted, Refusal
from schemas.ids import event_id_of, receipt_of
from schemas.messages import EmployerEvent, RefusedNotice, RepeatedNotice, Submission
from schemas.wire import Message, read

LONGEST_KEPT = 64 * 1024
"""Characters of a refused body that are kept for its sender to read."""


@dataclass(frozen=True, slots=True)
class Said:
    """A submission that was read: the notice in it, and who sends it."""

    submission: Submission
    sender: Agency
    notice: AnyNotice
    receipt: str


def intake(hand: Hand) -> Agent:
    """The agent over notices.received."""

    def step(record: Record, state: PartitionState) -> Plan:
        try:
            submission = read(Submission, record.value, record.headers)
        except MalformedMessage as error:
            return _by_hand(hand, record, error)
        try:
            return _take(hand, record, state, _read(hand, record, submission))
        except (Refusal, Conflict) as error:
            return Plan((_refusal(hand, record, submission, error),))

    return Agent("intake", topics.RECEIVED, topics.INTAKE_STATE, step, lambda record: _set_aside(hand, record))


def _read(hand: Hand, record: Record, submission: Submission) -> Said:
    registry, day = hand.registry(), day_of(moment(record))
    sender = registry.agency(submission.sender)
    if sender is None:
        raise NotPermitted("no such agency", (Finding(rule="unknown-sender", place="", message="no such agency"),))
    notice = read_notice(submission.body.encode("utf-8", "surrogatepass"))
    if findings := admit(notice, sender, registry, day):
        raise Refusal(f"{len(findings)} findings", findings)
    return Said(submission, sender, notice, receipt_of(sender.id, notice.source, notice.id))


def _take(hand: Hand, record: Record, state: PartitionState, said: Said) -> Plan:
    """Accepted, or a repeat, or the same identity with another content."""
    key, content = said.receipt.encode(), _content(said.notice)
    known = state.values.get(key)
    if known == content:
        return Plan((_repeat(hand, record, said),))
    if known is not None:
        raise Conflict("this id was sent before with another content", (_CONFLICT,))
    return Plan((_accepted(hand, record, said),), ((key, content),))


_CONFLICT = Finding(
    rule="conflict", place="/id", message="this id was sent before with another content; use a new id for a new notice"
)


def _content(notice: AnyNotice) -> bytes:
    """Compact: with a million ids each byte counts."""
    return hashlib.blake2b(digest(notice).encode(), digest_size=16).digest()


def _accepted(hand: Hand, record: Record, said: Said) -> Message:
    notice, at = said.notice, moment(record)
    step = EmployerEvent(
        receipt=said.receipt,
        step=1,
        kind=notice.kind,
        sender=said.sender.id,
        source=notice.source,
        id=notice.id,
        employer_key=employer_key(notice, said.sender),
        received_at=at,
        origin=hand.origin(record),
        historic=notice.historic,
        notice=notice.model_dump(mode="json", exclude_none=True),
    )
    event_id = event_id_of(step.receipt, step.step, "event")
    return hand.say(topics.EVENTS, step.employer_key, step, event_id, f"notice.{step.kind}", at)


def _repeat(hand: Hand, record: Record, said: Said) -> Message:
    at, origin = moment(record), hand.origin(record)
    repeated = RepeatedNotice(receipt=said.receipt, sender=said.sender.id, received_at=at, origin=origin)
    return hand.say(topics.REPEATED, _key(record), repeated, _verdict_id(record), "notice.repeated", at)


# What is not taken


def _refusal(hand: Hand, record: Record, submission: Submission, error: HubError) -> Message:
    source, name = _named(submission)
    body = mask(submission.body)[:LONGEST_KEPT]
    refused = RefusedNotice(
        sender=_sender(submission), source=source, id=name, verdict="refused", code=error.code, findings=error.findings,
        received_at=moment(record), origin=hand.origin(record), body=body,
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
    return {"sender": _sender(submission), "source": source, "id": name}


def _sender(submission: Submission) -> str | None:
    """An agency's id can be written so that it is a personal identity code."""
    return None if personal_codes(submission.sender) else submission.sender


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
    found = (body.get("source"), body.get("id")) if isinstance(body, dict) else (None, None)
    source, name = (mask(value.strip())[:200] if isinstance(value, str) else None for value in found)
    return source, name


def _key(record: Record) -> str:
    return mask((record.key or b"").decode("utf-8", "backslashreplace"))


def _verdict_id(record: Record) -> str:
    """The same at every replay of the same record."""
    return event_id_of(record.topic, record.offset, "verdict", str(record.partition))
