"""Reads the log into a ledger until everything received at the beginning is accounted for, or the time is over."""

import time
from collections.abc import Callable, Mapping

from connectors.inbound.log import Log, LogRecord, Place
from hub.core.reckoning import Ledger
from schemas import topics
from schemas.errors import Refusal
from schemas.messages import EmployerEvent, EnrichedNotice, LayoffAlert, RefusedNotice, RepeatedNotice, RoutedNotice
from schemas.wire import header, read

_READ = (topics.EVENTS, topics.REFUSED, topics.REPEATED, topics.ROUTED, topics.ENRICHED, topics.ALERTS, topics.DEAD_LETTERS)
PAUSE = 0.3

_TAKERS: dict[str, Callable[[Ledger, LogRecord], None]] = {
    topics.EVENTS.name: lambda ledger, record: ledger.take_event(read(EmployerEvent, record.value, record.headers)),
    topics.REFUSED.name: lambda ledger, record: ledger.take_refused(read(RefusedNotice, record.value, record.headers)),
    topics.REPEATED.name: lambda ledger, record: ledger.take_repeated(read(RepeatedNotice, record.value, record.headers)),
    topics.ROUTED.name: lambda ledger, record: ledger.take_routed(read(RoutedNotice, record.value, record.headers)),
    topics.ENRICHED.name: lambda ledger, record: ledger.take_enriched(read(EnrichedNotice, record.value, record.headers)),
    topics.ALERTS.name: lambda ledger, record: ledger.take_alert(read(LayoffAlert, record.value, record.headers)),
    topics.DEAD_LETTERS.name: lambda ledger, record: ledger.take_buried(header(record.headers, "ce_id") or ""),
}


def reckon(
    bootstrap: str, prefix: str, since: Mapping[Place, int] | None, within: float, tell: Callable[[int], None] = lambda _: None
) -> Ledger:
    """The ledger of everything received from `since` on (None: all that the log holds) up to this moment.

    Answers are read until nothing is unaccounted, at the most `within` seconds; `tell` hears how much is left.
    """
    log = Log(bootstrap, prefix)
    try:
        ledger = _received(log, since)
        deadline = time.monotonic() + within
        while True:
            for record in log.read([*(topic.name for topic in _READ), *_outboxes(log)]):
                _take(ledger, record)
            left = sum(1 for _ in ledger.unaccounted())
            if not left or time.monotonic() > deadline:
                return ledger
            tell(left)
            time.sleep(PAUSE)
    finally:
        log.close()


def received_ends(bootstrap: str, prefix: str) -> dict[Place, int]:
    """Where notices.received ends now: the `since` of what comes after."""
    log = Log(bootstrap, prefix)
    try:
        return log.ends([topics.RECEIVED.name])
    finally:
        log.close()


def _received(log: Log, since: Mapping[Place, int] | None) -> Ledger:
    """Frozen first: a submission is known by its offset, whatever its bytes are."""
    ledger = Ledger()
    starts = log.starts([topics.RECEIVED.name])
    for place, end in log.ends([topics.RECEIVED.name]).items():
        for offset in range(max(starts[place], (since or {}).get(place, 0)), end):
            ledger.take_received(place[1], offset)
    return ledger


def _outboxes(log: Log) -> list[str]:
    return [name for name in log.topics() if topics.outbox_owner(name)]


def _take(ledger: Ledger, record: LogRecord) -> None:
    """Records that no process of the hub wrote are passed over: they are nobody's answer."""
    try:
        if record.topic in _TAKERS:
            _TAKERS[record.topic](ledger, record)
        elif agency := topics.outbox_owner(record.topic):
            ledger.take_delivered(agency, header(record.headers, "ce_id") or "")
    except Refusal:
        return
