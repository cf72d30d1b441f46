"""What the log says of some submissions, put together record by record: the demo's own look, by no process's word.

Submissions are known by the place where they stand in notices.received, decisions by the receipt: where a submission
repeats an earlier one, what was decided about that one holds.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from connectors.inbound.log import LogRecord
from hub.trials.demo.sent import Came, Coordinate, Sent
from schemas import topics
from schemas.errors import Finding, Refusal
from schemas.messages import (
    AgencyNotice,
    EmployerEvent,
    EnrichedNotice,
    LayoffAlert,
    RefusedNotice,
    RepeatedNotice,
    RoutedNotice,
    Submission,
    Why,
)  # fmt: skip
from schemas.wire import header, read

TOPICS = (
    topics.RECEIVED, topics.EVENTS, topics.REFUSED, topics.REPEATED, topics.ROUTED, topics.ENRICHED, topics.ALERTS,
    topics.DEAD_LETTERS,
)  # fmt: skip
"""What is read, beside the outboxes."""

_TAKEN = ("accepted", "repeat")
_LINES = "line-"


@dataclass(frozen=True, slots=True)
class Copy:
    """One event in an agency's outbox."""

    agency: str
    step: int
    alert: bool
    why: tuple[Why, ...]
    line: str | None = None


@dataclass(slots=True)
class Picture:
    """Takes in records of these receipts only. `since` tells where this run's submissions begin."""

    receipts: Collection[str]
    since: Mapping[tuple[str, int], int]
    arrived: dict[str, list[tuple[Coordinate, str]]] = field(default_factory=lambda: defaultdict(list))
    verdicts: dict[Coordinate, tuple[str, tuple[Finding, ...]]] = field(default_factory=dict)
    events: dict[str, EmployerEvent] = field(default_factory=dict)
    routed: dict[str, RoutedNotice] = field(default_factory=dict)
    enriched: dict[str, EnrichedNotice] = field(default_factory=dict)
    alerts: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    copies: dict[str, dict[str, Copy]] = field(default_factory=lambda: defaultdict(dict))
    buried: set[str] = field(default_factory=set)

    def take(self, record: LogRecord) -> None:
        """One more record, in whatever order the topics are read. What no process of the hub wrote says nothing."""
        try:
            _TAKERS.get(record.topic, _take_copy)(self, record)
        except Refusal:
            return

    def places(self, sent: Collection[Sent]) -> dict[str, Coordinate]:
        """Where each submission stands, by name: the first of its receipt and content that is no earlier one's."""
        left = {receipt: sorted(arrived) for receipt, arrived in self.arrived.items()}
        found: dict[str, Coordinate] = {}
        for one in sent:
            mine = next((entry for entry in left.get(one.receipt, ()) if entry[1] == one.body), None)
            if mine and not one.findings:
                left[one.receipt].remove(mine)
                found[one.name] = mine[0]
        return found

    def is_settled(self, one: Sent, place: Coordinate | None) -> bool:
        """Whether everything that has to follow from the submission stands in the log."""
        verdict = self.came(one, place).verdict
        return verdict is not None and (verdict not in _TAKEN or not self.losses(one.receipt))

    def came(self, one: Sent, place: Coordinate | None) -> Came:
        """What came of the submission that stands there."""
        if one.findings:
            return Came("refused", one.findings)
        verdict, findings = self.verdicts.get(place, (None, ())) if place else (None, ())
        twice = self._twice(one.receipt)
        if verdict not in _TAKEN:
            return Came(verdict, findings, twice=twice)
        routed, enriched = self.routed.get(one.receipt), self.enriched.get(one.receipt)
        return Came(
            verdict,
            outcome=routed.outcome if routed else None,
            told=self._by_agency(one.receipt, _roles),
            lines=self._by_agency(one.receipt, _lines),
            alerts=frozenset(self.alerts.get(one.receipt, {}).values()),
            offers=frozenset(service.code for service in enriched.offerings) if enriched else frozenset(),
            twice=twice,
            losses=self.losses(one.receipt),
        )

    def losses(self, receipt: str) -> tuple[str, ...]:
        """What should follow from an accepted notice and is not there; nothing where it was accepted on another day."""
        event, routed, enriched = self.events.get(receipt), self.routed.get(receipt), self.enriched.get(receipt)
        if event is None:
            return ()
        found = [] if routed else ["no outcome"]
        found += [] if enriched else ["no list of targets"]
        if event.kind == "downsizing" and not event.historic and receipt not in self.alerts:
            found.append("no alert")
        return (*found, *self._undelivered(receipt))

    def _undelivered(self, receipt: str) -> Iterator[str]:
        enriched = self.enriched.get(receipt)
        wanted = dict(self.alerts.get(receipt, {}))
        wanted |= {target.event_id: target.agency for target in enriched.targets} if enriched else {}
        for event_id, agency in sorted(wanted.items(), key=lambda item: item[1]):
            if event_id not in self.copies.get(receipt, {}) and event_id not in self.buried:
                yield f"nothing in the outbox of {agency}"

    def _by_agency(self, receipt: str, what: Callable[[Copy], set[str]]) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for copy in self.copies.get(receipt, {}).values():
            found.setdefault(copy.agency, set()).update(what(copy))
        return {agency: frozenset(each) for agency, each in found.items()}

    def _twice(self, receipt: str) -> frozenset[str]:
        many = Counter((copy.agency, copy.step, copy.alert) for copy in self.copies.get(receipt, {}).values())
        return frozenset(agency for (agency, _, _), number in many.items() if number > 1)


