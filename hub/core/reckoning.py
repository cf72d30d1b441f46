"""The reckoning (DESIGN §5.1): each submission has one verdict, each accepted step one outcome, each target its event. Pure.

Made from the log alone: what was received is counted by its offsets, and joined with what the agents said about it. What
has no answer is listed by name. Nothing here is a counter of the processes that are reckoned.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.messages import EmployerEvent, EnrichedNotice, LayoffAlert, Outcome, RefusedNotice, RepeatedNotice, RoutedNotice
from schemas.topics import RECEIVED

Coordinate = tuple[int, int]
"""Partition and offset in notices.received."""

Step = tuple[str, int]
"""Receipt and step."""


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """Something of which the log does not tell what became of it."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(slots=True)
class Ledger:
    """What the log tells, entry by entry, in whatever order it is read."""

    received: set[Coordinate] = field(default_factory=set)
    _verdicts: dict[Coordinate, set[str]] = field(default_factory=dict)
    _accepted: dict[Coordinate, dict[Step, EmployerEvent]] = field(default_factory=dict)
    _outcomes: dict[Step, Outcome] = field(default_factory=dict)
    _expected: dict[Step, set[str]] = field(default_factory=dict)
    _enriched: dict[Step, set[tuple[str, str]]] = field(default_factory=dict)
    _alerts: dict[Step, set[tuple[str, str]]] = field(default_factory=dict)
    _alarmed: dict[str, dict[int, bool]] = field(default_factory=dict)
    """By receipt and step, whether the alerts of the step say that something goes on (else only that it is over)."""
    _delivered: set[tuple[str, str]] = field(default_factory=set)
    _buried: set[str] = field(default_factory=set)

    # What the log tells

    def take_received(self, partition: int, offset: int) -> None:
        """A record of notices.received."""
        self.received.add((partition, offset))

    def take_event(self, event: EmployerEvent) -> None:
        """A step that intake accepted."""
        at = (event.origin.partition, event.origin.offset)
        self._verdicts.setdefault(at, set()).add("accepted")
        self._accepted.setdefault(at, {})[(event.receipt, event.step)] = event

    def take_refused(self, refused: RefusedNotice) -> None:
        """A submission that was refused or quarantined; what the bridge refuses in an inbox was never received."""
        if refused.origin.topic != RECEIVED.name:
            return
        self._verdicts.setdefault((refused.origin.partition, refused.origin.offset), set()).add(refused.verdict)

    def take_repeated(self, repeated: RepeatedNotice) -> None:
        """A submission that said again what was taken before."""
        self._verdicts.setdefault((repeated.origin.partition, repeated.origin.offset), set()).add("repeat")

    def take_routed(self, routed: RoutedNotice) -> None:
        """Routing's decision about a step."""
        step = (routed.receipt, routed.step)
        self._outcomes[step] = routed.outcome
        self._expected[step] = {recipient.agency for recipient in routed.recipients}

    def take_enriched(self, enriched: EnrichedNotice) -> None:
        """Enrichment's list of targets."""
        targets = {(target.agency, target.event_id) for target in enriched.targets}
        self._enriched[(enriched.receipt, enriched.step)] = targets

    def take_alert(self, alert: LayoffAlert) -> None:
        """A layoff alert on its topic."""
        step = (alert.receipt, alert.step)
        self._alerts.setdefault(step, set()).add((alert.agency, alert.event_id))
        goes_on = alert.why[0].role != "former-recipient"
        told = self._alarmed.setdefault(alert.receipt, {})
        told[alert.step] = told.get(alert.step, False) or goes_on

    def take_delivered(self, agency: str, event_id: str) -> None:
        """A record in an agency's outbox."""
        self._delivered.add((agency, event_id))

    def take_buried(self, event_id: str) -> None:
        """A copy that stands among the dead letters since its outbox was not there."""
        self._buried.add(event_id)

    # What follows from it

    def counts(self) -> dict[str, int]:
        """How many of each verdict, outcome and delivery; `unaccounted` has to be 0."""
        verdicts = Counter(verdict for at in self.received for verdict in self._verdicts.get(at, ()))
        steps = [self._step(event) for event in self._events()]
        outcomes = Counter(self._outcomes[step] for step in steps if step in self._outcomes)
        targets = [target for step in steps for target in self._targets(step)]
        return {
            "received": len(self.received),
            **{name: verdicts[name] for name in ("accepted", "repeat", "refused", "quarantined")},
            "delivered": sum(target in self._delivered for target in targets),
            **{name: outcomes[name] for name in ("routed", "kept", "held", "fallback", "ended")},
            "dead_lettered": sum(target not in self._delivered and target[1] in self._buried for target in targets),
            "unaccounted": sum(1 for _ in self.unaccounted()),
        }

    def unaccounted(self) -> Iterator[Unaccounted]:
        """Everything without an answer."""
        for at in sorted(self.received):
            verdicts = self._verdicts.get(at, set())
            if len(verdicts) != 1:
                told = "no verdict" if not verdicts else f"several verdicts: {', '.join(sorted(verdicts))}"
                yield Unaccounted(told, f"notices.received/{at[0]}@{at[1]}")
        for event in self._events():
            yield from self._missing(event)

    def _events(self) -> Iterator[EmployerEvent]:
        return (event for at in sorted(self.received) for event in self._accepted.get(at, {}).values())

    def _step(self, event: EmployerEvent) -> Step:
        return event.receipt, event.step

    def _targets(self, step: Step) -> list[tuple[str, str]]:
        return sorted(self._enriched.get(step, set()) | self._alerts.get(step, set()))

    def _alarms(self, event: EmployerEvent) -> bool:
        """Each step of a downsizing alerts; one that ends it under this key, those whom it alerted last."""
        if event.kind != "downsizing" or event.historic or event.withdrawn_before or event.type == "release":
            return False
        if not event.ends:
            return True
        before = {step: goes_on for step, goes_on in self._alarmed.get(event.receipt, {}).items() if step < event.step}
        return bool(before) and before[max(before)]

    def _missing(self, event: EmployerEvent) -> Iterator[Unaccounted]:
        step = self._step(event)
        where = f"notice {event.receipt} step {event.step}"
        if step not in self._outcomes:
            yield Unaccounted("no outcome", where)
        if step not in self._enriched:
            yield Unaccounted("no list of targets", where)
        elif missing := self._expected.get(step, set()) - {agency for agency, _ in self._enriched[step]}:
            yield Unaccounted(f"recipients without a copy: {', '.join(sorted(missing))}", where)
        if self._alarms(event) and step not in self._alerts:
            yield Unaccounted("no layoff alert", where)
        for agency, event_id in self._targets(step):
            if (agency, event_id) not in self._delivered and event_id not in self._buried:
                yield Unaccounted(f"event {event_id} is not in the outbox of {agency}", where)
