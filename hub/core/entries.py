"""The entries of a reckoning: what the log tells, record by record, in whatever order it is read. Pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub.core.noted import Accepted, Alerted, Coordinate, Decided, refusal_content
from schemas.acknowledgement import Acknowledgement, RoutedAcknowledgement
from schemas.ids import AgencyId
from schemas.messages import EmployerEvent, EnrichedNotice, LayoffAlert, RefusedNotice, RepeatedNotice, RoutedNotice, Withheld
from schemas.topics import RECEIVED, outbox_owner

Step = tuple[str, int]
"""Receipt and step."""

Copy = tuple[AgencyId, str]
"""An agency and the id of an event in its outbox."""

Heard = tuple[str, frozenset[Copy]]
"""The outcome of an answer and the copies that it names."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NEVER_THERE = ("topic-vanished", "too-large")
"""Codes of letters that stand for a copy which its outbox could not take."""


@dataclass(slots=True)
class Entries:
    """What was taken in. `whole`: all that notices.received holds is reckoned, not only what came since some moment."""

    whole: bool = True
    now: datetime = _LONG_AGO
    """The broker's time, as far as it is known."""
    received: dict[int, range] = field(default_factory=dict)
    """By partition of notices.received, the offsets that are reckoned."""
    verdicts: dict[Coordinate, set[tuple[str, object]]] = field(default_factory=dict)
    """By submission, each verdict with what tells it from another one of its kind."""
    notices: dict[str, dict[int, Accepted]] = field(default_factory=dict)
    """By receipt, by number, the steps."""
    given_twice: list[tuple[Accepted, Accepted]] = field(default_factory=list)
    """Steps of one number that are not the same."""
    decided: dict[Step, Decided] = field(default_factory=dict)
    redecided: set[Step] = field(default_factory=set)
    """Steps that were decided again, and otherwise."""
    targets: dict[Step, set[Copy]] = field(default_factory=dict)
    alerts: dict[Step, dict[AgencyId, Alerted]] = field(default_factory=dict)
    named: set[Copy] = field(default_factory=set)
    """Every copy that some list of targets or some alert names."""
    delivered: set[Copy] = field(default_factory=set)
    judged: dict[Copy, int] = field(default_factory=dict)
    """Copies that have to be named, each with its offset in the outbox."""
    buried: set[Copy] = field(default_factory=set)
    withheld: set[Copy] = field(default_factory=set)
    """Copies that were taken out of an outbox whose agency may see nothing of them any more."""
    set_aside: dict[str, set[str]] = field(default_factory=dict)
    """By event id, which agents could not take the record."""
    clocks: set[str] = field(default_factory=set)
    answers: dict[str, Coordinate] = field(default_factory=dict)
    """By its receipt, each answer to a notice that intake accepted."""
    heard: dict[str, dict[int, Heard]] = field(default_factory=dict)
    """By answer, by revision of the registry, who hears of it; after a kill of intake it stands in the history twice."""
    answered_twice: set[str] = field(default_factory=set)
    """Answers of which two things were decided by one revision."""

    def take_received(self, partition: int, first: int, end: int) -> None:
        """The records of notices.received that are reckoned: of that partition, from `first` to before `end`."""
        self.received[partition] = range(first, max(first, end))

    def take_moment(self, at: datetime) -> None:
        """It is that late by the broker's time, or later."""
        self.now = max(self.now, at)

    def take_event(self, event: EmployerEvent) -> None:
        """A step that intake accepted."""
        step = Accepted.of(event)
        self._verdict(step.origin, "accepted", step.receipt)
        known = self.notices.setdefault(step.receipt, {}).setdefault(step.number, step)
        if known != step:
            self.given_twice.append((known, step))

    def take_answer(self, said: Acknowledgement) -> None:
        """An answer that intake accepted."""
        at = (said.origin.partition, said.origin.offset)
        self._verdict(at, "accepted", said.acknowledgement)
        self.answers.setdefault(said.acknowledgement, at)

    def take_heard(self, routed: RoutedAcknowledgement) -> None:
        """Routing's decision about an answer."""
        name, revision = routed.acknowledgement.acknowledgement, routed.registry_revision
        heard = (routed.outcome, frozenset((hearer.agency, hearer.event_id) for hearer in routed.hearers))
        if self.heard.setdefault(name, {}).setdefault(revision, heard) != heard:
            self.answered_twice.add(name)
        self.named |= heard[1]

    def take_refused(self, refused: RefusedNotice) -> None:
        """A submission that was refused or quarantined; what the bridge refuses in an inbox was never received."""
        if refused.origin.topic == RECEIVED.name:
            at = (refused.origin.partition, refused.origin.offset)
            self._verdict(at, refused.verdict, refusal_content(refused))

    def take_repeated(self, repeated: RepeatedNotice) -> None:
        """A submission that said again what was taken before."""
        self._verdict((repeated.origin.partition, repeated.origin.offset), "repeat", repeated.receipt)

    def take_routed(self, routed: RoutedNotice) -> None:
        """Routing's decision about a step."""
        step, decided = (routed.receipt, routed.step), Decided.of(routed)
        if not self.decided.setdefault(step, decided).says(decided):
            self.redecided.add(step)

    def take_enriched(self, enriched: EnrichedNotice) -> None:
        """Enrichment's list of targets."""
        targets = {(target.agency, target.event_id) for target in enriched.targets}
        self.targets.setdefault((enriched.receipt, enriched.step), set()).update(targets)
        self.named |= targets

    def take_alert(self, alert: LayoffAlert) -> None:
        """A layoff alert on its topic."""
        self.alerts.setdefault((alert.receipt, alert.step), {}).setdefault(alert.agency, Alerted.of(alert))
        self.named.add((alert.agency, alert.event_id))

    def take_clock(self, change: str) -> None:
        """A clock that was set, or one that was fired and taken off again."""
        self.clocks.add(change)

    def take_delivered(self, agency: AgencyId, event_id: str, offset: int, judged: bool = True) -> None:
        """A record in an agency's outbox. `judged`: some decision has to name it."""
        self.delivered.add((agency, event_id))
        if judged:
            self.judged.setdefault((agency, event_id), offset)

    def take_withheld(self, withheld: Withheld) -> None:
        """A copy that is in its outbox no longer, and why."""
        self.withheld.add((withheld.agency, withheld.event_id))

    def take_letter(self, event_id: str, by: str, code: str, topic: str) -> None:
        """A dead letter: a copy that its outbox could not take, or a record that an agent could not take."""
        if (agency := outbox_owner(topic)) is None:
            self.set_aside.setdefault(event_id, set()).add(by)
        elif code in _NEVER_THERE:
            self.buried.add((agency, event_id))

    def _verdict(self, at: Coordinate, verdict: str, content: object) -> None:
        self.verdicts.setdefault(at, set()).add((verdict, content))
