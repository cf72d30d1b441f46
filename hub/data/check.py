"""What may be wrong in a registry although each row is valid: gaps, dead references, services out of reach."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, get_args

from hub.core.periods import days_of_change
from hub.core.registry import FINLAND, Registry
from hub.core.succession import successors_of
from hub.data.content import RegistryContent
from hub.data.speaking import client_problems, right_problems
from schemas.agency import Agency, AgencyKind
from schemas.notice import NEEDS, DevelopmentNotice, Kind
from schemas.offering import Condition, Offering

ALAND = "fi:maakunta:21"
"""Self-governing: it has a labour authority of its own, and neither elinvoimakeskus nor ELY centre acts there."""

AUTHORITIES = frozenset({"employment-area", "te-office"})
CENTRES = frozenset({"evk", "ely"})
"""Employment authorities and the state's regional centres: those of today, and those of 2013."""

COMPETENCES = frozenset(
    {
        *("recruitment", "change-security", "eures", "starters", "business-development", "training"),
        *("career-guidance", "immigrants", "youth", "tailored-jobs", "pay-subsidy"),
    }
)
"""Special fields inside a line (seed, domain 1.5); a recipient is an agency, a line and one of these."""

OTHER_PROVIDERS = frozenset({"employer", "municipality", "national-phone"})
"""Who gives a service without being an agency of the hub."""

SUBJECTS = tuple(f"development:{subject}" for subject in get_args(DevelopmentNotice.model_fields["subject"].annotation))
ANSWERS = frozenset((*get_args(Kind), *SUBJECTS, *NEEDS))
"""All that a service may answer: a kind, a subject of development, a need."""

_TEXTS = ("kind", "stage", "subject", "segment", "employer_kind", "access_level")
_LISTS = ("needs", "measures", "fulfilment", "regions", "languages")
_NUMBERS = (
    *("headcount_min", "headcount_max", "people_min", "people_max", "dismissals_min", "dismissals_max", "layoffs_max"),
    *("longest_layoff_days", "over_55_max", "company_age_years", "investment_eur"),
)
_FLAGS = (
    *("bankruptcy", "closure", "in_difficulty", "growth_plans", "hard_to_fill", "pay_subsidy", "international"),
    *("eures", "trainable", "entrepreneur_posts", "tailored", "survey_done"),
)
FactType = Literal["text", "list", "number", "flag", "day"]
FACTS: dict[str, FactType] = {
    **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys(_LISTS, "list"),
    **dict.fromkeys(_NUMBERS, "number"),
    **dict.fromkeys(_FLAGS, "flag"),
    "as_of": "day",
}
"""The facts that a condition may ask about, and what each is."""

_OPERATORS: dict[FactType, frozenset[str]] = {
    "text": frozenset({"==", "!=", "in", "not-in"}),
    "list": frozenset({"any-of", "none-of"}),
    "number": frozenset({"==", "!=", ">=", "<=", ">", "<"}),
    "flag": frozenset({"==", "!="}),
    "day": frozenset({">=", "<=", ">", "<"}),
}


def problems(content: RegistryContent, day: date) -> list[str]:
    """Everything wrong with the registry on that day, one line each; an empty list when all is well."""
    twice = list(_twice(content))
    if twice:
        return twice
    registry = Registry.of(0, content.areas, content.agencies, content.offerings)
    found = [*_area_problems(registry), *_coverage(registry, day), *client_problems(registry)]
    for agency in registry.all_agencies.values():
        found += _agency_problems(agency, registry, day)
    for offering in registry.all_offerings.values():
        found += _offering_problems(offering, registry, day)
    return found


def problems_from(content: RegistryContent, day: date) -> list[str]:
    """Everything wrong on that day, and every place that would be without its agencies on a later day of change."""
    found = problems(content, day)
    if found:
        return found
    registry = Registry.of(0, content.areas, content.agencies, content.offerings)
    later = [change for change in days_of_change(content.areas, content.agencies, content.offerings) if change > day]
    return [f"from {change}: {problem}" for change in later for problem in _coverage(registry, change)]


def _twice(content: RegistryContent) -> Iterator[str]:
    for what, keys in (
        ("area", [area.code for area in content.areas]),
        ("agency", [agency.id for agency in content.agencies]),
        ("offering", [offering.code for offering in content.offerings]),
    ):
        yield from (f"{what} {key} stands {times} times" for key, times in Counter(keys).items() if times > 1)


def _area_problems(registry: Registry) -> Iterator[str]:
    for area in registry.areas.values():
        for code in (*area.within, *area.successors):
            if code not in registry.areas:
                yield f"area {area.code} names the unknown area {code}"
        if area.successors and area.valid_to is None:
            yield f"area {area.code} has a successor but no last day"


def _coverage(registry: Registry, day: date) -> Iterator[str]:
    for code in registry.municipalities_in(FINLAND, day):
        above = registry.ancestors(code)
        here = registry.agencies_covering(code, day)
        authorities = sum(agency.kind in AUTHORITIES for agency in here)
        centres, wanted = sum(agency.kind in CENTRES for agency in here), 0 if ALAND in above else 1
        if authorities != 1 or len(registry.authorities_for(code, day)) != 1:
            yield f"municipality {code} has {authorities} employment authorities"
        if centres != wanted:
            yield f"municipality {code} has {centres} EVK or ELY centres, not {wanted}"
        if sum(wider.startswith("fi:maakunta:") for wider in above) != 1:
            yield f"municipality {code} lies in no region or in several"


