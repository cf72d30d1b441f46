"""Counts what was lost, stale, foreign or told to the wrong one. Pure: sayings, a registry by revision and a log in."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hub.trials.soak.history.log import Copy, Log
from hub.trials.soak.history.model import History, Step, Told, Verdict, Words, about, follow
from hub.trials.soak.history.sayings import Saying
from hub.trials.soak.log import Place
from hub.trials.soak.model import Lane
from hub.trials.soak.places import Places

_MOST_EXAMPLES = 20
_At = tuple[str, int, Lane, str]
"""Receipt, step, lane, agency: what one event in an outbox is about."""


@dataclass(slots=True)
class Counts:
    """What must not be. `examples` say in words what the first of them were."""

    lost: int = 0
    stale_after_step: int = 0
    foreign: int = 0
    wrong_recipient: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, what: str, detail: str) -> None:
        """Count it, and keep the words of the first few."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.examples) < _MOST_EXAMPLES:
            self.examples.append(f"{what}: {detail}")

    @property
    def figures(self) -> dict[str, int]:
        """The four numbers."""
        return {name: getattr(self, name) for name in ("lost", "stale_after_step", "foreign", "wrong_recipient")}


def judge(sayings: Sequence[Saying], registry: Mapping[int, Places], log: Log) -> Counts:
    """What the log shows of what the sayings must have led to; `registry` tells who worked where, by revision."""
    counts = Counts()
    steps = _steps(sayings, log, counts)
    told = list(_told(steps, registry, log, counts))
    _events(told, log, counts)
    _alerts(log, counts)
    _order(log, counts)
    _last_words(told, log, counts)
    counts.foreign += log.leaks
    return counts


# Verdicts and steps


def _steps(sayings: Sequence[Saying], log: Log, counts: Counts) -> dict[str, list[Step]]:
    """By receipt, the steps that there must be: of what arrived, in the order in which it did."""
    _arrivals(sayings, log, counts)
    by_name = {(saying.item.author.sender, saying.item.body): saying for saying in sayings}
    said: dict[Place, set[str]] = defaultdict(set)
    for verdict in log.verdicts:
        said[verdict.place].add(verdict.said)
    history, steps = History(), defaultdict[str, list[Step]](list)
    for seen in sorted(log.received, key=lambda seen: seen.place):
        must, made = history.take(by_name[seen.sender, seen.body])
        _compare(seen.place, must, said[seen.place], counts)
        for step in made:
            steps[step.receipt].append(step)
    return steps


def _arrivals(sayings: Sequence[Saying], log: Log, counts: Counts) -> None:
    sent = Counter((saying.item.author.sender, saying.item.body) for saying in sayings)
    sent.subtract(Counter((seen.sender, seen.body) for seen in log.received))
    for (sender, body), missing in sent.items():
        if missing > 0:
            counts.note("lost", f"a submission of {sender} never arrived: {body[:80]}")


def _compare(place: Place, must: Verdict, said: set[str], counts: Counts) -> None:
    """Two verdicts on one submission are unaccounted for, so that the reckoning finds them."""
    if must not in said:
        counts.note("lost", f"the submission at {place} must be {must}, the hub said {sorted(said) or 'nothing'}")


# Who is told what


def _told(steps: Mapping[str, list[Step]], registry: Mapping[int, Places], log: Log, counts: Counts) -> Iterator[Told]:
    there = {(step.receipt, step.number, step.type, step.employer) for step in log.history}
    revisions: dict[tuple[str, int], list[int]] = defaultdict(list)
    for decision in log.decisions:
        found = revisions[decision.receipt, decision.number]
        if decision.revision not in found:
            found.append(decision.revision)
    for receipt, made in steps.items():
        for step in made:
            if (receipt, step.number, step.type, step.employer) not in there:
                counts.note("lost", f"step {step.number} ({step.type}) of {receipt} is not in the history of {step.employer}")
            for revision in [one for one in revisions[receipt, step.number] or [-1] if one not in registry]:
                counts.note("lost", f"step {step.number} of {receipt} was decided by no revision that there was ({revision})")
        by = {step.number: [registry[one] for one in revisions[receipt, step.number] if one in registry] for step in made}
        yield from follow(made, by)


def _events(told: Sequence[Told], log: Log, counts: Counts) -> None:
    """Each outbox event against what its agency must be told, and each of that against the events."""
    musts = {(one.step.receipt, one.step.number): one for one in told}
    there: dict[_At, list[Copy]] = defaultdict(list)
    for copy in log.copies:
        there[copy.receipt, copy.number, copy.lane, copy.agency].append(copy)
    for at, copies in there.items():
        for copy in dict.fromkeys(copies):  # each different one once: a second copy may be
            _compare_event(copy, musts.get(at[:2]), counts)
        if len({copy.mode for copy in copies}) > 1:
            counts.note("wrong_recipient", f"{named(copies[0])} says two things under one id")
    for (receipt, number), one in musts.items():
        for lane, agency in {name for words in one.all for name in words}:
            if (receipt, number, lane, agency) not in there:
                counts.note("lost", f"step {number} of {receipt}: {agency} is told nothing in the lane {lane}")


