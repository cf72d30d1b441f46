"""An outbox is emptied, and what its agency may still see is written again with the same ids (DESIGN §6).

New copies are written and confirmed first, then the log is deleted up to where it ended before: killed in between, some stand
there twice, none is lost, and the next run does it once more. Workers go on writing meanwhile. Before anything is written it is
tried whether the broker lets us delete: else each try would leave more behind.
"""

from collections.abc import Callable, Collection, Iterator
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

MakeRoom = Callable[[int, Collection[str]], Cut]
"""Is told once, before anything is written: the offset up to which all is written again, and the receipts that stand there.

The cut for writing again; NotReady where it is not the time yet.
"""


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
class _Rewriting:
    """One outbox: up to where it is written again, where the last record of each id stands, and how each is cut.

    Then what came of it: of which notices there are copies, and at which offsets they stand now.
    """

    agency: str
    topic: str
    end: int
    cut: Cut = lambda copy: copy
    last: dict[str, int] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)
    offsets: set[int] = field(default_factory=set)
    done: Emptied = field(default_factory=Emptied)


class Emptying:
    """Of one hub's outboxes. `revision` of the registry is the one by which is cut."""

    def __init__(self, bootstrap: str, prefix: str, publisher: Publisher, revision: int) -> None:
        self._log = Log(bootstrap, prefix)
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._publisher = publisher
        self._prefix = prefix
        self._revision = revision

    def empty(self, agency: str, cut: Cut, make_room: MakeRoom) -> Emptied:
        """Where some copy is not what may stand there, all of it is written again and the log before is deleted.

        NotReady where the broker does not take it: nothing is deleted then, and a repeat is safe.
        """
        topic = outbox(agency).name
        first, end = (asked([topic]).get((topic, 0), 0) for asked in (self._log.starts, self._log.ends))
        if all(_stays(record, cut) for record in self._records(topic, 0, end)):
            return Emptied()
        self._delete(topic, first)
        work = _Rewriting(agency, topic, end)
        self._look_through(work)
        work.cut = make_room(end, work.notices)
        self._publish(work, self._rewritten(work))
        self._repeat_later_steps(work)
        self._delete(topic, end)
        return work.done

    def _records(self, topic: str, first: int, end: int) -> Iterator[LogRecord]:
        self._log.go_on_from({(topic, 0): first})
        return (record for record in self._log.read([topic]) if record.offset < end)

    def _look_through(self, work: _Rewriting) -> None:
        """Of a copy that stands there twice the later record counts: it comes after all steps before it."""
        for record in self._records(work.topic, 0, work.end):
            event_id, copy = header(record.headers, "ce_id"), _copy_in(record)
            if copy is None or event_id is None:
                work.done.foreign += 1
            else:
                work.last[event_id] = record.offset
                work.notices.add(copy["receipt"])

    def _rewritten(self, work: _Rewriting) -> Iterator[Message]:
        for record in self._records(work.topic, 0, work.end):
            event_id, copy = header(record.headers, "ce_id"), _copy_in(record)
            if copy is not None and event_id is not None and work.last.get(event_id) == record.offset:
                yield self._message(work, record, event_id, copy)

    def _message(self, work: _Rewriting, record: LogRecord, event_id: str, copy: dict[str, Any]) -> Message:
        """The copy as it may stand there, else the note that it is withheld."""
        seen, done = work.cut(copy), work.done
        if seen is None:
            done.withheld += 1
            said = Withheld(agency=work.agency, event_id=event_id, registry_revision=self._revision)
            kind = type_of("copy", "withheld")
            return event(self._prefix + DELIVERIES.name, work.agency, said, id=event_id, type=kind, source=HUB, time=record.at)
        done.kept, done.cut = done.kept + (seen == copy), done.cut + (seen != copy)
        return self._again(record, record.value if seen == copy else orjson.dumps(seen))

    def _again(self, record: LogRecord, value: bytes | None) -> Message:
        headers = tuple((name, held or b"") for name, held in record.headers)
        return Message(self._prefix + record.topic, record.key, value, headers, record.partition)

    def _publish(self, work: _Rewriting, messages: Iterator[Message]) -> None:
        while part := list(islice(messages, AT_ONCE)):
            placed = self._publisher.publish(part)
            work.offsets.update(place.offset for place in placed if place.topic != self._prefix + DELIVERIES.name)

    def _repeat_later_steps(self, work: _Rewriting) -> None:
        """A step that a worker wrote meanwhile is not to stand before an earlier one of its notice: once more, after it."""
        first = work.end
        while work.offsets and first < (reached := max(work.offsets) + 1):
            meanwhile = (record for record in self._records(work.topic, first, reached) if record.offset not in work.offsets)
            later = [record for record in meanwhile if (copy := _copy_in(record)) and copy["receipt"] in work.notices]
            first = reached
            self._publish(work, (self._again(record, record.value) for record in later))

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