def _agency_problems(agency: Agency, registry: Registry, day: date) -> Iterator[str]:
    name = f"agency {agency.id}"
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", agency.id) or len(agency.id) > 40:
        yield f"{name}: the id does not fit into a topic name"
    for code in agency.areas:
        if agency.holds_on(day) and registry.area(code, day) is None:
            yield f"{name}: the area {code} is unknown or not in force"
    yield from _successor_problems(name, agency, registry)
    yield from (f"{name}: unknown need {need}" for need in agency.needs if need not in NEEDS)
    yield from (f"{name}: unknown kind {kind}" for kind in agency.kinds if kind not in get_args(Kind))
    yield from (f"{name}: unknown competence {word}" for word in agency.competences if word not in COMPETENCES)
    yield from right_problems(name, agency, registry)
    yield from _foreign_problems(name, agency) if agency.kind == "foreign" else _ring_problems(name, agency, day)


def _successor_problems(name: str, agency: Agency, registry: Registry) -> Iterator[str]:
    """Rights follow the successors: each has to be there, and take over on a day that is known."""
    yield from (f"{name}: unknown successor {other}" for other in agency.successors if registry.agency(other) is None)
    if agency.successors and agency.valid_to is None and agency.agreement_until is None:
        yield f"{name}: has a successor but no last day"
    if agency.id in successors_of(agency.id, registry):
        yield f"{name}: is its own successor, by way of {', '.join(agency.successors)}"


def _foreign_problems(name: str, agency: Agency) -> Iterator[str]:
    """Abroad an agency takes every notice of its own areas (ring partner), or publishes only (ring none)."""
    if agency.ring not in ("partner", "none"):
        yield f"{name}: an agency abroad is a partner, or in no ring where it only publishes"
    if not agency.areas:
        yield f"{name}: an agency abroad has to name its areas"
    yield from (f"{name}: {code} does not lie abroad" for code in agency.areas if code.startswith("fi:"))


def _ring_problems(name: str, agency: Agency, day: date) -> Iterator[str]:
    if agency.ring == "authority" and not agency.coordinators:
        yield f"{name}: an authority without a change-security coordinator"
    if agency.ring in ("tem-group", "partner") and not (agency.kinds or agency.needs):
        yield f"{name}: takes everything; name the kinds or needs that it has a use for"
    if agency.ring == "partner" and not agency.areas:
        yield f"{name}: a partner for the whole country; name its areas"
    if agency.ring == "partner" and (agency.agreement_until is None or agency.agreement_until < day):
        yield f"{name}: no agreement in force"


def _offering_problems(offering: Offering, registry: Registry, day: date) -> Iterator[str]:
    name = f"offering {offering.code}"
    if bool(offering.answers) == bool(offering.never):
        yield f"{name}: has to have either answers or a reason why it is never attached"
    yield from (f"{name}: unknown answer {word}" for word in offering.answers if word not in ANSWERS)
    if not offering.providers:
        yield f"{name}: names no provider"
    for provider in offering.providers:
        yield from _provider_problems(f"{name}: provider {provider}", provider, registry, day)
    for condition in offering.conditions:
        yield from _condition_problems(f"{name}: condition on {condition.field}", condition)
    yield from (f"{name}: no number meets its conditions on {field}" for field in _unmeetable(offering.conditions))


def _provider_problems(name: str, provider: str, registry: Registry, day: date) -> Iterator[str]:
    if provider in OTHER_PROVIDERS:
        return
    if provider not in get_args(AgencyKind):
        yield f"{name} is no kind of agency"
    elif not any(agency.kind == provider for agency in registry.agencies(day)):
        yield f"{name}: no such agency is in force"


def _condition_problems(name: str, condition: Condition) -> Iterator[str]:
    fact = FACTS.get(condition.field)
    if fact is None:
        yield f"{name}: no such fact"
    elif condition.op not in _OPERATORS[fact]:
        yield f"{name}: {condition.op} does not fit a {fact}"
    elif not _fits(fact, condition.op, condition.value):
        yield f"{name}: the value {condition.value!r} does not fit {condition.op}"
    if condition.explains.en is None:
        yield f"{name}: the explanation lacks English"


def _fits(fact: FactType, op: str, value: Any) -> bool:
    if op in ("in", "not-in", "any-of", "none-of"):
        return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
    if fact == "flag":
        return isinstance(value, bool)
    if fact == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if fact == "day":
        return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
    return isinstance(value, str)


def _unmeetable(conditions: tuple[Condition, ...]) -> Iterator[str]:
    """Number facts for which the lower limits lie above the upper ones."""
    asked = [item for item in conditions if FACTS.get(item.field) == "number" and isinstance(item.value, int | float)]
    for field in sorted({item.field for item in asked}):
        lows = [(item.value, item.op == ">") for item in asked if item.field == field and item.op in (">", ">=", "==")]
        highs = [(item.value, item.op != "<") for item in asked if item.field == field and item.op in ("<", "<=", "==")]
        if lows and highs and _cross(max(lows), min(highs)):
            yield field


def _cross(low: tuple[float, bool], high: tuple[float, bool]) -> bool:
    """Whether no number lies between: a limit is its value, and whether it is exclusive (low) or inclusive (high)."""
    return low[0] > high[0] or (low[0] == high[0] and (low[1] or not high[1]))
