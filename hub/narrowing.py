"""Once a narrowing of rights is in force the outboxes hold no more than their agencies may see (DESIGN §6).

An outbox is looked through where a revision since the last look, or a day that has come, narrows its agency; at the first look
each. What was looked through is noted when all is done: killed before, the next look does it again, which harms nothing.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import structlog

from connectors.inbound.log import Log
from connectors.outbound.emptying import Emptied, Emptying
from hub.core.in_force import Mark, Standing, mark_of
from hub.core.narrowing import as_it_may_stand, narrowed
from hub.core.periods import works_on
from hub.core.registry import Registry
from hub.revisions import Revisions
from hub.wiring import Wiring
from schemas.topics import PINNED, outbox_owner

log = structlog.get_logger()


@dataclass(slots=True)
class Looked:
    """How the newest revision stands, and what came of the outboxes that were looked through, by agency."""

    standing: Standing
    outboxes: dict[str, Emptied] = field(default_factory=dict)


class Narrowing:
    """Of one hub. Two at once do no harm."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._standings = wiring.standings()

    def look(self, day: date, stop: threading.Event | None = None) -> Looked:
        """Empty what has to be, by the rights of that day; nothing while the newest revision is pending.

        NotReady where Kafka or the database is away: what is done is done, the next look goes on.
        """
        looked, mark = Looked(self._standings.now()), self._standings.outboxes()
        now = Mark(looked.standing.revision, day)
        if not looked.standing.in_force or mark == now:
            return looked
        revisions = Revisions(self._wiring)
        for agency, emptied in self._empty(mark, now, revisions):
            looked.outboxes[agency] = emptied
            if stop is not None and stop.is_set():
                return looked
        self._wiring.publisher.publish([mark_of(self._wiring.prefix + PINNED.name, now)])
        return looked

    def _empty(self, mark: Mark | None, now: Mark, revisions: Revisions) -> Iterator[tuple[str, Emptied]]:
        registry = revisions.at(now.revision)
        emptying = Emptying(self._wiring.bootstrap, self._wiring.prefix, self._wiring.publisher, now.revision)
        for agency in self._concerned(mark, now, revisions):
            emptied = emptying.empty(agency, partial(as_it_may_stand, agency, registry=registry, day=now.day))
            log.info("an outbox was looked through", agency=agency, revision=now.revision, **emptied.counts())
            yield agency, emptied

    def _concerned(self, mark: Mark | None, now: Mark, revisions: Revisions) -> list[str]:
        """Whose outbox has to be looked through: also of who is not in force, since a step can be on its way to it still."""
        there, newest = set(self._outboxes()), revisions.at(now.revision)
        if mark is None or mark.revision > now.revision:
            return sorted(there)
        found = {agency for agency in there if not _works(agency, newest, now.day)}
        for revision in range(mark.revision, now.revision + 1):
            found.update(narrowed(revisions.at(revision), newest, now.day, mark.day))
        return sorted(found & there)

    def _outboxes(self) -> Iterator[str]:
        reader = Log(self._wiring.bootstrap, self._wiring.prefix)
        held = [name for name in reader.topics() if outbox_owner(name)]
        starts = reader.starts(held)
        ends = reader.ends(held)
        owners = ((place, outbox_owner(place[0])) for place in ends if ends[place] > starts[place])
        return (owner for _, owner in owners if owner)


def _works(agency_id: str, registry: Registry, day: date) -> bool:
    agency = registry.agency(agency_id)
    return agency is not None and works_on(agency, day)
