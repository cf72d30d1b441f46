"""The independent reader: a plain consumer over everything that the hub wrote, which decodes by itself."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from connectors.inbound.arrived import arrived
from hub.trials.soak.log import Alert, Copy, Log, Place, Seen, Step, Verdict
from hub.trials.soak.model import Lane
from hub.trials.soak.situations import PERSONAL_CODE, SECRET

OUTBOX = re.compile(r"agency\.([a-z0-9-]+)\.outbox")
_RESULTS = ("employer.events", "notices.refused", "notices.repeated", "alerts.layoff")
_CODE, _SECRET = PERSONAL_CODE.encode(), SECRET.encode()
_HIDDEN = (
    "homes grounds over_55_count text diary_number basis references access channel noted_on headcount legal_form "
    "growth_plans in_difficulty founded_on staff_group detail pay_subsidy proposal_given_on talks_start_on "
    "authority_notified_on on_behalf_of significant referral_number historic"
)
NOT_FOR_PARTNERS = frozenset(_HIDDEN.split())
"""The soak's own list of fields that no partner may see (seed A6, domain 2.7)."""


def read_log(bootstrap: str, partners: frozenset[str]) -> Log:
    """Everything that stands on the topics now, each partition from its start."""
    log = Log()
    for record in records(bootstrap, is_read, stop_at_end=True):
        _take(log, record, partners)
    return log


def records(
    bootstrap: str, wanted: Callable[[str], bool], *, stop_at_end: bool, stop: threading.Event | None = None
) -> Iterator[Message]:
    """The records of the hub's topics that are `wanted`, until all ends were reached, or until `stop` is set."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "soak.reader",  # never committed: the library wants a name
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        places = _places(consumer, wanted)
        consumer.assign([TopicPartition(*place, 0) for place in places])
        yield from _consumed(consumer, set(places), stop_at_end, stop or threading.Event())
    finally:
        consumer.close()


def _consumed(
    consumer: Consumer, open_: set[tuple[str, int]], stop_at_end: bool, stop: threading.Event
) -> Iterator[Message]:  # fmt: skip
    while not stop.is_set() and not (stop_at_end and not open_):
        for record in arrived(consumer, 5_000, 0.2):
            error = record.error()
            if error is None:
                yield record
            elif error.code() == KafkaError._PARTITION_EOF:
                open_.discard((record.topic() or "", record.partition() or 0))


def _places(consumer: Consumer, wanted: Callable[[str], bool]) -> list[tuple[str, int]]:
    topics = consumer.list_topics(timeout=30).topics
    return [(name, number) for name in topics if wanted(name) for number in topics[name].partitions]


def is_result(topic: str) -> bool:
    """Whether what stands there is counted: verdicts, alerts, outboxes."""
    return topic in _RESULTS or OUTBOX.fullmatch(topic) is not None


def is_read(topic: str) -> bool:
    """Whether it is read at the end: results, submissions, and what was set aside."""
    return is_result(topic) or topic in ("notices.received", "hub.dead-letters")


class Watch:
    """Counts what comes while the soak runs: each result once, and the longest time in which none came.

    `keep` is given each record, also those that came before.
    """

    def __init__(self, bootstrap: str, keep: Callable[[Message], None] = lambda _: None) -> None:
        self.came = 0
        self.longest_standstill = 0.0
        self._bootstrap = bootstrap
        self._keep = keep
        self._last = time.monotonic()
        self._known = set[tuple[str, bytes]]()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._last = time.monotonic()
        self._thread.start()

    def end(self) -> None:
        """Stop counting."""
        self._stop.set()
        self._thread.join()

    @property
    def still_for(self) -> float:
        """Seconds since the last new result."""
        return time.monotonic() - self._last

    def _run(self) -> None:
        for record in records(self._bootstrap, is_result, stop_at_end=False, stop=self._stop):
            self._keep(record)
            name = (record.topic() or "", header(record, "ce_id"))
            if name not in self._known:
                self._known.add(name)
                self.came = len(self._known)
                self.longest_standstill = max(self.longest_standstill, self.still_for)
                self._last = time.monotonic()


# Decoding, by the words of DESIGN §3 and §4


def _take(log: Log, record: Message, partners: frozenset[str]) -> None:
    topic, value = record.topic() or "", bytes(record.value() or b"")
    if topic == "notices.received":
        said = orjson.loads(value)
        log.received.append(Seen((record.partition() or 0, record.offset() or 0), said["sender"], said["body"]))
        return
    outbox = OUTBOX.fullmatch(topic)
    if outbox:
        log.copies.append(_copy(record, outbox[1], value, outbox[1] in partners))
        return
    log.leaks += _CODE in value
    if topic == "hub.dead-letters":
        log.dead += 1
    else:
        _take_result(log, topic, record, orjson.loads(value))


def _take_result(log: Log, topic: str, record: Message, told: dict[str, Any]) -> None:
    if topic == "employer.events":
        place, employer = _origin(told), bytes(record.key() or b"").decode()
        log.verdicts.append(Verdict("accepted", place))
        log.history.append(Step(told["receipt"], employer, place))
    elif topic == "notices.refused":
        log.verdicts.append(Verdict(told["verdict"], _origin(told)))
    elif topic == "notices.repeated":
        log.verdicts.append(Verdict("repeat", _origin(told)))
    else:
        log.alerts.append(Alert(told["agency"], told["event_id"], told["receipt"]))


def _origin(told: dict[str, Any]) -> Place:
    return told["origin"]["partition"], told["origin"]["offset"]


def _copy(record: Message, agency: str, value: bytes, partner: bool) -> Copy:
    told = orjson.loads(value)
    lane: Lane = "alert" if b".alert." in header(record, "ce_type") else "notice"
    leak = _CODE in value or (partner and (_SECRET in value or holds(told["notice"], NOT_FOR_PARTNERS)))
    employer = bytes(record.key() or b"").decode()
    return Copy(agency, lane, header(record, "ce_id").decode(), told["receipt"], employer, leak or told["agency"] != agency)


def holds(value: Any, names: frozenset[str]) -> bool:
    """Whether any of the fields stands anywhere in the value."""
    if isinstance(value, dict):
        return any(name in names or holds(below, names) for name, below in value.items())
    return isinstance(value, list) and any(holds(below, names) for below in value)


def header(record: Message, name: str) -> bytes:
    """The header's value; empty where there is none."""
    headers: list[tuple[str, Any]] = [*(record.headers() or ())]
    return next((bytes(value) for found, value in headers if found == name), b"")
