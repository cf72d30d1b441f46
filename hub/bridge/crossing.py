"""From a record of an inbox to what is written for it: a submission, or a refusal that its sender can read. Pure.

The topic names who says it: only that agency may write to it. What body, event or headers say of another agency, in whose name
it would be, is noted with the submission, and intake refuses it unless the registry allows it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator

import orjson

from hub.bridge.record import Arrived
from hub.core.admission import Said, read_said
from hub.core.conformance import MARKED
from hub.core.dead import dead_letter
from hub.core.masking import kept_body, mask, personal_codes
from hub.core.representing import HEADER, agreed, claimed_by_source, claimed_in, refuse_to_speak
from hub.core.steps import named_in, owner_in
from hub.core.submitting import SEPARATOR, agency_urn, submission_record
from schemas.changes import named_in_tree
from schemas.errors import Finding, HubError, Misconfigured, NotPermitted, Refusal
from schemas.ids import IS_AGENCY, event_id_of
from schemas.messages import Coordinates, RefusedNotice, Submission
from schemas.topics import RECEIVED, REFUSED, inbox_owner
from schemas.wire import HUB, Message, event, header, type_of

Unwrap = Callable[[bytes], tuple[Said, bytes]]
"""Takes the envelope of a CloudEvent in structured mode off: the notice in it, and that notice's own bytes."""

STRUCTURED = "application/cloudevents+json"

_ESCAPED_BLANK = re.compile(r"\\[bfnrt]")


class Crossing:
    """What becomes of each record; the same record gives the same messages with the same ids."""

    def __init__(self, prefix: str, unwrap: Unwrap) -> None:
        self._prefix = prefix
        self._unwrap = unwrap

    def __call__(self, record: Arrived) -> tuple[Message, ...]:
        """What is to be written. One record that cannot be understood costs no other one."""
        try:
            return (self._submission(record),)
        except Refusal as error:
            return (self._say(refusal(record, error)),)
        except (MemoryError, Misconfigured):  # no record is to blame: only more memory or an update mends it
            raise
        except Exception as error:
            return self._set_aside(record, error)

    def _submission(self, record: Arrived) -> Message:
        """Keyed and numbered as the API does it, so that a repeat by the other way is one."""
        sender, (said, body) = _sender(record), self._read(record)
        source, _ = named_in(said)
        asked = agreed(sender, *_claims(record), claimed_in(said))
        sent = Submission(sender=sender, way="inbox", body=body.decode(), on_behalf_of=asked)
        owner, topic = owner_in(said, asked or sender), self._prefix + RECEIVED.name
        return submission_record(topic, sent, owner, (source, said.id), agency_urn(sender), record.at)

    def _read(self, record: Arrived) -> tuple[Said, bytes]:
        """The notice bare or in binary mode, where its bytes are the value; or inside an event in structured mode."""
        if (header(record.headers, "ce_test") or "false").lower() != "false":
            raise Refusal("a test", (MARKED,))
        return self._unwrap(record.value) if _is_structured(record) else (read_said(record.value), record.value)

    def _set_aside(self, record: Arrived, error: Exception) -> tuple[Message, ...]:
        """A flaw of ours: the sender hears of it, the operator finds the record among the dead letters."""
        refused = refusal(record, HubError("the hub failed at this record", (_OURS,)))
        facts = {"by": "bridge", "code": "step-failed", "detail": type(error).__name__, "topic": record.topic}
        facts |= {"partition": str(record.partition), "offset": str(record.offset), "at": record.at.isoformat()}
        letter = dead_letter(None, record.value, record.headers, facts, self._prefix)
        return self._say(refused.model_copy(update={"verdict": "quarantined", "code": "quarantined"})), letter

    def _say(self, refused: RefusedNotice) -> Message:
        at = refused.origin
        return event(
            self._prefix + REFUSED.name,
            (refused.sender or "") + SEPARATOR + (refused.source or ""),
            refused,
            id=event_id_of(self._prefix + at.topic, at.offset, "verdict", str(at.partition)),
            type=type_of("notice", "refused"),
            source=HUB,
            time=refused.received_at,
        )


_OURS = Finding(rule="step-failed", place="", message="the hub failed at this record; its operator has it and will look")


def refusal(record: Arrived, error: HubError) -> RefusedNotice:
    """The record as one that was not taken, with every reason and nothing that may not be kept."""
    source, name = _named(record.value)
    return RefusedNotice(
        sender=inbox_owner(record.topic),
        source=source,
        id=name,
        verdict="refused",
        code=error.code,
        findings=error.findings,
        received_at=record.at,
        origin=Coordinates(topic=record.topic, partition=record.partition, offset=record.offset),
        body=_shown(record.value, error.findings),
    )


def _is_structured(record: Arrived) -> bool:
    media = (header(record.headers, "content-type") or "").partition(";")[0].strip().lower()
    return media == STRUCTURED


def _claims(record: Arrived) -> Iterator[str | None]:
    """In whose name the record says that it is, beside its body. Misspelt names are those of no agency, and refused as such."""
    told = [(name.lower(), value) for name, value in record.headers if name.lower() == HEADER.lower()]
    if len(told) > 1:
        refuse_to_speak(f"send the header {HEADER} once")
    source = json.loads(record.value).get("source") if _is_structured(record) else header(record.headers, "ce_source")
    for name in (header(told, HEADER.lower()), claimed_by_source(source)):
        if name is not None and not IS_AGENCY.fullmatch(name):
            refuse_to_speak("the agency that is named has no id of an agency: small letters, digits and single hyphens")
        yield name


def _sender(record: Arrived) -> str:
    if sender := inbox_owner(record.topic):
        return sender
    raise NotPermitted("this is no agency's inbox", (Finding(rule="unknown-sender", place="", message="no such agency"),))


def _named(value: bytes) -> tuple[str | None, str | None]:
    """Source and id as far as they can be read, masked; those of the notice where an event is around it."""
    try:
        body = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None, None
    if isinstance(body, dict) and isinstance(body.get("data"), dict):
        body = body["data"]
    source, name = (mask(text.strip())[:200] if isinstance(text, str) else None for text in named_in_tree(body))
    return source, name


def _shown(value: bytes, findings: Iterable[Finding]) -> str | None:
    """The body for its sender to read; None where it is no text, or where masking cannot reach a code in it."""
    try:
        masked = kept_body(value.decode(), findings)
    except UnicodeDecodeError:
        return None
    hidden = masked is None or "\x00" in masked or personal_codes(_ESCAPED_BLANK.sub(" ", masked))
    return None if hidden else masked
