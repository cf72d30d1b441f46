"""The soak from start to end: own hub, load, faults, and the count afterwards."""

import time
from dataclasses import dataclass
from typing import Any

import psycopg

from hub.local.child import Child
from hub.trials.load import Item, generate
from hub.trials.soak.faults import PROJECTOR, Havoc, lasts, plan
from hub.trials.soak.ground import Ground, Say, ground
from hub.trials.soak.judge import Counts, judge
from hub.trials.soak.log import Log
from hub.trials.soak.model import wanted
from hub.trials.soak.places import Places, read_places
from hub.trials.soak.publishing import Publishing
from hub.trials.soak.reading import Watch, read_log
from schemas.topics import RECEIVED

STANDS_STILL = 60.0
"""Seconds without anything new after which nothing more is expected."""
SETTLES = 3.0
_TELL_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Wish:
    """How much of it: submissions, rounds of faults, seconds between faults."""

    notices: int = 50_000
    rounds: int = 3
    pause: float = 8.0
    seed: int = 1


class Soaked(RuntimeError):
    """The soak found what must not be; raised inside, so that the hub's folder with its logs stays."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__("the soak found what must not be")
        self.result = result


def soak(wish: Wish, say: Say) -> tuple[dict[str, Any], bool]:
    """The result, and whether it is good. Where it is not, the folder with the logs stays and is named."""
    try:
        with ground("soak", say) as hub:
            result, good = _soak_on(hub, wish, say)
            if not good:
                raise Soaked(result)
            return result, True
    except Soaked as found:
        return found.result, False


def _soak_on(hub: Ground, wish: Wish, say: Say) -> tuple[dict[str, Any], bool]:
    places = read_places()
    items = generate(wish.notices, places, wish.seed)
    start_processes(hub)
    began = time.monotonic()
    faults = plan(wish.rounds, wish.pause)
    publishing = Publishing(hub.bootstrap, RECEIVED.name, items, wish.notices / lasts(faults))
    havoc, watch = Havoc(hub.supervisor, faults, say), Watch(hub.bootstrap)
    for thread in (watch, publishing, havoc):
        thread.begin()
    _wait(publishing, havoc, watch, expected(items, places), say)
    for thread in (havoc, publishing, watch):
        thread.end()
    seconds = time.monotonic() - began
    log = read_log(hub.bootstrap, places.partners)
    counts = judge(items, lambda item: wanted(item, places), log)
    missing = view_misses(hub, {(copy.agency, copy.event_id) for copy in log.copies}, say)
    return _result(counts, log, havoc, watch, missing, seconds, say), counts.good and missing == 0 and havoc.undone == 0


def start_processes(hub: Ground) -> None:
    """The hub's workers, two of them in turns, and its projector."""
    hub.supervisor.start([*workers(hub), hub.hub(PROJECTOR, "project")])


def workers(hub: Ground) -> list[Child]:
    """Two that share all of it, and one for the front alone."""
    return [hub.worker("worker-1"), hub.worker("worker-2"), hub.worker("front", "--front")]


def expected(items: list[Item], places: Places) -> int:
    """How many results there have to be: a verdict for each, copies and alerts for each that is accepted."""
    firsts = (wanted(item, places) for item in items if item.twin is None)
    return len(items) + sum(len(one.copies) + len(one.alert) for one in firsts)


def _wait(publishing: Publishing, havoc: Havoc, watch: Watch, all_of_it: int, say: Say) -> None:
    """Until all faults were done and everything is there, or nothing new has come for a minute."""
    began, told = time.monotonic(), 0.0
    while True:
        time.sleep(0.2)
        now = time.monotonic() - began
        if now - told > _TELL_EVERY:
            told = now
            say(f"{now:.0f} s: {publishing.sent} sent, {watch.came} of {all_of_it} results came")
        done = publishing.over and havoc.over
        if done and watch.still_for > (SETTLES if watch.came >= all_of_it else STANDS_STILL):
            return


def view_misses(hub: Ground, there: set[tuple[str, str]], say: Say) -> int:
    """How many events (agency, id) that came into outboxes are not in the view, or only there, when the projector stood still."""
    rows, moved = -1, time.monotonic()
    while True:
        found = _in_view(hub)
        if found == there or (len(found) == rows and time.monotonic() - moved > STANDS_STILL):
            return len(found ^ there)
        if len(found) != rows:
            say(f"the view has {len(found)} of {len(there)} copies")
            rows, moved = len(found), time.monotonic()
        time.sleep(2.0)


def _in_view(hub: Ground) -> set[tuple[str, str]]:
    query = f"SELECT agency, event_id FROM {hub.wiring.schemas.view}.outbox"  # noqa: S608 - a name of our own
    with psycopg.connect(hub.wiring.url) as connection:
        return {(agency, event_id) for agency, event_id in connection.execute(query)}


def _result(
    counts: Counts, log: Log, havoc: Havoc, watch: Watch, missing: int, seconds: float, say: Say
) -> dict[str, Any]:  # fmt: skip
    for example in counts.examples:
        say(example)
    return {
        "lost": counts.lost,
        "order_breaks": counts.order_breaks,
        "foreign": counts.foreign,
        "twice": counts.twice,
        "faults": dict(havoc.done),
        "contradictions": counts.contradictions,
        "view_misses": missing,
        "dead_letters": log.dead,
        "copies": len(log.copies),
        "longest_standstill_s": round(watch.longest_standstill, 1),
        "seconds": round(seconds, 1),
        "notices": len(log.received) - counts.sent_twice,
        "sent_twice": counts.sent_twice,
    }
