"""Once a narrowing of rights is in force the outboxes hold no more than their agencies may see (DESIGN §6).

An outbox is looked through where a revision since the last mark, or a day that has come, narrows its agency. The mark, up to
which all is done, is set after a while in which there was nothing left to do: what was decided by older rights has come out
then, and a broker that is killed no longer forgets that it deleted. Killed before, the next look does it again, which harms
nothing.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import structlog

from connectors.inbound.log import Log, Place
from connectors.outbound.emptying import Cut, Emptied, Emptying
from connectors.store.taking_back import ViewsOfOutboxes
from hub.agents.hand import day_of
from hub.core.in_force import Mark, Standing, clock_of, mark_of
from hub.core.narrowing import as_it_may_stand, narrowed
from hub.core.periods import works_on
from hub.core.registry import Registry
from hub.core.succession import heirs_of
from hub.core.whys import FALLBACK
from hub.revisions import Revisions
from hub.wiring import Wiring
from schemas.errors import HubError, NotReady
from schemas.topics import BACK, EVENTS, FRONT, PINNED, ROUTED, outbox, outbox_owner

log = structlog.get_logger()

CLEAN_FOR = 90.0
"""Seconds without anything to do before the mark is set. A broker notes only each minute how far it has deleted."""
_NOTHING_DONE = Mark(1, date.min)
MOST_ENDED = 10
"""Agencies whose outboxes are emptied for good in one look, at the most, unless a person says so: a wrong registry ends many."""


@dataclass(slots=True)
class Looked:
    """How the newest revision stands, what came of the outboxes that were looked through, by agency, and what hindered it."""

    standing: Standing
    outboxes: dict[str, Emptied] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was to be done, and nothing is left to do."""
        return not self.failed and all(emptied == Emptied() for emptied in self.outboxes.values())


class Narrowing:
    """Of one hub. Two at once do no harm. `today` is the day by the clock here; what goes for good goes by the broker's."""

    def __init__(
        self,
        wiring: Wiring,
        today: Callable[[], date],
        brokers_day: Callable[[], date] | None = None,
        clean_for: float = CLEAN_FOR,
        most_ended: int = MOST_ENDED,
    ) -> None:
        self._wiring = wiring
        self._today = today
        self._brokers_day = brokers_day or self._ask_the_broker
        self._clean_for = clean_for
        self._most_ended = most_ended
        self._standings = wiring.standings()
        self._views = wiring.views_of_outboxes()
        self._seen: Mark | None = None
        self._decided_before: dict[Place, int] = {}
        self._clean_since: float | None = None

    def look(self, stop: threading.Event | None = None) -> Looked:
        """Empty what has to be; nothing while the newest revision is pending.

        NotReady where Kafka or the database is away: what is done is done, the next look goes on.
        """
        looked, mark = Looked(self._standings.now()), self._standings.outboxes()
        revision = looked.standing.revision
        if not looked.standing.in_force or mark == Mark(revision, self._today()):
            return looked
        now = Mark(revision, self._brokers_day())
        self._note(now)
        if mark == now or self._is_waiting():
            return looked
        settled = self._is_settled()  # asked first: what has come out by now is looked at below
        work = _Round(self._wiring, mark, now, self._most_ended)
        self._look_through(work, looked, stop)
        for agency, why in looked.failed.items():
            log.warning("an outbox waits for its new rights", agency=agency, why=why)
        self._mark_after_a_while(now, looked, settled or not work.narrows, waits=work.narrows)
        return looked

    def _note(self, now: Mark) -> None:
        """At the first look by a revision or on a day: up to where the log holds what may have been decided before."""
        if self._seen != now:
            reader = Log(self._wiring.bootstrap, self._wiring.prefix)
            self._seen, self._decided_before, self._clean_since = now, reader.ends([EVENTS.name, ROUTED.name]), None

    def _ask_the_broker(self) -> date:
        self._wiring.publisher.publish([clock_of(self._wiring.prefix + PINNED.name)])
        self._standings.now()
        return day_of(self._standings.newest())

    def _is_waiting(self) -> bool:
        """Whether there was nothing to do a moment ago: looked is once more, when the while is over."""
        return self._clean_since is not None and time.monotonic() - self._clean_since < self._clean_for

    def _is_settled(self) -> bool:
        """Whether the agents have gone past all that was there then."""
        for group, topics in ((FRONT, [EVENTS.name]), (BACK, [EVENTS.name, ROUTED.name])):
            for (name, number), (first, _) in self._wiring.groups.behind(group, topics).items():
                if first < self._decided_before.get((name.removeprefix(self._wiring.prefix), number), 0):
                    return False
        return True

    def _look_through(self, work: "_Round", looked: Looked, stop: threading.Event | None) -> None:
        for agency in work.concerned(looked):
            if stop is not None and stop.is_set():
                looked.failed[agency] = "told to stop"
                break
            try:
                looked.outboxes[agency] = emptied = work.empty(agency, self._views)
                log.info("an outbox was looked through", agency=agency, revision=work.now.revision, **emptied.counts())
            except HubError as error:  # the others do not wait for it
                looked.failed[agency] = error.detail

    def _mark_after_a_while(self, now: Mark, looked: Looked, settled: bool, *, waits: bool) -> None:
        if not (looked.is_clean and settled):
            self._clean_since = None
            return
        moment = time.monotonic()
        self._clean_since = self._clean_since or moment
        if not waits or moment - self._clean_since >= self._clean_for:
            self._wiring.publisher.publish([mark_of(self._wiring.prefix + PINNED.name, now)])


