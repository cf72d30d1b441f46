"""Which services fit a notice, why, and who near the workplaces gives them. Pure.

A service is attached when it answers the notice's kind, subject or one of its needs, and none of its conditions is
broken; a condition on what the notice does not tell is left to the consultant (`to_check`). `why` is what the
consultant tells the employer (seed: take a stand, bring up options that the customer has not thought of).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, get_args

from hub.core.facts import Facts, needs_in
from hub.core.registry import Registry
from schemas.agency import Agency, AgencyKind, Names
from schemas.ids import AgencyId, AreaCode
from schemas.messages import OfferedService, RoutedNotice
from schemas.offering import Condition, Offering

_AGENCY_KINDS = frozenset(get_args(AgencyKind))
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda fact, value: bool(fact == value),
    "!=": lambda fact, value: bool(fact != value),
    ">=": lambda fact, value: bool(fact >= value),
    "<=": lambda fact, value: bool(fact <= value),
    ">": lambda fact, value: bool(fact > value),
    "<": lambda fact, value: bool(fact < value),
    "in": lambda fact, value: fact in value,
    "not-in": lambda fact, value: fact not in value,
    "any-of": lambda fact, value: any(item in value for item in fact),
    "none-of": lambda fact, value: not any(item in value for item in fact),
}
_Givers = tuple[AgencyId | None, ...]
_Asked = tuple[str, str, tuple[bool | None, ...], bool]
_ANSWERS = {
    "recruitment": Names(fi="Työnantaja rekrytoi", sv="Arbetsgivaren rekryterar", en="The employer recruits"),
    "downsizing": Names(fi="Työnantaja vähentää henkilöstöä", sv="Arbetsgivaren minskar", en="The employer downsizes"),
    "development": Names(fi="Työnantaja kehittää", sv="Arbetsgivaren utvecklar", en="The employer develops"),
}
_SEGMENT = Names(
    fi="Palvelu on vain tietyille asiakassegmenteille; segmentti puuttuu ilmoituksesta",
    sv="Tjänsten gäller vissa kundsegment; segmentet saknas i anmälan",
    en="Only for certain customer segments; the notice does not tell the segment",
)


def offerings(facts: Facts, routed: RoutedNotice, registry: Registry, day: date) -> tuple[OfferedService, ...]:
    """The services that fit on that day, by code, each with the agencies that give it where the workplaces are."""
    areas = tuple(dict.fromkeys(str(place["area"]) for place in routed.event.notice.get("workplaces", ())))
    place, answers = _place(areas, registry, day), _answers(facts)
    fitting = registry.offerings_answering(answers, day)
    return tuple(service for offering in fitting for service in _offered(offering, answers, facts, place))


def offers_for(
    agency: Agency | None, found: tuple[OfferedService, ...], purpose: str, registry: Registry
) -> tuple[OfferedService, ...]:
    """The services that an agency is told of: an authority all but those of other authorities, others their own."""
    if agency is None or purpose == "statistics":
        return ()
    if agency.ring == "authority":
        return tuple(item for item in found if item.provider == agency.id or not _is_authority(item.provider, registry))
    return tuple(item for item in found if item.provider == agency.id)


def _is_authority(provider: AgencyId | None, registry: Registry) -> bool:
    agency = registry.agency(provider) if provider else None
    return agency is not None and agency.ring == "authority"


def _answers(facts: Facts) -> dict[str, Names]:
    """What the notice asks, each with the words for it: kind, kind with subject, needs."""
    kind = str(facts["kind"])
    found = {kind: _ANSWERS[kind]}
    if facts["subject"]:
        found[f"{kind}:{facts['subject']}"] = _ANSWERS[kind]
    return found | {need: _need(need) for need in needs_in(facts)}


@lru_cache(256)
def _need(code: str) -> Names:
    return Names(fi=f"Työnantajan tarve: {code}", sv=f"Arbetsgivarens behov: {code}", en=f"The employer's need: {code}")


def _offered(offering: Offering, answers: dict[str, Names], facts: Facts, place: "_Place") -> tuple[OfferedService, ...]:
    if offering.never is not None or not _segment_fits(offering, facts):
        return ()
    holds = tuple(condition_holds(condition, facts) for condition in offering.conditions)
    if False in holds:
        return ()
    word = next(word for word in offering.answers if word in answers)
    segment_open = bool(offering.segments) and facts["segment"] is None
    return place.services(offering, word, answers[word], holds, segment_open)


def _segment_fits(offering: Offering, facts: Facts) -> bool:
    return not offering.segments or facts["segment"] is None or facts["segment"] in offering.segments


def _judged(
    offering: Offering, holds: tuple[bool | None, ...], segment_open: bool
) -> tuple[tuple[Names, ...], tuple[Names, ...]]:
    """The conditions that are met, and those still to check."""
    pairs = tuple(zip(offering.conditions, holds, strict=True))
    met = tuple(condition.explains for condition, held in pairs if held)
    unknown = (condition.explains for condition, held in pairs if held is None and not _beside_the_point(condition))
    return met, (*((_SEGMENT,) if segment_open else ()), *unknown)


def _beside_the_point(condition: Condition) -> bool:
    """Only a downsizing has stages and dismissals: "not in such a stage" asks nothing of another notice."""
    return condition.field in ("stage", "dismissals_max") and condition.op in ("!=", "not-in")


def condition_holds(condition: Condition, facts: Facts) -> bool | None:
    """Whether the condition is met; None where the notice does not tell, or the two cannot be compared."""
    fact = facts.get(condition.field)
    if fact is None:
        return None
    try:
        return _OPERATORS[condition.op](fact, condition.value)
    except TypeError:
        return None


# Where


@dataclass(frozen=True, slots=True)
class _Place:
    """Some areas on a day, by one registry: who gives which service there. What was asked once is remembered."""

    towns: tuple[AreaCode, ...]
    in_finland: bool
    registry: Registry
    day: date
    _providers: dict[str, _Givers] = field(default_factory=dict)
    _made: dict[_Asked, tuple[OfferedService, ...]] = field(default_factory=dict)

    def services(
        self, offering: Offering, word: str, answer: Names, holds: tuple[bool | None, ...], segment_open: bool
    ) -> tuple[OfferedService, ...]:
        """The service once for each who gives it here, with why (`answer` are the words for what it answers)."""
        asked = (offering.code, word, holds, segment_open)
        made = self._made.get(asked)
        if made is None:
            met, to_check = _judged(offering, holds, segment_open)
            told = {"names": offering.names, "line": offering.line, "why": (answer, *met), "to_check": to_check}
            made = tuple(OfferedService(code=offering.code, provider=giver, **told) for giver in self._givers(offering))
            self._made[asked] = made
        return made

    def _givers(self, offering: Offering) -> _Givers:
        """The agencies that give the service here; None once where only somebody gives it who is no agency of the hub.

        A service that only agencies give, none of which serves the place, is not offered there (region rule); what is given
        outside the hub (by the employer, a municipality, a national phone) is given in Finland.
        """
        found = dict.fromkeys(giver for kind in offering.providers for giver in self._giving(kind))
        return tuple(sorted(giver for giver in found if giver is not None)) or tuple(found)

    def _giving(self, kind: str) -> _Givers:
        if kind not in self._providers:
            self._providers[kind] = self._agencies(kind) if kind in _AGENCY_KINDS else (None,) * self.in_finland
        return self._providers[kind]

    def _agencies(self, kind: str) -> _Givers:
        return tuple(agency.id for agency in self.registry.provider_agencies(kind, self.towns, self.day))


@lru_cache(256)  # most notices come from the same few hundred towns
def _place(areas: tuple[AreaCode, ...], registry: Registry, day: date) -> _Place:
    towns = tuple(dict.fromkeys(town for area in areas for town in registry.parts_of(area, day)))
    return _Place(towns, any(area.startswith("fi:") for area in areas), registry, day)
