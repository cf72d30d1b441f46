"""The soak of the history from start to end: own hub, load, faults, turns of the registry, and the count afterwards."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hub.reckoning import reckon
from hub.trials.soak.faults import DISPATCHER, Fault, Havoc, lasts, plan
from hub.trials.soak.ground import Ground, Say, ground
from hub.trials.soak.history.at_rest import Outboxes, ended_by, judge_at_rest, too_much
from hub.trials.soak.history.judge import Counts, first_appearances, judge, moves_crossed
from hub.trials.soak.history.log import Log
from hub.trials.soak.history.reading import Seen, read_log, read_outboxes
from hub.trials.soak.history.reforming import Reforming
from hub.trials.soak.history.sayings import generate
from hub.trials.soak.history.turns import TURNS
from hub.trials.soak.places import read_places
from hub.trials.soak.publishing import Publishing
from hub.trials.soak.reading import Watch
from hub.trials.soak.run import SETTLES, Soaked, Wish, start_processes, view_misses
from schemas.topics import RECEIVED

ANSWERS_WITHIN = 300.0
"""Seconds after the last fault within which everything received has to be accounted for."""
_TELL_EVERY = 5.0
_LEFT_TOLD = 12


@dataclass(frozen=True, slots=True)
class _Ran:
    """What the run itself counted."""

    havoc: Havoc
    watch: Watch
    unaccounted: int
    seconds: float


def soak_history(wish: Wish, say: Say, faults: list[Fault] | None = None) -> tuple[dict[str, Any], bool]:
    """The result, and whether it is good. Where it is not, the folder with the logs stays and is named.

    `faults` take the place of those that the wish plans.
    """
    try:
        with ground("soak-history", say) as hub:
            result, good = _soak_on(hub, wish, _plan(wish) if faults is None else faults, say)
            if not good:
                raise Soaked(result)
            return result, True
    except Soaked as found:
        return found.result, False


def _plan(wish: Wish) -> list[Fault]:
    """The soak's own faults, and once a round the dispatcher, which empties outboxes."""
    faults = plan(wish.rounds, wish.pause)
    each = len(faults) // wish.rounds
    more = Fault("kill_dispatcher", DISPATCHER, wish.pause / 2)
    return [found for number, fault in enumerate(faults, 1) for found in ((fault,) if number % each else (fault, more))]


def _soak_on(hub: Ground, wish: Wish, faults: list[Fault], say: Say) -> tuple[dict[str, Any], bool]:
    places = read_places()
    sayings = generate(wish.notices, places, wish.seed)
    start_processes(hub)
    hub.supervisor.start([hub.hub(DISPATCHER, "dispatch")])
    items = [saying.item for saying in sayings]
    publishing = Publishing(hub.bootstrap, RECEIVED.name, items, len(items) / lasts(faults))
    reforming = Reforming(hub, TURNS, places, lambda: publishing.sent / len(items), say)
    seen = Seen(places.partners)
    ran = _run(hub, publishing, reforming, Havoc(hub.supervisor, faults, say), Watch(hub.bootstrap, seen.keep), say)
    log = read_log(hub.bootstrap, reforming.last.partners)
    at_rest, log.copies = log.copies, seen.copies
    counts = judge(sayings, reforming.registry, log)
    judge_at_rest(Outboxes(seen.copies, at_rest, log.withheld), reforming.registry, counts)
    missing = view_misses(hub, {(copy.agency, copy.event_id) for copy in seen.copies}, say)
    result = _result(counts, ran, log, missing, say) | {"at_rest": len(at_rest), "turns_undone": reforming.undone}
    undone = ran.havoc.undone or reforming.undone
    good = not (any(counts.figures.values()) or ran.unaccounted or missing or undone)
    return result, good


def _run(hub: Ground, publishing: Publishing, reforming: Reforming, havoc: Havoc, watch: Watch, say: Say) -> _Ran:
    began = time.monotonic()
    threads = (watch, publishing, reforming, havoc)
    for thread in threads:
        thread.begin()
    _wait(publishing, reforming, havoc, watch, say)
    unaccounted = reckoned(hub, say)
    _wait_for_rights(hub, reforming, say)
    while watch.still_for < SETTLES:  # what is written a second time may come yet
        time.sleep(0.2)
    for thread in reversed(threads):
        thread.end()
    return _Ran(havoc, watch, unaccounted, time.monotonic() - began)


def _wait(publishing: Publishing, reforming: Reforming, havoc: Havoc, watch: Watch, say: Say) -> None:
    """Until all is sent, and all faults and turns were made."""
    began, told = time.monotonic(), 0.0
    while not (publishing.over and reforming.over and havoc.over):
        time.sleep(0.2)
        now = time.monotonic() - began
        if now - told > _TELL_EVERY:
            told = now
            say(f"{now:.0f} s: {publishing.sent} sent, {watch.came} results came")


def _wait_for_rights(hub: Ground, reforming: Reforming, say: Say) -> None:
    """Until no outbox that a turn was about holds more than its agency may see, or it has taken too long: then it is counted."""
    began = told = time.monotonic()
    while left := too_much(read_outboxes(hub.bootstrap, reforming.turned, reforming.last.partners), ended_by(reforming.registry)):
        now = time.monotonic()
        if now - began > ANSWERS_WITHIN:
            return
        if now - told > _TELL_EVERY:
            told = now
            say(f"{len(left)} copies stand in outboxes whose agencies may not see them any more")
        time.sleep(0.5)


def reckoned(hub: Ground, say: Say) -> int:
    """How much the hub's own reckoning cannot account for."""
    ledger = reckon(hub.bootstrap, hub.wiring.prefix, None, ANSWERS_WITHIN, lambda left: say(f"{left} unaccounted for yet"))
    left = list(ledger.unaccounted())
    for one in left[:_LEFT_TOLD]:
        say(f"unaccounted: {one}")
    return len(left)


def _result(counts: Counts, ran: _Ran, log: Log, missing: int, say: Say) -> dict[str, Any]:
    for example in counts.examples:
        say(example)
    steps = {(step.receipt, step.number): step.type for step in log.history}
    revisions = Counter(decision.revision for decision in set(log.decisions))
    return counts.figures | {
        "unaccounted": ran.unaccounted,
        "view_misses": missing,
        "faults": dict(ran.havoc.done),
        "submissions": len(log.received),
        "verdicts": dict(Counter(said for said, _ in {(one.said, one.place) for one in log.verdicts})),
        "steps": dict(Counter(steps.values())),
        "decided_by_revision": {str(revision): revisions[revision] for revision in sorted(revisions)},
        "withheld": len(log.withheld),
        "told": dict(Counter(copy.mode for copy in first_appearances(log.copies))),
        "twice": len(log.copies) - len(first_appearances(log.copies)),
        "moves_crossed": moves_crossed(log.copies),
        "dead_letters": log.dead,
        "longest_standstill_s": round(ran.watch.longest_standstill, 1),
        "seconds": round(ran.seconds, 1),
    }