def _compare_event(copy: Copy, must: Told | None, counts: Counts) -> None:
    words = [found for one in (must.all if must else ()) if (found := one.get((copy.lane, copy.agency)))]
    modes = {word.mode for word in words}
    if copy.leak:
        counts.note("foreign", f"{named(copy)} holds what {copy.agency} may not see")
    if copy.mode == "shown" and "shown" not in modes:
        counts.note("foreign", f"{copy.agency} may not have {named(copy)}")
    elif copy.mode not in modes:
        counts.note("wrong_recipient", f"{named(copy)} says {copy.mode!r}, it must say {sorted(modes) or 'nothing'}")
    elif copy.role not in {word.role for word in words}:
        counts.note("wrong_recipient", f"{named(copy)} is told as {copy.role}, not as {[word.role for word in words]}")
    elif must and copy.mode == "shown" and copy.about != about(must.step):
        counts.note("stale_after_step", f"{named(copy)} shows {copy.about}, not {about(must.step)}")


def _alerts(log: Log, counts: Counts) -> None:
    """Each alert stands in its outbox and on alerts.layoff, the same under one id."""
    outbox = {copy for copy in log.copies if copy.lane == "alert"}
    topic = set(log.alerts)
    for copy in sorted(outbox ^ topic, key=lambda copy: (copy.receipt, copy.number, copy.agency)):
        counts.note("lost", f"{named(copy)} stands only {'in its outbox' if copy in outbox else 'on alerts.layoff'}")


# Order


def _order(log: Log, counts: Counts) -> None:
    """What an agency hears of an employer comes in the order of its history, in each lane; first appearances count."""
    rank, numbers = dict[tuple[str, int], int](), dict[tuple[str, str], int]()
    for step in log.history:
        if (step.receipt, step.number) in rank:
            continue
        rank[step.receipt, step.number] = len(rank)
        if step.number < numbers.get((step.receipt, step.employer), 0):
            counts.note("stale_after_step", f"step {step.number} of {step.receipt} stands after a later one")
        numbers[step.receipt, step.employer] = step.number
    last = dict[tuple[str, Lane, str], int]()
    for copy in first_appearances(log.copies):
        here, lane = rank.get((copy.receipt, copy.number), -1), (copy.agency, copy.lane, copy.employer)
        if 0 <= here < last.get(lane, -1):
            counts.note("stale_after_step", f"{named(copy)} came after a later one of {copy.employer}")
        last[lane] = max(here, last.get(lane, -1))


def first_appearances(copies: Sequence[Copy]) -> list[Copy]:
    """Each event once, where it came first."""
    found: dict[tuple[str, str], Copy] = {}
    for copy in copies:
        found.setdefault((copy.agency, copy.event_id), copy)
    return list(found.values())


def moves_crossed(copies: Sequence[Copy]) -> int:
    """How often a notice's end under its old employer came after its step under the new one.

    They stand under two keys, so that no order is promised between them: the step tells which holds (DESIGN §2).
    """
    last, crossed = dict[tuple[str, Lane, str], int](), 0
    for copy in first_appearances(copies):
        notice = (copy.agency, copy.lane, copy.receipt)
        crossed += copy.number < last.get(notice, 0)
        last[notice] = max(copy.number, last.get(notice, 0))
    return crossed


def _last_words(told: Sequence[Told], log: Log, counts: Counts) -> None:
    """Whoever has no right at a notice's last step has as its last thing that it no longer concerns it."""
    lasting = {one.step.receipt: _present(one.all) for one in told}  # the last one of each stays
    latest: dict[tuple[str, str], list[Copy]] = defaultdict(list)
    for copy in first_appearances(log.copies):
        found = latest[copy.receipt, copy.agency]
        if found and found[0].number < copy.number:
            found.clear()
        if not found or found[0].number == copy.number:
            found.append(copy)
    for (receipt, agency), copies in latest.items():
        if agency not in lasting.get(receipt, ()) and any(copy.mode == "shown" for copy in copies):
            counts.note("stale_after_step", f"{named(copies[0])} is the last that {agency} has, and it concerns it no longer")


def _present(words: Sequence[Words]) -> set[str]:
    return {agency for one in words for (_, agency), word in one.items() if word.mode == "shown"}


def named(copy: Copy) -> str:
    """In words."""
    return f"the {copy.lane} of step {copy.number} of {copy.receipt} for {copy.agency}"
