"""An agency that is no more, and who stands in its place: rights follow the successor. Pure.

Heirs are found along the successors named in the registry, past those that are no longer in force themselves. Rights follow only
where there is one heir, of the same ring: of an agency that was divided, steps without content do not tell whose they would be.
"""

from collections.abc import Iterator
from datetime import date

from hub.core.periods import works_on
from hub.core.registry import Registry
from schemas.ids import AgencyId


def heirs_of(agency_id: AgencyId, registry: Registry, day: date) -> tuple[AgencyId, ...]:
    """Who stands in its place on that day, by id: nobody while it is in force itself, or where nobody is named."""
    agency = registry.agency(agency_id)
    if agency is None or works_on(agency, day):
        return ()
    return tuple(sorted(_heirs(agency_id, registry, day, {agency_id})))


def successors_of(agency_id: AgencyId, registry: Registry) -> frozenset[AgencyId]:
    """All that ever come after it, near and far; itself among them where the registry goes round in a circle."""
    found, waiting = set[AgencyId](), [agency_id]
    while waiting:
        agency = registry.agency(waiting.pop())
        new = [name for name in (agency.successors if agency else ()) if name not in found]
        found.update(new)
        waiting += new
    return frozenset(found)


def predecessors_of(agency_id: AgencyId, registry: Registry, day: date) -> tuple[AgencyId, ...]:
    """Those whose rights went to the agency, as of that day, by id."""
    ended = (other.id for other in registry.all_agencies.values() if other.successors and not works_on(other, day))
    return tuple(sorted(other for other in ended if inherits(agency_id, other, registry, day)))


def inherits(agency_id: AgencyId, before: AgencyId, registry: Registry, day: date) -> bool:
    """Whether the rights of the one went to the other: its only heir, of the same ring."""
    here, there = registry.agency(agency_id), registry.agency(before)
    same_ring = here is not None and there is not None and here.ring == there.ring
    return same_ring and heirs_of(before, registry, day) == (agency_id,)


def _heirs(agency_id: AgencyId, registry: Registry, day: date, seen: set[AgencyId]) -> Iterator[AgencyId]:
    agency = registry.agency(agency_id)
    for name in agency.successors if agency else ():
        heir = registry.agency(name)
        if heir is None or name in seen:
            continue
        seen.add(name)
        if works_on(heir, day):
            yield name
        else:
            yield from _heirs(name, registry, day, seen)
