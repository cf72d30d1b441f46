"""The registry as the rules see it: one immutable snapshot with a revision, answering by day. Pure.

What holds changes only on a few days (a merger, a reform, the end of an agreement). A snapshot therefore keeps one view
for each stretch between two changes, made when first asked for; every answer is then a dictionary look-up.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self, TypeVar

from hub.core.areas import FINLAND as FINLAND
from hub.core.areas import FINNISH, MUNICIPALITY, ancestors, municipalities
from hub.core.periods import as_of, days_of_change, works_on
from schemas.agency import Agency, Area, Coordinator, Ring
from schemas.errors import Misconfigured
from schemas.ids import AgencyId, AreaCode
from schemas.notice import NEEDS
from schemas.offering import Offering

_Row = TypeVar("_Row")


def takes(agency: Agency, kind: str, needs: Collection[str] = ()) -> bool:
    """Whether a notice of that kind with those needs is of interest to the agency.

    It is when the agency named nothing (then everything of its ring), when it named the kind of the notice or of one of
    its needs (one contact with an employer is one notice: fact 5), or any of the needs.
    """
    if not agency.kinds and not agency.needs:
        return True
    kinds = {kind, *(NEEDS[need] for need in needs if need in NEEDS)}
    return not kinds.isdisjoint(agency.kinds) or any(need in agency.needs for need in needs)


@dataclass(slots=True)
class _View:
    """What holds between two changes of the registry. The last two fields remember answers already given."""

    agencies: tuple[Agency, ...]
    agencies_at: Mapping[AreaCode, tuple[Agency, ...]]
    everywhere: tuple[Agency, ...]
    offerings: tuple[Offering, ...]
    answering: Mapping[str, tuple[Offering, ...]]
    inside: Mapping[AreaCode, tuple[AreaCode, ...]]
    covering: dict[AreaCode, tuple[Agency, ...]] = field(default_factory=dict)
    authorities: dict[AreaCode, tuple[Agency, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """Areas, agencies and offerings at one revision. Make it with `Registry.of`; never change what it gives out."""

    revision: int
    areas: Mapping[AreaCode, Area]
    all_agencies: Mapping[AgencyId, Agency]
    all_offerings: Mapping[str, Offering]
    _above: Mapping[AreaCode, frozenset[AreaCode]]
    _municipalities: frozenset[AreaCode]
    _changes: tuple[date, ...]
    _views: dict[int, _View] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        revision: int,
        areas: Iterable[Area],
        agencies: Iterable[Agency],
        offerings: Iterable[Offering],
    ) -> Self:
        """The snapshot of these rows; their order does not matter, a code or id given twice is an error."""
        area_of = _by_key("area", areas, lambda area: area.code)
        agency_of = _by_key("agency", agencies, lambda agency: agency.id)
        offering_of = _by_key("offering", offerings, lambda offering: offering.code)
        above = {code: ancestors(code, area_of) for code in area_of}
        changes = days_of_change(area_of.values(), agency_of.values(), offering_of.values())
        return cls(revision, area_of, agency_of, offering_of, above, municipalities(area_of), changes)

    # Areas

    def area(self, code: AreaCode, day: date) -> Area | None:
        """The area of that code if it is in force on that day."""
        found = self.areas.get(code)
        return found if found is not None and found.holds_on(day) else None

    def current_code(self, code: AreaCode, day: date) -> AreaCode | None:
        """The code that stands for the area on that day: itself, or the first successor in force; None if unknown."""
        waiting, seen = [code], set[AreaCode]()
        while waiting:
            here = waiting.pop(0)
            if here in seen or here not in self.areas:
                continue
            if self.areas[here].holds_on(day):
                return here
            seen.add(here)
            waiting.extend(self.areas[here].successors)
        return None

    def ancestors(self, code: AreaCode) -> frozenset[AreaCode]:
        """All areas that hold this one: employment area, region, EVK area, country; a merged one also its successor."""
        return self._above.get(code, frozenset())

    def municipalities_in(self, code: AreaCode, day: date) -> tuple[AreaCode, ...]:
        """The municipalities in force inside an area; for a municipality, the one that it is today.

        Abroad, the smallest areas known stand for municipalities: a state of which nothing smaller is known, for itself.
        """
        if code in self._municipalities:
            today = self.current_code(code, day)
            return (today,) if today else ()
        return self._view(day).inside.get(code, ())

    def parts_of(self, code: AreaCode, day: date) -> tuple[AreaCode, ...]:
        """Where to look for who acts in an area: its municipalities; a whole country (an area within no other) itself.

        Whoever acts in some part of a country is not concerned by all that happens somewhere in it.
        """
        whole = not self.ancestors(code) and code not in self._municipalities
        return (code,) if whole else self.municipalities_in(code, day)

    # Agencies

    def agency(self, agency_id: AgencyId) -> Agency | None:
        """The agency of that id, in force or not."""
        return self.all_agencies.get(agency_id)

    def agencies(self, day: date) -> tuple[Agency, ...]:
        """The agencies in force on that day, by id; one whose agreement has run out is not among them."""
        return self._view(day).agencies

    def coordinators(self, agency_id: AgencyId) -> tuple[Coordinator, ...]:
        """Who gets the agency's layoff alerts."""
        found = self.all_agencies.get(agency_id)
        return found.coordinators if found else ()

    def authorities_for(self, municipality: AreaCode, day: date) -> tuple[Agency, ...]:
        """The employment authorities responsible there by area: one for a municipality, also under a merged code.

        Where only a wider area than a municipality is known, the authorities of all its municipalities; for the whole
        country none, since then nobody in particular is responsible.
        """
        view = self._view(day)
        known = view.authorities.get(municipality)
        if known is None:
            known = self._authorities(municipality, day)
            if municipality in self.areas:
                view.authorities[municipality] = known
        return known

    def agencies_covering(self, code: AreaCode, day: date, ring: Ring | None = None) -> tuple[Agency, ...]:
        """The agencies whose territory holds that area: by its own code, one above it, or the whole country."""
        view = self._view(day)
        found = view.covering.get(code)
        if found is None:
            found = self._covering(code, view)
            if code in self.areas:
                view.covering[code] = found
        return found if ring is None else tuple(agency for agency in found if agency.ring == ring)

    def provider_agencies(self, kind: str, municipalities: Iterable[AreaCode], day: date) -> tuple[Agency, ...]:
        """The agencies of a kind that serve at least one of these municipalities, by id; none where none is given."""
        covering = (agency for code in municipalities for agency in self.agencies_covering(code, day))
        found = {agency.id: agency for agency in covering if agency.kind == kind}
        return tuple(found[key] for key in sorted(found))

    # Offerings

    def offerings_for(self, day: date) -> tuple[Offering, ...]:
        """The services in force on that day, by code, each with those of its conditions that are in force."""
        return self._view(day).offerings

    def offerings_answering(self, words: Iterable[str], day: date) -> tuple[Offering, ...]:
        """Of the services in force those that answer one of these kinds, subjects or needs, by code."""
        answering = self._view(day).answering
        found = {offering.code: offering for word in words for offering in answering.get(word, ())}
        return tuple(found[code] for code in sorted(found))

    def offering(self, code: str) -> Offering | None:
        """The service of that code, in force or not, with all its conditions."""
        return self.all_offerings.get(code)

    # How the answers are made

    def _view(self, day: date) -> _View:
        stretch = bisect_right(self._changes, day)
        view = self._views.get(stretch)
        if view is None:
            view = self._views[stretch] = self._make_view(day)
        return view

    def _make_view(self, day: date) -> _View:
        agencies = tuple(agency for agency in self.all_agencies.values() if works_on(agency, day))
        at: dict[AreaCode, list[Agency]] = defaultdict(list)
        for agency in agencies:
            for code in agency.areas:
                at[code].append(agency)
        inside: dict[AreaCode, list[AreaCode]] = defaultdict(list)
        for code, area in self.areas.items():
            if code in self._municipalities and area.holds_on(day):
                for wider in self._above[code]:
                    inside[wider].append(code)
        offerings = tuple(as_of(offer, day) for offer in self.all_offerings.values() if offer.holds_on(day))
        return _View(
            agencies=agencies,
            agencies_at={code: tuple(found) for code, found in at.items()},
            everywhere=tuple(agency for agency in agencies if _is_national(agency)),
            offerings=offerings,
            answering=_by_answer(offerings),
            inside={code: tuple(found) for code, found in inside.items()},
        )

    def _covering(self, code: AreaCode, view: _View) -> tuple[Agency, ...]:
        found = {agency.id: agency for agency in view.everywhere} if code.startswith(FINNISH) else {}
        for here in (code, *self.ancestors(code)):
            found.update({agency.id: agency for agency in view.agencies_at.get(here, ())})
        return tuple(found[key] for key in sorted(found))

    def _authorities(self, code: AreaCode, day: date) -> tuple[Agency, ...]:
        here = self.agencies_covering(self.current_code(code, day) or code, day, "authority")
        if here or code.startswith(MUNICIPALITY) or code == FINLAND:
            return here
        inner = self.municipalities_in(code, day)
        found = {agency.id: agency for town in inner for agency in self.agencies_covering(town, day, "authority")}
        return tuple(found[key] for key in sorted(found))


def _by_key(what: str, rows: Iterable[_Row], key: Callable[[_Row], str]) -> dict[str, _Row]:
    found: dict[str, _Row] = {}
    for row in rows:
        if key(row) in found:
            raise Misconfigured(f"the registry has two rows for the {what} {key(row)}")
        found[key(row)] = row
    return {name: found[name] for name in sorted(found)}


def _by_answer(offerings: Iterable[Offering]) -> dict[str, tuple[Offering, ...]]:
    found: dict[str, tuple[Offering, ...]] = {}
    for offering in offerings:
        for word in offering.answers:
            found[word] = (*found.get(word, ()), offering)
    return found


def _is_national(agency: Agency) -> bool:
    """Whether it acts in all of Finland; of an agency abroad, no areas would mean that nobody knows where it acts."""
    return not agency.areas and agency.ring != "none" and agency.kind != "foreign"
