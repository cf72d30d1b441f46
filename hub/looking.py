"""One look through the outboxes: whose have to be looked through, by which registry, and what is asked to empty one."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.inbound.log import Log
from connectors.inbound.standing import Standings
from connectors.outbound.emptying import Cut, Emptied, Emptying
from connectors.store.taken_in import TakenIn
from hub.core.in_force import Begun, Mark, begun_of
from hub.core.narrowing import as_it_may_stand, narrowed
from hub.core.periods import works_on
from hub.core.registry import Registry
from hub.core.whys import FALLBACK
from hub.revisions import Revisions
from hub.wiring import Wiring
from schemas.errors import NotReady
from schemas.topics import PINNED, outbox, outbox_owner

_NOTHING_DONE = Mark(1, date.min)


class Round:
    """One look: by which registry, on which day, and whose outboxes."""

    def __init__(self, wiring: Wiring, standings: Standings, taken_in: TakenIn, now: Mark, hold: Callable[[], None]) -> None:
        self.now = now
        self.mark = standings.outboxes()
        self.narrows = False
        """Once `concerned` was asked: whether anybody may see less than before, whatever stands in outboxes by now."""
        self._hold = hold
        self._wiring = wiring
        self._standings = standings
        self._taken_in = taken_in
        self._revisions = Revisions(wiring)
        self._registry = self._revisions.at(now.revision)
        self._emptying = Emptying(wiring.bootstrap, wiring.prefix, wiring.publisher, now.revision)

    def concerned(self) -> list[str]:
        """Whose outbox has to be looked through: also of who is not in force, since a step can be on its way to it still.

        And where an emptying was begun, whatever the rights are by now. The fallback is the hub's own, and no agency's right.
        """
        there = {agency: first for agency, first in self._outboxes() if agency != FALLBACK}
        mark = self.mark or _NOTHING_DONE
        if mark.revision > self.now.revision:  # the registry was put back
            self.narrows = bool(there)
            return sorted(there)
        ended = {agency for agency in there if not _works(agency, self._registry, self.now.day)}
        begun = {agency for agency, first in there.items() if (one := self._standings.begun(agency)) and first < one.end}
        less = ended | begun | self._narrowed_since(mark)
        self.narrows = bool(less)
        return sorted(less & there.keys())

    def _narrowed_since(self, mark: Mark) -> set[str]:
        since = min(mark.day, self.now.day)
        revisions = range(mark.revision, self.now.revision + 1)
        return {
            agency
            for revision in revisions
            for agency in narrowed(self._revisions.at(revision), self._registry, self.now.day, since)
        }

    def is_needed(self, agency: str) -> bool:
        """Whether the outbox holds more than may stand there, or was being emptied."""
        return self._emptying.is_needed(agency, self._around(agency))

    def is_begun(self, agency: str) -> bool:
        """Whether it was being emptied."""
        return self._emptying.is_begun(agency, self._around(agency))

    def empty(self, agency: str) -> Emptied:
        """Empty it."""
        return self._emptying.empty(agency, self._around(agency))

    def _around(self, agency: str) -> "Around":
        return Around(agency, self._wiring, self._standings, self._taken_in, self._registry, self.now.day, self._hold)

    def _outboxes(self) -> Iterator[tuple[str, int]]:
        """Those that hold something: whose, and where the log begins."""
        reader = Log(self._wiring.bootstrap, self._wiring.prefix)
        held = [name for name in reader.topics() if outbox_owner(name)]
        starts, ends = reader.starts(held), reader.ends(held)
        owners = ((place, outbox_owner(place[0])) for place in ends if ends[place] > starts[place])
        return ((owner, starts[place]) for place, owner in owners if owner)


@dataclass(frozen=True, slots=True)
class Around:
    """What the emptying of one outbox asks beside Kafka's records (connectors/outbound/emptying.py, Surroundings)."""

    agency: str
    wiring: Wiring
    standings: Standings
    taken_in: TakenIn
    registry: Registry
    day: date
    hold: Callable[[], None]

    def begun(self) -> Begun | None:
        """The one that was noted last, where the topic is the same still."""
        found = self.standings.begun(self.agency)
        return found if found is not None and found.epoch == self._epoch() else None

    def begin(self, end: int) -> Begun:
        """Not before the views have taken in all that is there: what goes for good is read there by who stands in its place."""
        begun, reached = Begun(self._epoch(), end), self.taken_in.reached(self.agency)
        if reached is None or reached[0] != begun.epoch or reached[1] < end:
            raise NotReady(f"the views have not taken in the outbox of {self.agency} yet")
        self.wiring.publisher.publish([begun_of(self.wiring.prefix + PINNED.name, self.agency, begun)])
        return begun

    def may_stand(self, copy: dict[str, Any]) -> dict[str, Any] | None:
        """By the rights of that day."""
        return as_it_may_stand(self.agency, copy, self.registry, self.day)

    def to_write_again(self, receipts: Collection[str]) -> Cut:
        """What was erased is not, nor an answer to a step that was."""
        erased = self.taken_in.erased(receipts)

        def cut(copy: dict[str, Any]) -> dict[str, Any] | None:
            step = copy["step"] if "step" in copy else copy["answers"]
            return None if {(copy["receipt"], None), (copy["receipt"], step)} & erased else self.may_stand(copy)

        return cut

    def _epoch(self) -> str:
        topic = outbox(self.agency).name
        found = self.wiring.topic_sources().these([topic])
        if topic not in found:
            raise NotReady(f"{topic} is not there any more")
        return found[topic].epoch


def _works(agency_id: str, registry: Registry, day: date) -> bool:
    agency = registry.agency(agency_id)
    return agency is not None and works_on(agency, day)
