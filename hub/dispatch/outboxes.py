"""Reads agencies' outboxes on from given places, and one record of them again. In no group: positions are the database's."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from hub.dispatch.consuming import cannot_read, settings
from schemas.errors import NotReady
from schemas.topics import outbox, outbox_owner

log = structlog.get_logger()

ANSWER_WITHIN = 10.0
_AGAIN_WITHIN = 5.0
Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class InOutbox:
    """A record of an agency's outbox."""

    agency: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Outboxes:
    """`follow` and `read` are for one thread, the rest for any.

    `epochs` tells the epochs of topics by their names without the prefix.
    """

    def __init__(self, bootstrap: str, epochs: Callable[[Collection[str]], Mapping[str, str]], prefix: str = "") -> None:
        self._prefix = prefix
        self._epochs = epochs
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        given = settings(bootstrap, f"{prefix}hub.webhooks.reader", "hub-webhooks")  # never committed: the library wants a name
        self._reader = Consumer(given | {"fetch.wait.max.ms": 100})  # at the first record: an alert does not wait for company
        one_by_one = {"fetch.wait.max.ms": 10, "enable.partition.eof": True, "queued.max.messages.kbytes": 1024}
        self._finder = Consumer(given | one_by_one)
        self._one_finds = threading.Lock()
        self._next: dict[str, int] = {}

    def epochs(self, agencies: Collection[str]) -> dict[str, str]:
        """The epoch of each outbox that is there. NotReady where the broker does not answer."""
        found = self._epochs([outbox(agency).name for agency in agencies])
        return {outbox_owner(name) or "": epoch for name, epoch in found.items()}

    def since(self, agency: str, moment: datetime) -> int:
        """The first offset that the broker took in at that moment or later; the end, where nothing did."""
        place = self._place(agency)
        # The end is asked for first: what comes meanwhile lies behind it.
        end = self._offset(place, OffsetSpec.latest())  # type: ignore[no-untyped-call]
        found = self._offset(place, OffsetSpec.for_timestamp(int(moment.timestamp() * 1000)))
        return found if found >= 0 else end

    def first(self, agency: str) -> int:
        """The first offset that the outbox still holds; its end where it holds nothing."""
        return self._offset(self._place(agency), OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def follow(self, wanted: Mapping[str, int]) -> None:
        """Read these outboxes, each on from that offset, and no other."""
        gone = [agency for agency in self._next if wanted.get(agency) != self._next[agency]]
        new = [agency for agency in wanted if self._next.get(agency) != wanted[agency]]
        if gone:
            self._reader.incremental_unassign([self._place(agency) for agency in gone])
        if new:
            self._reader.incremental_assign([self._place(agency, wanted[agency]) for agency in new])
        self._next = dict(wanted)

    def read(self, most: int, within: float) -> list[InOutbox]:
        """What comes next, at the most so many; waits so many seconds for the first."""
        first = self._reader.poll(within)
        messages = [] if first is None else [first, *self._reader.consume(most - 1, 0)]
        found = [record for message in messages if (record := self._record(message)) is not None]
        self._next.update({record.agency: record.offset + 1 for record in found})
        return found

    def again(self, agency: str, offset: int) -> InOutbox | None:
        """The record at that place; None where it is not there any more. NotReady where the broker does not answer."""
        found = self.part(agency, offset, 1)
        return found[0] if found and found[0].offset == offset else None

    def part(self, agency: str, offset: int, most: int) -> list[InOutbox]:
        """What stands there and behind it, at the most so many; nothing at the end. NotReady as above."""
        with self._one_finds:
            self._finder.assign([self._place(agency, offset)])
            try:
                first = self._finder.poll(_AGAIN_WITHIN)
                messages = [] if first is None else [first, *self._finder.consume(most - 1, 0)]
            finally:
                self._finder.unassign()
        if first is None or not _is_answer(first):
            raise NotReady(f"the outbox of {agency} cannot be read at this moment")
        return [record for message in messages if (record := self._record(message)) is not None]

    def close(self) -> None:
        """Read nothing more."""
        self._reader.close()
        self._finder.close()

    def _place(self, agency: str, offset: int | None = None) -> TopicPartition:
        name = self._prefix + outbox(agency).name
        return TopicPartition(name, 0) if offset is None else TopicPartition(name, 0, offset)

    def _offset(self, place: TopicPartition, spec: OffsetSpec) -> int:
        try:
            (asked,) = self._admin.list_offsets({place: spec}, request_timeout=ANSWER_WITHIN).values()
            return int(asked.result().offset)
        except KafkaException as error:
            raise NotReady(f"the broker does not tell how far {place.topic} goes") from error

    def _record(self, message: Message) -> InOutbox | None:
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:
                cannot_read("outboxes", error)
            return None
        agency = outbox_owner((message.topic() or "").removeprefix(self._prefix)) or ""
        headers = tuple(cast("list[tuple[str, bytes | None]]", message.headers() or []))
        return InOutbox(agency, cast("Any", message.offset()), message.key(), message.value(), headers)


def _is_answer(message: Message) -> bool:
    """Whether it is a record, or says that nothing more is there; anything else passes."""
    error = message.error()
    return error is None or error.code() == KafkaError._PARTITION_EOF
