"""An agency that is no more, and who stands in its place: rights follow the successor. Pure.

Heirs are found along the successors named in the registry, past those that are no longer in force themselves. Where there are
several, each has what happens in its own territory; what lies in no heir's territory, all of them have.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

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
    """Those in whose place the agency stands on that day, by id."""
    ended = (other.id for other in registry.all_agencies.values() if other.successors and not works_on(other, day))
    return tuple(sorted(other for other in ended if agency_id in heirs_of(other, registry, day)))


def inherits(agency_id: AgencyId, before: AgencyId, notice: Any, registry: Registry, day: date) -> bool:
    """Whether the agency stands in the other's place for that notice (JSON, as it was sent or cut)."""
    heirs = heirs_of(before, registry, day)
    if agency_id not in heirs:
        return False
    concerned = [heir for heir in heirs if _acts_in(heir, _areas(notice), registry)]
    return agency_id in (concerned or heirs)


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


def _areas(notice: Any) -> list[str]:
    """Of what may be anything at all: a record put on a topic by hand has no model behind it."""
    places = notice.get("workplaces") if isinstance(notice, dict) else None
    found = (place.get("area") for place in places if isinstance(place, dict)) if isinstance(places, list) else ()
    return [area for area in found if isinstance(area, str)]


def _acts_in(agency_id: AgencyId, areas: Iterable[str], registry: Registry) -> bool:
    agency = registry.agency(agency_id)
    if agency is None:
        return False
    return not agency.areas or any({area, *registry.ancestors(area)} & {*agency.areas} for area in areas)
