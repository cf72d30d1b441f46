"""For a service, the notices that its rule asks for: built from the rule itself, and sent through the real rules.

A service is *reached* by a notice when it is offered with every condition met; a condition left to check proves nothing,
since what a notice does not tell breaks no rule. Tried are all answers of the service, all places where somebody gives
it, and for each fact the values at the limits that its conditions set.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any, get_args

from hub.core.admission import AnyNotice, admit, read_notice
from hub.core.enrichment import condition_holds, offerings, offers_for
from hub.core.facts import facts_of
from hub.core.registry import FINLAND, Registry
from hub.core.routing import route
from hub.core.views import purpose_for
from hub.data.check import FACTS, OTHER_PROVIDERS
from schemas.errors import Refusal
from schemas.messages import OfferedService
from schemas.notice import NEEDS, DevelopmentNotice, DownsizingNotice, Employer, RecruitmentNotice, Reduction
from schemas.offering import Condition, Offering, Segment
from tests.builders import DAY, a_development_notice, a_downsizing_notice, a_recruitment_notice, an_event, body_of

SENDER = "ta-39"
BUILDERS = {"recruitment": a_recruitment_notice, "downsizing": a_downsizing_notice, "development": a_development_notice}
MODELS: dict[str, type[AnyNotice]] = {
    "recruitment": RecruitmentNotice,
    "downsizing": DownsizingNotice,
    "development": DevelopmentNotice,
}
_NAMELESS = {"referral_number": "17", "business_id": None, "name": None}
_ENDS = ("_min", "_max")


# Sending a notice through the rules


def offered(notice: dict[str, Any], registry: Registry, day: date) -> tuple[OfferedService, ...]:
    """The services that at least one recipient of the notice is told of; none where the door does not take it."""
    read = _taken(notice, registry, day)
    if read is None:
        return ()
    routed = route(an_event(notice, SENDER, registry), read, registry, day)
    found = offerings(facts_of(read, registry, day), routed, registry, day)
    told = set[OfferedService]()
    for recipient in routed.recipients:
        agency = registry.agency(recipient.agency)
        told.update(offers_for(agency, found, purpose_for(agency, recipient.why[0].role), registry))
    return tuple(service for service in found if service in told)


def _taken(notice: dict[str, Any], registry: Registry, day: date) -> AnyNotice | None:
    sender = registry.agency(SENDER)
    assert sender is not None
    try:
        read = read_notice(body_of(notice))
    except Refusal:
        return None
    return None if admit(read, sender, registry, day) else read


def reached(offering: Offering, registry: Registry, *, with_open_conditions: bool = False) -> bool:
    """Whether some notice gets the service; with conditions left to check only where that is asked for."""
    return any(
        service.code == offering.code and (with_open_conditions or not service.to_check)
        for notice, day in _notices(offering, registry)
        for service in offered(notice, registry, day)
    )


def unreachable(registry: Registry) -> set[str]:
    """The services, but for those that are never attached by themselves, that no notice reaches."""
    found = (offering for offering in registry.all_offerings.values() if offering.never is None)
    return {offering.code for offering in found if not reached(offering, registry)}


# From the rule to notices


def _notices(offering: Offering, registry: Registry) -> Iterator[tuple[dict[str, Any], date]]:
    for answer, day in product(offering.answers, _days(offering)):
        in_force = [condition for condition in offering.conditions if condition.holds_on(day)]
        for told, town in product(_tellings(offering, in_force), _towns(offering, registry, day)):
            yield a_notice(answer, told, town, day), day


def _days(offering: Offering) -> list[date]:
    """The usual day, those on which the service starts and ends, and those around which a condition asks for the day."""
    asked = [date.fromisoformat(item.value) for item in offering.conditions if item.field == "as_of"]
    around = [day + timedelta(days=days) for day in asked for days in (-1, 0, 1)]
    days = dict.fromkeys(day for day in (DAY, offering.valid_from, offering.valid_to, *around) if day is not None)
    return [day for day in days if offering.holds_on(day)]


def _towns(offering: Offering, registry: Registry, day: date) -> list[str]:
    """Where somebody gives the service: of towns that differ in no fact (region, languages) one stands for all."""
    kinds, found = set(offering.providers), dict[tuple[Any, str], str]()
    for town in registry.municipalities_in(FINLAND, day):
        if kinds & OTHER_PROVIDERS or any(agency.kind in kinds for agency in registry.agencies_covering(town, day)):
            regions = frozenset(code for code in registry.ancestors(town) if code.startswith("fi:maakunta:"))
            found.setdefault((regions, registry.areas[town].languages), town)
    return list(found.values())


def _tellings(offering: Offering, conditions: list[Condition]) -> Iterator[dict[str, Any]]:
    """Every choice of values that meets the conditions one by one; whether they meet them together, the rules will say."""
    choices: dict[str, list[Any]] = {"segment": list(offering.segments)} if offering.segments else {}
    for condition in conditions:
        name = _quantity(condition.field)
        asked = [other for other in conditions if _quantity(other.field) == name]
        values = choices.get(name) or [value for other in asked for value in _values(other)]
        choices[name] = [value for value in dict.fromkeys(values) if all(_meets(other, value) for other in asked)]
    choices.pop("as_of", None)
    for chosen in product(*choices.values()):
        yield dict(zip(choices, chosen, strict=True))


def _meets(condition: Condition, value: Any) -> bool:
    return condition_holds(condition, {condition.field: value}) is True


def _quantity(field: str) -> str:
    """`headcount_min` and `headcount_max` are the two ends of one number, and here told as an exact one."""
    return field.removesuffix("_min").removesuffix("_max") if field.endswith(_ENDS) else field


def _values(condition: Condition) -> list[Any]:
    kind = FACTS[condition.field]
    if kind == "number":
        return [max(0, int(condition.value) + step) for step in (-1, 0, 1)]
    if kind == "flag":
        return [True, False]
    if kind == "list":
        return [(item,) for item in (*condition.value, *_WORDS[condition.field])]
    return list(_WORDS.get(condition.field, (condition.value,)))


def _literals(model: Any, field: str) -> tuple[str, ...]:
    return get_args(model.model_fields[field].annotation)


_WORDS: dict[str, tuple[str, ...]] = {
    "segment": get_args(Segment),
    "kind": tuple(BUILDERS),
    "stage": _literals(DownsizingNotice, "stage"),
    "subject": _literals(DevelopmentNotice, "subject"),
    "employer_kind": _literals(Employer, "kind"),
    "access_level": ("open", "restricted"),
    "measures": _literals(Reduction, "measure"),
    "needs": tuple(NEEDS),
    "fulfilment": ("self-service", "candidates"),
    "regions": (),
    "languages": ("fi", "sv"),
}


# From values to a notice


def a_notice(answer: str, told: dict[str, Any], town: str, day: date) -> dict[str, Any]:
    """A notice that asks for `answer` (a kind, `development:subject` or a need) and tells these values."""
    kind = NEEDS.get(answer) or answer.partition(":")[0]
    needs = [answer] if answer in NEEDS else []
    changes = _own(kind, told) | {"workplaces": [{"area": town}], "employer": _employer(told, day), "noted_on": day.isoformat()}
    changes["needs"] = [{"code": code} for code in dict.fromkeys((*needs, *told.get("needs", ())))]
    if ":" in answer:
        changes["subject"] = answer.partition(":")[2]
    if kind == "downsizing":
        changes |= {"measures": _measures(told), "proposal_given_on": None, "talks_start_on": None, "authority_notified_on": None}
    return BUILDERS[kind](**changes)


def _own(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    """The values that a notice of that kind has a field for; another value it cannot tell."""
    named = {"people": "posts" if kind == "recruitment" else "people", "over_55": "over_55_count"}
    found = {named.get(name, name): value for name, value in told.items() if name not in ("kind", "needs", "measures")}
    if "access_level" in told:
        found["access"] = {"level": told["access_level"]}
    return {name: value for name, value in found.items() if name in MODELS[kind].model_fields}


def _employer(told: dict[str, Any], day: date) -> dict[str, Any]:
    of_employer = ("segment", "headcount", "in_difficulty", "growth_plans")
    found: dict[str, Any] = {name: told[name] for name in of_employer if name in told}
    if "company_age_years" in told:
        found["founded_on"] = date(day.year - told["company_age_years"], 1, 1).isoformat()
    kind = told.get("employer_kind", "company")
    return found | (_NAMELESS if kind in ("starter", "household") else {}) | {"kind": kind}


def _measures(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The measures with the numbers asked for; people beyond the dismissed and the laid off work part-time."""
    counts = {name: told[many] for name, many in (("dismissal", "dismissals"), ("layoff", "layoffs")) if many in told}
    for name in told.get("measures", ()):
        counts.setdefault(name, 1)
    further = told.get("people", 0) - sum(counts.values())
    if further > 0:
        counts["part-time" if "dismissal" in counts else "dismissal"] = further
    lasting = {"layoff": {"duration_days": told["longest_layoff_days"]}} if told.get("longest_layoff_days") else {}
    return [{"measure": name, "planned": count, **lasting.get(name, {})} for name, count in counts.items()]