class _Round:
    """One look: by which registry, on which day, and whose outboxes."""

    def __init__(self, wiring: Wiring, mark: Mark | None, now: Mark, most_ended: int) -> None:
        self.now = now
        self.narrows = False
        self._wiring = wiring
        self._mark = mark
        self._most_ended = most_ended
        self._revisions = Revisions(wiring)
        self._registry = self._revisions.at(now.revision)
        self._emptying = Emptying(wiring.bootstrap, wiring.prefix, wiring.publisher, now.revision)

    def concerned(self, looked: Looked) -> list[str]:
        """Whose outbox has to be looked through: also of who is not in force, since a step can be on its way to it still.

        `narrows` says afterwards whether anybody may see less, whatever stands in outboxes by now.
        """
        there = set(self._outboxes())
        ended = {agency for agency in there - {FALLBACK} if not _works(agency, self._registry, self.now.day)}
        if len(ended) > self._most_ended:
            why = f"{len(ended)} agencies are not in force and would lose all that is there: `hub registry narrow --many` does it"
            looked.failed |= dict.fromkeys(sorted(ended), why)
            there, ended = there - ended, set()
        mark = self._mark or _NOTHING_DONE
        put_back = mark.revision > self.now.revision
        found = set(there) if put_back else ended | self._narrowed_since(mark)
        self.narrows = bool(found)
        return sorted(found & there)

    def _narrowed_since(self, mark: Mark) -> set[str]:
        since = min(mark.day, self.now.day)
        revisions = range(mark.revision, self.now.revision + 1)
        return {
            agency
            for revision in revisions
            for agency in narrowed(self._revisions.at(revision), self._registry, self.now.day, since)
        }

    def empty(self, agency: str, views: ViewsOfOutboxes) -> Emptied:
        """Its outbox, and before that the views' rows of it, which would keep out what is written again."""

        def cut(copy: dict[str, Any]) -> dict[str, Any] | None:
            return as_it_may_stand(agency, copy, self._registry, self.now.day)

        def make_room(end: int, receipts: Collection[str]) -> Cut:
            epoch = self._epoch(agency)
            reached = views.reached(agency)
            if reached is None or reached[0] != epoch or reached[1] < end:
                raise NotReady(f"the views have not taken in the outbox of {agency} yet, and others may have to read it there")
            erased = views.erased(receipts)
            if not heirs_of(agency, self._registry, self.now.day):
                views.take_back(agency, epoch, end, self.now.revision)
            return lambda copy: None if {(copy["receipt"], None), (copy["receipt"], copy["step"])} & erased else cut(copy)

        return self._emptying.empty(agency, cut, make_room)

    def _epoch(self, agency: str) -> str:
        topic = outbox(agency).name
        found = self._wiring.topic_sources().these([topic])
        if topic not in found:
            raise NotReady(f"{topic} is not there any more")
        return found[topic].epoch

    def _outboxes(self) -> Iterator[str]:
        reader = Log(self._wiring.bootstrap, self._wiring.prefix)
        held = [name for name in reader.topics() if outbox_owner(name)]
        starts, ends = reader.starts(held), reader.ends(held)
        owners = ((place, outbox_owner(place[0])) for place in ends if ends[place] > starts[place])
        return (owner for _, owner in owners if owner)


def _works(agency_id: str, registry: Registry, day: date) -> bool:
    agency = registry.agency(agency_id)
    return agency is not None and works_on(agency, day)
