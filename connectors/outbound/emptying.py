"""An outbox is emptied, and what its agency may still see is written again with the same ids (DESIGN §6).

New copies are written and confirmed first, then the log is deleted up to where it ended before: killed in between, some stand
there twice, none is lost, and the next run does it once more. Workers go on writing meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log, LogRecord
from hub.ports import Publisher
from schemas.errors import MalformedMessage, NotReady
from schemas.messages import AgencyNotice, LayoffAlert, Withheld
from schemas.topics import DELIVERIES, outbox
from schemas.wire import HUB, Message, event, header, read, type_of

AT_ONCE = 200
ANSWER_WITHIN = 20.0
Cut = Callable[[dict[str, Any]], dict[str, Any] | None]
"""A copy to what may stand in the outbox: the same, less, or None for nothing."""


@dataclass(slots=True)
class Emptied:
    """What became of the copies of one outbox. All are 0 where nothing of it had to go: then it stays as it is."""

    kept: int = 0
    cut: int = 0
    withheld: int = 0
    foreign: int = 0
    """Records that are no copies; nobody may know what stands in them, and they go."""

    def counts(self) -> dict[str, int]:
        """As they are told."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Again:
    """What is written again of an outbox: ids, notices, and the offsets at which it stands now."""

    done: Emptied = field(default_factory=Emptied)
    ids: set[str] = field(default_factory=set)
    notices: set[object] = field(default_factory=set)
    offsets: set[int] = field(default_factory=set)


class Emptying:
    """Of one hub's outboxes. `revision` of the registry is the one by which is cut."""

    def __init__(self, bootstrap: str, prefix: str, publisher: Publisher, revision: int) -> None:
        self._log = Log(bootstrap, prefix)
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._publisher = publisher
        self._prefix = prefix
        self._revision = revision

    def empty(self, agency: str, cut: Cut) -> Emptied:
        """Where some copy is not what may stand there, all of it is written again and the log before is deleted.

        NotReady where the broker does not take it: nothing is deleted then, and a repeat is safe.
        """
        topic = outbox(agency).name
        end = self._log.ends([topic]).get((topic, 0), 0)
        if all(_stays(record, cut) for record in self._records(topic, 0, end)):
            return Emptied()
        again = _Again()
        self._publish(again, self._rewritten(agency, topic, end, cut, again))
        self._repeat_later_steps(topic, end, again)
        self._delete(topic, end)
        return again.done

    def _records(self, topic: str, first: int, end: int) -> Iterator[LogRecord]:
        self._log.go_on_from({(topic, 0): first})
        return (record for record in self._log.read([topic]) if record.offset < end)

    def _rewritten(self, agency: str, topic: str, end: int, cut: Cut, again: _Again) -> Iterator[Message]:
        """The first record of each id: where a kill has left a second one, it is of the same copy, later and not more."""
        for record in self._records(topic, 0, end):
            event_id, copy = header(record.headers, "ce_id"), _copy_in(record)
            if copy is None or event_id is None:
                again.done.foreign += 1
            elif event_id not in again.ids:
                again.ids.add(event_id)
                again.notices.add(copy["receipt"])
                yield self._message(agency, record, event_id, copy, cut(copy), again.done)

    def _message(
        self, agency: str, record: LogRecord, event_id: str, copy: dict[str, Any], seen: dict[str, Any] | None, done: Emptied
    ) -> Message:
        """The copy as it may stand there, else the note that it is withheld."""
        if seen is None:
            done.withheld += 1
            said = Withheld(agency=agency, event_id=event_id, registry_revision=self._revision)
            kind = type_of("copy", "withheld")
            return event(self._prefix + DELIVERIES.name, agency, said, id=event_id, type=kind, source=HUB, time=record.at)
        done.kept, done.cut = done.kept + (seen == copy), done.cut + (seen != copy)
        return self._again(record, record.value if seen == copy else orjson.dumps(seen))

    def _again(self, record: LogRecord, value: bytes | None) -> Message:
        headers = tuple((name, held or b"") for name, held in record.headers)
        return Message(self._prefix + record.topic, record.key, value, headers, record.partition)

    def _publish(self, again: _Again, messages: Iterator[Message]) -> None:
        while part := list(islice(messages, AT_ONCE)):
            placed = self._publisher.publish(part)
            again.offsets.update(place.offset for place in placed if place.topic != self._prefix + DELIVERIES.name)

    def _repeat_later_steps(self, topic: str, end: int, again: _Again) -> None:
        """A step that a worker wrote meanwhile is not to stand before an earlier one of its notice: once more, after it."""
        while again.offsets and end < (reached := max(again.offsets) + 1):
            meanwhile = (record for record in self._records(topic, end, reached) if record.offset not in again.offsets)
            later = [record for record in meanwhile if (copy := _copy_in(record)) and copy["receipt"] in again.notices]
            end = reached
            self._publish(again, (self._again(record, record.value) for record in later))

    def _delete(self, topic: str, end: int) -> None:
        asked = self._admin.delete_records([TopicPartition(self._prefix + topic, 0, end)], request_timeout=ANSWER_WITHIN)
        try:
            for answer in asked.values():
                answer.result()
        except KafkaException as error:
            raise NotReady(f"{topic} could not be emptied: {error.args[0].str()}") from error


def _stays(record: LogRecord, cut: Cut) -> bool:
    copy = _copy_in(record)
    return copy is None or cut(copy) == copy


def _copy_in(record: LogRecord) -> dict[str, Any] | None:
    """The copy in a record; None where it is none, as in one that was put there by hand."""
    alert = f":{LayoffAlert.__name__}:" in (header(record.headers, "ce_dataschema") or "")
    try:
        read(LayoffAlert if alert else AgencyNotice, record.value, record.headers)
    except MalformedMessage:
        return None
    found: dict[str, Any] = orjson.loads(record.value or b"")
    return found
