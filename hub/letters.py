"""What is done about dead letters: they are listed, and what only lacked its topic is sent again where it belongs.

A copy or alert whose outbox was gone stands whole in its letter, with the id that it would have had there. Sent again it is
the same event, cut to what its agency may see today; where it is in the outbox by now, or a later step of the same notice and
lane is, it stays in its letter: nobody who has step n needs step n or below. Letters of other kinds are for reading; their
senders have the refusal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import orjson

from connectors.inbound.log import Log, LogRecord
from hub.core.dead import OWN
from hub.core.masking import MASK
from hub.core.narrowing import as_it_may_stand
from hub.wiring import Wiring
from schemas.acknowledgement import AgencyAcknowledgement
from schemas.topics import DEAD_LETTERS, outbox_owner
from schemas.wire import Message, header, is_of

Cut = Callable[[str, dict[str, Any]], dict[str, Any] | None]
"""Agency and copy to what the agency may see of it; None for nothing."""
_VANISHED = "topic-vanished"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter: where it stands, who gave up, why, and what was to have gone where."""

    partition: int
    offset: int
    at: str
    by: str
    code: str
    detail: str
    topic: str
    """The topic that the record was of, or was meant for, without the prefix."""
    record: LogRecord

    @property
    def event_id(self) -> str:
        """The id of the event in it; empty where it is none."""
        return header(self.record.headers, "ce_id") or ""

    def row(self) -> dict[str, object]:
        """As it is listed: nothing of its content."""
        names = ("partition", "offset", "at", "by", "code", "detail", "topic", "event_id")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Resent:
    """How many letters were sent again, how many need not be, and how many cannot be."""

    sent: int = 0
    there: int = 0
    cannot: int = 0


def letters(wiring: Wiring) -> Iterator[Letter]:
    """Every dead letter that the log still holds, partition by partition."""
    log = Log(wiring.bootstrap, wiring.prefix)
    for record in log.read([DEAD_LETTERS.name]):
        yield _letter(record, wiring.prefix)


def resend(wiring: Wiring, day: date) -> Resent:
    """Send again what only lacked its topic, by the rights of that day."""
    found, waiting = Resent(), dict[str, list[Letter]]()
    cut = partial(as_it_may_stand, registry=wiring.current_registry(), day=day)
    for letter in letters(wiring):
        if _is_whole(letter):
            waiting.setdefault(letter.topic, []).append(letter)
        else:
            found.cannot += 1
    for topic, of_topic in waiting.items():
        _resend_to(wiring, topic, of_topic, found, cut)
    return found


def _letter(record: LogRecord, prefix: str) -> Letter:
    told = {name: header(record.headers, OWN + name) or "" for name in ("by", "code", "detail", "topic")}
    told["topic"] = told["topic"].removeprefix(prefix)
    return Letter(partition=record.partition, offset=record.offset, at=record.at.isoformat(), record=record, **told)


def _is_whole(letter: Letter) -> bool:
    """Whether it was meant for an outbox, and nothing was struck out of it."""
    value = letter.record.value
    meant = letter.code == _VANISHED and outbox_owner(letter.topic) is not None
    return meant and value is not None and MASK.encode() not in value and bool(letter.event_id)


def _resend_to(wiring: Wiring, topic: str, of_topic: list[Letter], found: Resent, cut: Cut) -> None:
    log = Log(wiring.bootstrap, wiring.prefix)
    if topic not in log.topics():
        found.cannot += len(of_topic)
        return
    steps = dict[tuple[str, bool], int]()
    for record in log.read([topic]):
        _note(steps, record)
    for letter in of_topic:
        name, step = _step_of(letter.record)
        if steps.get(name, 0) >= step:
            found.there += 1
        elif (message := _as_it_may_be(letter, wiring.prefix, cut)) is None:
            found.cannot += 1
        else:
            wiring.publisher.publish([message])
            _note(steps, letter.record)
            found.sent += 1


def _note(steps: dict[tuple[str, bool], int], record: LogRecord) -> None:
    name, step = _step_of(record)
    steps[name] = max(steps.get(name, 0), step)


def _step_of(record: LogRecord) -> tuple[tuple[str, bool], int]:
    """Receipt and lane (alert or notice) of a copy, and its step; of an answer its id, and 1; 0 for what is no copy."""
    if is_of(AgencyAcknowledgement, record.headers):
        return (header(record.headers, "ce_id") or "", False), 1
    alert = ".alert." in (header(record.headers, "ce_type") or "")
    try:
        told = orjson.loads(record.value or b"")
        return (str(told["receipt"]), alert), int(told["step"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return ("", alert), 0


def _as_it_may_be(letter: Letter, prefix: str, cut: Cut) -> Message | None:
    """The copy by the rights of today; None where its agency may see nothing of it any more."""
    copy = orjson.loads(letter.record.value or b"")
    seen = cut(outbox_owner(letter.topic) or "", copy)
    if seen is None:
        return None
    kept = tuple((name, value or b"") for name, value in letter.record.headers if not name.startswith(OWN))
    return Message(prefix + letter.topic, letter.record.key, letter.record.value if seen == copy else orjson.dumps(seen), kept)
