"""Reads the log into a ledger until everything received at the beginning is accounted for, or the time is over."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from confluent_kafka import KafkaException

from connectors.clock import broker_ahead
from connectors.inbound.log import Log, LogRecord, Place
from hub.core.dead import OWN
from hub.core.reckoning import Ledger
from schemas import topics
from schemas.acknowledgement import Acknowledgement, RoutedAcknowledgement
from schemas.errors import NotReady, Refusal
from schemas.messages import EmployerEvent, EnrichedNotice, LayoffAlert, RefusedNotice, RepeatedNotice, RoutedNotice, Withheld
from schemas.wire import header, is_of, read, type_of

PAUSE = 0.3

_TAKERS: dict[str, Callable[[Ledger, LogRecord], None]] = {
    topics.EVENTS.name: lambda ledger, record: _take_event(ledger, record),
    topics.REFUSED.name: lambda ledger, record: ledger.take_refused(read(RefusedNotice, record.value, record.headers)),
    topics.REPEATED.name: lambda ledger, record: ledger.take_repeated(read(RepeatedNotice, record.value, record.headers)),
    topics.ROUTED.name: lambda ledger, record: ledger.take_routed(read(RoutedNotice, record.value, record.headers)),
    topics.ENRICHED.name: lambda ledger, record: ledger.take_enriched(read(EnrichedNotice, record.value, record.headers)),
    topics.ACKNOWLEDGED.name: lambda ledger, record: ledger.take_heard(read(RoutedAcknowledgement, record.value, record.headers)),
    topics.ALERTS.name: lambda ledger, record: ledger.take_alert(read(LayoffAlert, record.value, record.headers)),
    topics.DELIVERIES.name: lambda ledger, record: _take_withheld(ledger, record),
    topics.CLOCKS.name: lambda ledger, record: ledger.take_clock((record.key or b"").decode("utf-8", "backslashreplace")),
}


def reckon(
    bootstrap: str, prefix: str, since: Mapping[Place, int] | None, within: float, tell: Callable[[int], None] = lambda _: None
) -> Ledger:
    """The ledger of everything received from `since` on (None: all that the log holds) up to this moment.

    Answers are read until nothing is unaccounted, at the most `within` seconds; `tell` hears how much is left. Copies in outboxes
    that `since` does not name need no decision that names them.
    """
    log = Log(bootstrap, prefix)
    reading = _Reading(log, prefix, bootstrap)
    reading.freeze(since)
    deadline = time.monotonic() + within
    while True:
        reading.go_on()
        left = sum(1 for _ in reading.ledger.unaccounted())
        if not left or time.monotonic() > deadline:
            return reading.ledger
        tell(left)
        time.sleep(PAUSE)


def take(ledger: Ledger, record: LogRecord, prefix: str = "", judged: bool = True) -> None:
    """A record of the log into the ledger. What no process of the hub wrote is passed over: it is nobody's answer.

    `judged`: where it is a copy in an outbox, some decision has to name it.
    """
    try:
        if record.topic in _TAKERS:
            _TAKERS[record.topic](ledger, record)
        elif agency := topics.outbox_owner(record.topic):
            ledger.take_delivered(agency, header(record.headers, "ce_id") or "", record.offset, judged)
        elif record.topic == topics.DEAD_LETTERS.name:
            _take_letter(ledger, record, prefix)
    except Refusal:
        return


def _take_event(ledger: Ledger, record: LogRecord) -> None:
    """The history holds steps of notices, and answers to them."""
    if is_of(Acknowledgement, record.headers):
        ledger.take_answer(read(Acknowledgement, record.value, record.headers))
    else:
        ledger.take_event(read(EmployerEvent, record.value, record.headers))


def _take_withheld(ledger: Ledger, record: LogRecord) -> None:
    """What endpoints were told stands on that topic too, and answers nothing."""
    if header(record.headers, "ce_type") == type_of("copy", "withheld"):
        ledger.take_withheld(read(Withheld, record.value, record.headers))


def _take_letter(ledger: Ledger, record: LogRecord, prefix: str) -> None:
    by, code, topic = (header(record.headers, OWN + name) or "" for name in ("by", "code", "topic"))
    ledger.take_letter(header(record.headers, "ce_id") or "", by, code, topic.removeprefix(prefix))


def received_ends(bootstrap: str, prefix: str) -> dict[Place, int]:
    """Where notices.received ends now: the `since` of what comes after."""
    log = Log(bootstrap, prefix)
    return log.ends([topics.RECEIVED.name])


def received_since(bootstrap: str, prefix: str, moment: datetime) -> dict[Place, int]:
    """Where notices.received and each outbox stood at that moment of the broker's time."""
    log = Log(bootstrap, prefix)
    return log.since([topics.RECEIVED.name, *_outboxes(log)], moment)


@dataclass(slots=True)
class _Reading:
    """A ledger while it is filled. `_judged`: the copies, by outbox, that some decision has to name."""

    log: Log
    prefix: str
    bootstrap: str
    ledger: Ledger = field(default_factory=Ledger)
    _judged: dict[str, range] = field(default_factory=dict)
    _ahead: float | None = None
    _asked: bool = False

    def freeze(self, since: Mapping[Place, int] | None) -> None:
        """What is reckoned ends here: a submission is known by its offset, whatever its bytes are."""
        self.ledger.whole = since is None
        starts = self.log.starts([topics.RECEIVED.name])
        for place, end in self.log.ends([topics.RECEIVED.name]).items():
            self.ledger.take_received(place[1], max(starts[place], (since or {}).get(place, 0)), end)
        for place, end in self.log.ends(_outboxes(self.log)).items():
            self._judged[place[0]] = range(0 if since is None else since.get(place, end), end)

    def go_on(self) -> None:
        """Everything that has come by now."""
        for record in self.log.read([*_TAKERS, topics.DEAD_LETTERS.name, *_outboxes(self.log)]):
            self.ledger.take_moment(record.at)
            take(self.ledger, record, self.prefix, record.offset in self._judged.get(record.topic, ()))
        self._ask_the_time()

    def _ask_the_time(self) -> None:
        """Only where an embargo has ended by the clock here: in an idle hub no record tells how late it is."""
        now = datetime.now(UTC)
        if not any(until < now for _, until in self.ledger.held()):
            return
        if not self._asked:
            self._asked = True
            with suppress(KafkaException, NotReady):  # who may make no topic, or waits too long, goes by the newest record
                self._ahead = broker_ahead(self.bootstrap, self.prefix)
        if self._ahead is not None:
            self.ledger.take_moment(now + timedelta(seconds=self._ahead))


def _outboxes(log: Log) -> list[str]:
    return [name for name in log.topics() if topics.outbox_owner(name)]
