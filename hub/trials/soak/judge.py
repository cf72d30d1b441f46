"""Counts what was lost, out of order, at the wrong door or there twice. Pure: a log and a model in, numbers out."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hub.trials.load import Item
from hub.trials.soak.log import Log, Place
from hub.trials.soak.model import Wanted

_Name = tuple[str, str]
"""Sender and body: what the reader sees of a submission."""
_MOST_EXAMPLES = 12


@dataclass(slots=True)
class Counts:
    """The soak's result. `examples` say in words what the first of each kind were.

    `sent_twice`: submissions that stand in notices.received more often than they were sent.
    """

    lost: int = 0
    order_breaks: int = 0
    foreign: int = 0
    twice: int = 0
    contradictions: int = 0
    sent_twice: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, what: str, detail: str, number: int = 1) -> None:
        """Count it, and keep the words of the first few."""
        setattr(self, what, getattr(self, what) + number)
        if len(self.examples) < _MOST_EXAMPLES:
            self.examples.append(f"{what}: {detail}")

    @property
    def good(self) -> bool:
        """Whether nothing happened that must not happen; a second copy may be."""
        return not (self.lost or self.order_breaks or self.foreign or self.contradictions)


def judge(items: list[Item], want: Callable[[Item], Wanted], log: Log) -> Counts:
    """What the log shows of what the items must have led to."""
    counts = Counts()
    by_name = {(item.author.sender, item.body): item for item in items}
    _submissions(items, log, counts)
    accepted = _verdicts(by_name, want, log, counts)
    _copies(accepted, log, counts)
    _alerts(accepted, log, counts)
    _history_order(log, counts)
    _outbox_order(log, counts)
    counts.foreign += log.leaks
    return counts


def _submissions(items: list[Item], log: Log, counts: Counts) -> None:
    """Each submission that was sent stands in notices.received; what its author's client wrote twice is counted."""
    sent: Counter[_Name] = Counter((item.author.sender, item.body) for item in items)
    came: Counter[_Name] = Counter((seen.sender, seen.body) for seen in log.received)
    for name, number in sent.items():
        if (missing := number - came[name]) > 0:
            counts.note("lost", f"a submission of {name[0]} never arrived: {name[1][:80]}", missing)
        counts.sent_twice += max(0, -missing)


# Verdicts


def _verdicts(
    by_name: dict[_Name, Item], want: Callable[[Item], Wanted], log: Log, counts: Counts
) -> dict[str, Wanted]:  # fmt: skip
    """Compare each verdict with the one that must be; by receipt, what each accepted notice must lead to."""
    said: dict[Place, set[str]] = defaultdict(set)
    for verdict in log.verdicts:
        said[verdict.place].add(verdict.said)
    receipts = {step.place: step.receipt for step in reversed(log.history)}
    found: dict[str, Wanted] = {}
    for place, must, wanted in _must_be(by_name, want, log):
        _compare(place, must, said[place], counts)
        if must == "accepted" and place in receipts:
            found[receipts[place]] = wanted
        elif must == "accepted":
            counts.note("lost", f"no step for the submission at {place}, so no copies either", len(wanted.copies))
    return found


def _must_be(
    by_name: dict[_Name, Item], want: Callable[[Item], Wanted], log: Log
) -> Iterator[tuple[Place, str, Wanted]]:  # fmt: skip
    """The verdict on each submission, in the order of the log: the first with its id and content is taken."""
    taken: set[tuple[str, str, int]] = set()
    for seen in log.received:
        item = by_name[seen.sender, seen.body]
        wanted = want(item)
        identity = (item.author.sender, item.author.source, item.number if item.twin is None else item.twin)
        if not wanted.accepted:
            yield seen.place, "refused", wanted
        elif identity in taken:
            yield seen.place, "repeat", wanted
        else:
            taken.add(identity)
            yield seen.place, "accepted", wanted


def _compare(place: Place, must: str, said: set[str], counts: Counts) -> None:
    if must not in said:
        counts.note("lost", f"the submission at {place} must be {must}, the hub said {sorted(said) or 'nothing'}")
    if len(said) > 1:
        counts.note("contradictions", f"the submission at {place} has the verdicts {sorted(said)}")


# Copies and alerts


def _copies(accepted: dict[str, Wanted], log: Log, counts: Counts) -> None:
    there = {(copy.receipt, copy.lane, copy.agency) for copy in log.copies}
    for receipt, wanted in accepted.items():
        for lane, agency in sorted(wanted.copies):
            if (receipt, lane, agency) not in there:
                counts.note("lost", f"no {lane} of {receipt} in the outbox of {agency}")
    ids = set[tuple[str, str]]()
    for copy in log.copies:
        may = copy.receipt in accepted and (copy.lane, copy.agency) in accepted[copy.receipt].copies
        if not may or copy.leak:
            counts.note("foreign", f"{copy.agency} may not have {copy.lane} {copy.event_id}{' (a field)' if may else ''}")
        counts.twice += (copy.agency, copy.event_id) in ids
        ids.add((copy.agency, copy.event_id))


def _alerts(accepted: dict[str, Wanted], log: Log, counts: Counts) -> None:
    """Each alert stands in the outbox and on alerts.layoff under one id."""
    in_outbox = {(copy.receipt, copy.agency, copy.event_id) for copy in log.copies if copy.lane == "alert"}
    there = {(alert.receipt, alert.agency) for alert in log.alerts}
    for receipt, wanted in accepted.items():
        for agency in wanted.alert:
            if (receipt, agency) not in there:
                counts.note("lost", f"no alert of {receipt} for {agency} on alerts.layoff")
    once = {(alert.receipt, alert.agency, alert.event_id) for alert in log.alerts}
    counts.twice += len(log.alerts) - len(once)
    for receipt, agency, event_id in sorted(once - in_outbox):
        if receipt not in accepted or agency not in accepted[receipt].alert:
            counts.note("foreign", f"alerts.layoff has {event_id} for {agency}, which it does not concern")
        else:
            counts.note("lost", f"the alert {event_id} of {agency} stands on alerts.layoff, not in its outbox")


# Order


def _history_order(log: Log, counts: Counts) -> None:
    """What one author said of an employer stands in its history in the order in which it was said."""
    known, last = set[str](), dict[tuple[str, int], int]()
    for step in log.history:
        partition, offset = step.place
        if step.receipt in known:
            continue
        known.add(step.receipt)
        if offset < last.get((step.employer, partition), -1):
            counts.note("order_breaks", f"{step.receipt} stands too late in the history of {step.employer}")
        last[step.employer, partition] = max(offset, last.get((step.employer, partition), -1))


def _outbox_order(log: Log, counts: Counts) -> None:
    """An employer's notices reach an agency in the order of its history, in each lane; the first copy counts."""
    rank: dict[str, int] = {}
    for step in log.history:
        rank.setdefault(step.receipt, len(rank))
    ids, last = set[tuple[str, str]](), dict[tuple[str, str, str], int]()
    for copy in log.copies:
        if (copy.agency, copy.event_id) in ids or copy.receipt not in rank:
            continue
        ids.add((copy.agency, copy.event_id))
        lane = (copy.agency, copy.lane, copy.employer)
        if rank[copy.receipt] < last.get(lane, -1):
            counts.note("order_breaks", f"{copy.lane} {copy.receipt} reached {copy.agency} after a later one of {copy.employer}")
        last[lane] = max(rank[copy.receipt], last.get(lane, -1))
