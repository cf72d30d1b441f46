"""An outbox is emptied, and what its agency may still see is written again with the same ids (DESIGN §6).

New copies are written and confirmed first, then the log is deleted up to where it ended before: killed in between, some stand
there twice, none is lost. Up to where all is written again is noted before the first copy is: whoever comes after a kill does the
same once more, in the same order, and so does who finds that the broker has forgotten the deletion. Workers go on writing
meanwhile. Before anything is written it is tried whether the broker lets us delete: else each try would leave more behind.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

import orjson
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log, LogRecord
from hub.core.in_force import Begun
from hub.ports import Publisher
from schemas.acknowledgement import AgencyAcknowledgement
from schemas.errors import MalformedMessage, NotReady
from schemas.messages import AgencyNotice, LayoffAlert, Withheld
from schemas.topics import DELIVERIES, outbox
from schemas.wire import HUB, Message, event, header, is_of, read, type_of

AT_ONCE = 200
ANSWER_WITHIN = 20.0
Cut = Callable[[dict[str, Any]], dict[str, Any] | None]
"""A copy to what may stand in the outbox: the same, less, or None for nothing."""


class Surroundings(Protocol):
    """What an emptying asks beside Kafka, of the outbox of one agency."""

    def begun(self) -> Begun | None:
        """The emptying that was noted last."""

    def begin(self, end: int) -> Begun:
        """Note, and make sure of it, that all up to that offset is to be written again. NotReady where it is not the time yet."""

    def hold(self) -> None:
        """Make sure that nobody else can have begun meanwhile. NotReady where that is not sure."""

    def may_stand(self, copy: dict[str, Any]) -> dict[str, Any] | None:
        """What may stand there of a copy."""

    def to_write_again(self, receipts: Collection[str]) -> Cut:
        """The same for copies of these notices, but None where they were erased."""


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

    Then what came of it: of which notices and employers there are copies, and at which offsets they stand now.
    """

    agency: str
    topic: str
    end: int
    cut: Cut = lambda copy: copy
    last: dict[str, int] = field(default_factory=dict)
    notices: set[str] = field(default_factory=set)
    employers: set[bytes | None] = field(default_factory=set)
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

    def is_needed(self, agency: str, around: Surroundings) -> bool:
        """Whether something stands there that may not, or an emptying was begun and not ended."""
        topic = outbox(agency).name
        first, end = self._reach(topic)
        if _is_open(around.begun(), first, end):
            return True
        return not all(_stays(record, around.may_stand) for record in self._records(topic, 0, end))

    def is_begun(self, agency: str, around: Surroundings) -> bool:
        """Whether an emptying was begun and not ended."""
        return _is_open(around.begun(), *self._reach(outbox(agency).name))

    def empty(self, agency: str, around: Surroundings) -> Emptied:
        """Write all of it again, and delete what stood there before.

        NotReady where the broker does not take it: nothing is deleted then, and a repeat is safe.
        """
        topic = outbox(agency).name
        first, end = self._reach(topic)
        self._delete(topic, first)
        begun = around.begun()
        work = _Rewriting(agency, topic, begun.end if begun and _is_open(begun, first, end) else around.begin(end).end)
        self._look_through(work)
        work.cut = around.to_write_again(work.notices)
        self._publish(work, self._rewritten(work))
        self._repeat_later_steps(work)
        around.hold()
        self._delete(topic, work.end)
        return work.done

    def _reach(self, topic: str) -> tuple[int, int]:
        return self._log.starts([topic]).get((topic, 0), 0), self._log.ends([topic]).get((topic, 0), 0)

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
                work.employers.add(record.key)

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
        """What a worker wrote meanwhile is not to stand before what came earlier of its employer: once more, after it.

        What has an id from before is not new: an emptying that was killed wrote it again.
        """
        first = work.end
        while work.offsets and first < (reached := max(work.offsets) + 1):
            later = [record for record in self._records(work.topic, first, reached) if _is_later(record, work)]
            first = reached
            self._publish(work, (self._again(record, record.value) for record in later))

    def _delete(self, topic: str, end: int) -> None:
        asked = self._admin.delete_records([TopicPartition(self._prefix + topic, 0, end)], request_timeout=ANSWER_WITHIN)
        try:
            for answer in asked.values():
                answer.result()
        except KafkaException as error:
            raise NotReady(f"{topic} could not be emptied: {error.args[0].str()}") from error


def _is_open(begun: Begun | None, first: int, end: int) -> bool:
    """Whether something stands there yet of what was to be deleted. A log that lost its end since is another one."""
    return begun is not None and first < begun.end <= end


def _is_later(record: LogRecord, work: _Rewriting) -> bool:
    copy = _copy_in(record)
    if copy is None or record.offset in work.offsets or (header(record.headers, "ce_id") or "") in work.last:
        return False
    return record.key in work.employers or copy["receipt"] in work.notices


def _stays(record: LogRecord, cut: Cut) -> bool:
    copy = _copy_in(record)
    return copy is not None and cut(copy) == copy


def _copy_in(record: LogRecord) -> dict[str, Any] | None:
    """The copy in a record; None where it is none, as in one that was put there by hand."""
    model = next((one for one in (LayoffAlert, AgencyAcknowledgement) if is_of(one, record.headers)), AgencyNotice)
    try:
        read(model, record.value, record.headers)
    except MalformedMessage:
        return None
    found: dict[str, Any] = orjson.loads(record.value or b"")
    return found
