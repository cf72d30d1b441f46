"""The reckoning (DESIGN §5.1): each submission has one verdict, each accepted step one outcome, each target its event. Pure.

Made from the log alone: what was received is counted by its offsets, and joined with what the agents said about it. What
has no answer is listed by name. Nothing here is a counter of the processes that are reckoned.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from hub.core.entries import Copy, Entries, Step
from hub.core.noted import Accepted, Alerts, Before, Coordinate, Decided
from hub.core.unaccounted import Kind, Unaccounted
from schemas.ids import event_id_of

GRACE = timedelta(minutes=5)
"""So long after the end of an embargo its release may take: clock, door and agents need seconds."""

_VERDICTS = ("accepted", "repeat", "refused", "quarantined")
_OUTCOMES = ("routed", "kept", "held", "fallback", "ended")
_Found = tuple[Kind, str]


class Ledger(Entries):
    """The entries, and what follows from them."""

    __slots__ = ()

    def counts(self) -> dict[str, int]:
        """How many of each verdict, outcome and delivery; `unaccounted` has to be 0."""
        verdicts = Counter(word for at in self._submissions() for word in {word for word, _ in self.verdicts.get(at, ())})
        steps = [step for notice in self.notices.values() for step in notice.values() if self._is_reckoned(step)]
        decisions = [decided for step in steps if (decided := self.decided.get(_name(step)))]
        outcomes = Counter[str](decided.outcome for decided in decisions)
        alerts = {(agency, alert.event_id) for step in steps for agency, alert in self._alerts(step).items()}
        answers = [name for name, at in self.answers.items() if self._was_received(at)]
        copies = [copy for step in steps for copy in self._copies(step)] + [
            copy for name in answers for copy in self._heard(name)
        ]
        return {
            "received": sum(len(offsets) for offsets in self.received.values()),
            **{name: verdicts[name] for name in _VERDICTS},
            "steps": len(steps),
            **{name: outcomes[name] for name in _OUTCOMES},
            "answers": len(answers),
            "delivered": sum(copy in self.delivered for copy in copies),
            "alerts": len(alerts & self.delivered),
            "stubs": sum(sum(decided.recipients.values()) for decided in decisions),
            "dead_lettered": sum(copy not in self.delivered and copy in self.buried for copy in copies),
            "unaccounted": sum(1 for _ in self.unaccounted()),
        }

    def kinds(self) -> dict[Kind, int]:
        """How much is unaccounted for, by kind."""
        return dict(Counter(found.kind for found in self.unaccounted()))

    def unaccounted(self) -> Iterator[Unaccounted]:
        """Everything without an answer, and everything that was answered in two ways."""
        yield from self._of_submissions()
        yield from self._of_numbers()
        for notice in self.notices.values():
            yield from self._of_notice(notice)
        yield from self._of_answers()
        yield from self._of_holds()
        yield from self._of_outboxes()

    def held(self) -> Iterator[tuple[Accepted, datetime]]:
        """Each step that is held until a time and was not followed by another one, with that time."""
        for notice in self.notices.values():
            step = notice[max(notice)]
            decided = self.decided.get(_name(step))
            if decided and decided.outcome == "held" and decided.held_until and self._is_watched(step):
                yield step, decided.held_until

    # Which of it is reckoned

    def _submissions(self) -> Iterator[Coordinate]:
        return ((partition, offset) for partition, offsets in sorted(self.received.items()) for offset in offsets)

    def _is_reckoned(self, step: Accepted) -> bool:
        return self._was_received(step.origin)

    def _was_received(self, at: Coordinate) -> bool:
        return at[1] in self.received.get(at[0], ())

    def _is_watched(self, step: Accepted) -> bool:
        """An embargo can outlast what notices.received keeps; what came after the ends that were frozen is not reckoned."""
        partition, offset = step.origin
        offsets = self.received.get(partition, range(0))
        return offset in offsets or (self.whole and offset < offsets.start)

    def _alerts(self, step: Accepted) -> Alerts:
        return self.alerts.get(_name(step), {})

    def _copies(self, step: Accepted) -> list[Copy]:
        alerts = {(agency, alert.event_id) for agency, alert in self._alerts(step).items()}
        return sorted(self.targets.get(_name(step), set()) | alerts)

    def _heard(self, answer: str) -> list[Copy]:
        return sorted({copy for _, copies in self.heard.get(answer, {}).values() for copy in copies})

    # What is wrong with it

    def _of_submissions(self) -> Iterator[Unaccounted]:
        for at in self._submissions():
            told, where = self.verdicts.get(at, set()), f"notices.received/{at[0]}@{at[1]}"
            if not told:
                yield Unaccounted("no-verdict", "intake has not said what becomes of it", where)
            elif len(told) > 1:
                words = ", ".join(sorted(verdict for verdict, _ in told))
                yield Unaccounted("contradiction", f"several verdicts: {words}", where)

    def _of_numbers(self) -> Iterator[Unaccounted]:
        for one, other in self.given_twice:
            if self._is_reckoned(one) or self._is_reckoned(other):
                yield Unaccounted("contradiction", "two events of one number that are not the same", _where(one))

    def _of_notice(self, notice: dict[int, Accepted]) -> Iterator[Unaccounted]:
        before = Before()
        for number in sorted(notice):
            step = notice[number]
            decided, alerts = self.decided.get(_name(step)), self._alerts(step)
            if self._is_reckoned(step):
                for kind, what in self._of_step(step, notice, before):
                    yield Unaccounted(kind, what, _where(step))
            before = before.after(step, decided, alerts)

    def _of_step(self, step: Accepted, notice: dict[int, Accepted], before: Before) -> Iterator[_Found]:
        yield from _missing_step(step, notice)
        yield from self._of_decision(step, before)
        yield from self._of_targets(step)
        yield from self._of_alerts(step, before)
        yield from self._undelivered(self._copies(step))

    def _undelivered(self, copies: list[Copy]) -> Iterator[_Found]:
        become = (self.delivered, self.buried, self.withheld)
        for agency, event_id in copies:
            if not any((agency, event_id) in found for found in become):
                yield "not-delivered", f"event {event_id} is not in the outbox of {agency}"

    def _of_answers(self) -> Iterator[Unaccounted]:
        for name, at in self.answers.items():
            if self._was_received(at):
                for kind, what in self._of_answer(name):
                    yield Unaccounted(kind, what, f"answer {name}")

    def _of_answer(self, name: str) -> Iterator[_Found]:
        if name not in self.heard:
            aside = "; routing set it aside among the dead letters" if "routing" in self.set_aside.get(name, ()) else ""
            yield "no-outcome", "routing has not said who hears of it" + aside
        if name in self.answered_twice:
            yield "contradiction", "routing decided by one registry twice, and not the same"
        yield from self._undelivered(self._heard(name))

    def _of_decision(self, step: Accepted, before: Before) -> Iterator[_Found]:
        decided = self.decided.get(_name(step))
        if decided is None:
            yield "no-outcome", "routing has not decided it" + self._by(step, "event", "routing")
            return
        if _name(step) in self.redecided:
            yield "contradiction", "routing decided it twice, and not the same"
        if unheard := before.unheard(decided, self._alerts(step)):
            yield "no-stub", f"had it before and hear nothing: {_list(unheard)}"

    def _of_targets(self, step: Accepted) -> Iterator[_Found]:
        targets, decided = self.targets.get(_name(step)), self.decided.get(_name(step))
        if targets is None:
            yield "no-targets", "enrichment has listed no copies" + self._by(step, "routed", "enrichment")
            return
        listed = {agency for agency, _ in targets}
        if decided and (missing := decided.recipients.keys() - listed):
            yield "no-copy", f"recipients without a copy: {_list(missing)}"
        if decided and _name(step) not in self.redecided and (more := listed - decided.recipients.keys()):
            yield "contradiction", f"copies for whom the decision does not name: {_list(more)}"

    def _of_alerts(self, step: Accepted, before: Before) -> Iterator[_Found]:
        alerts, decided = self._alerts(step), self.decided.get(_name(step))
        if step.alarms and not alerts:
            yield "no-alert", "no layoff alert" + self._by(step, "event", "cases")
        elif step.alarms and decided and (missing := _unalerted(decided, alerts)):
            yield "no-alert", f"responsible and not alerted: {_list(missing)}"
        if unclosed := before.unclosed(step, alerts):
            yield "no-closing", f"alerted before and not told that it is over: {_list(unclosed)}"

    def _by(self, step: Accepted, record: str, agent: str) -> str:
        event_id = event_id_of(step.receipt, step.number, record)
        return f"; {agent} set it aside among the dead letters" if agent in self.set_aside.get(event_id, ()) else ""

    def _of_holds(self) -> Iterator[Unaccounted]:
        for step, until in self.held():
            if self.now > until + GRACE:
                yield Unaccounted("overdue", f"held until {until.isoformat()}, and no release came", _where(step))
            elif event_id_of(step.receipt, step.number, "release") not in self.clocks:
                yield Unaccounted("no-clock", f"held until {until.isoformat()}, and no clock was set", _where(step))

    def _of_outboxes(self) -> Iterator[Unaccounted]:
        for (agency, event_id), offset in self.judged.items():
            if (agency, event_id) not in self.named:
                what = f"no decision names event {event_id}" if event_id else "a record that is no event"
                yield Unaccounted("foreign", what, f"agency.{agency}.outbox/0@{offset}")


def _missing_step(step: Accepted, notice: dict[int, Accepted]) -> Iterator[_Found]:
    """Retention removes the oldest first: what lies between two steps was there."""
    number = step.number
    if number - 1 not in notice and min(notice) < number:
        yield "missing-step", f"step {number - 1} is not there"
    if step.type == "moved" and number + 1 not in notice:
        yield "missing-step", f"step {number + 1}, with which it goes on under its right employer, is not there"


def _unalerted(decided: Decided, alerts: Alerts) -> frozenset[str]:
    """Both lanes find the same responsible authorities where both used the same registry; a bare alert used none."""
    same = all(alert.revision == decided.revision for alert in alerts.values())
    return decided.responsible - alerts.keys() if same else frozenset()


def _name(step: Accepted) -> Step:
    return step.receipt, step.number


def _where(step: Accepted) -> str:
    return f"notice {step.receipt} step {step.number}"


def _list(agencies: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(agencies))