def _roles(copy: Copy) -> set[str]:
    return {why.role for why in copy.why}


def _lines(copy: Copy) -> set[str]:
    """The line that the copy is addressed to, and those for which it gives a reason."""
    return {why.rule for why in copy.why if why.rule.startswith(_LINES)} | ({copy.line} if copy.line else set())


# Record by record


def _take_received(picture: Picture, record: LogRecord) -> None:
    receipt = header(record.headers, "ce_id") or ""
    if receipt in picture.receipts and record.offset >= picture.since.get((record.topic, record.partition), 0):
        body = read(Submission, record.value, record.headers).body
        picture.arrived[receipt].append(((record.partition, record.offset), body))


def _take_event(picture: Picture, record: LogRecord) -> None:
    event = read(EmployerEvent, record.value, record.headers)
    picture.verdicts[event.origin.partition, event.origin.offset] = ("accepted", ())
    if event.receipt in picture.receipts:
        picture.events[event.receipt] = event


def _take_refused(picture: Picture, record: LogRecord) -> None:
    refused = read(RefusedNotice, record.value, record.headers)
    picture.verdicts[refused.origin.partition, refused.origin.offset] = (refused.verdict, refused.findings)


def _take_repeated(picture: Picture, record: LogRecord) -> None:
    repeated = read(RepeatedNotice, record.value, record.headers)
    picture.verdicts[repeated.origin.partition, repeated.origin.offset] = ("repeat", ())


def _take_routed(picture: Picture, record: LogRecord) -> None:
    routed = read(RoutedNotice, record.value, record.headers)
    if routed.receipt in picture.receipts:
        picture.routed[routed.receipt] = routed


def _take_enriched(picture: Picture, record: LogRecord) -> None:
    enriched = read(EnrichedNotice, record.value, record.headers)
    if enriched.receipt in picture.receipts:
        picture.enriched[enriched.receipt] = enriched


def _take_alert(picture: Picture, record: LogRecord) -> None:
    alert = read(LayoffAlert, record.value, record.headers)
    if alert.receipt in picture.receipts:
        picture.alerts[alert.receipt][alert.event_id] = alert.agency


def _take_buried(picture: Picture, record: LogRecord) -> None:
    picture.buried.add(header(record.headers, "ce_id") or "")


def _take_copy(picture: Picture, record: LogRecord) -> None:
    """A record of an outbox."""
    event_id = header(record.headers, "ce_id") or ""
    if ".alert." in (header(record.headers, "ce_type") or ""):
        alert = read(LayoffAlert, record.value, record.headers)
        receipt, copy = alert.receipt, Copy(alert.agency, alert.step, True, alert.why)
    else:
        told = read(AgencyNotice, record.value, record.headers)
        receipt, copy = told.receipt, Copy(told.agency, told.step, False, told.why, told.line)
    if receipt in picture.receipts:
        picture.copies[receipt][event_id] = copy


_TAKERS: dict[str, Callable[[Picture, LogRecord], None]] = {
    topics.RECEIVED.name: _take_received,
    topics.EVENTS.name: _take_event,
    topics.REFUSED.name: _take_refused,
    topics.REPEATED.name: _take_repeated,
    topics.ROUTED.name: _take_routed,
    topics.ENRICHED.name: _take_enriched,
    topics.ALERTS.name: _take_alert,
    topics.DEAD_LETTERS.name: _take_buried,
}
