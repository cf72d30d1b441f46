"""What is wrong with a filter, all of it at once, each finding at its clause. Pure.

A filter is refused that can never match, costs too much, or asks for what its agency may not see. `remarks` refuse nothing:
they say what is odd. Whatever was right when it was saved may be wrong today (the registry changes); of that only a lost
right stops a subscription (`not_permitted`), the rest is shown.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from hub.core import industries
from hub.core.isco import GROUPS
from hub.core.numbers import number_findings
from hub.core.reading import finding_at
from hub.core.recutting import purpose_today
from hub.core.registry import Registry
from hub.core.views import ALLOWED
from hub.core.whys import FALLBACK
from schemas.agency import Agency
from schemas.errors import Finding
from schemas.ids import BusinessId
from schemas.messages import Role
from schemas.notice import NEEDS, ForeignNumber
from schemas.subscription import CLAUSES, MOST_ALTERNATIVES, MOST_EMPLOYERS, Between, Clause, Filter

LOOKED_AT: dict[Clause, frozenset[str]] = {
    "kind": frozenset({"kind"}),
    "stage": frozenset({"stage"}),
    "area": frozenset({"workplaces.area"}),
    "industry": frozenset({"employer.industry.code", "employer.industry.edition"}),
    "occupation": frozenset({"occupations.isco", "measures.occupations.isco"}),
    "size": frozenset({"employer.headcount#"}),
    "count": frozenset({"posts#", "people#", "measures.planned#", "measures.final#"}),
    "need": frozenset({"needs.code"}),
    "employer": frozenset({"employer.business_id", "employer.foreign.number"}),
    "language": frozenset({"language"}),
}
"""The fields of hub.core.views that an agency has to be allowed so that a clause makes sense for it."""

_ROLES: tuple[Role, ...] = get_args(Role)
_BUSINESS_ID: TypeAdapter[str] = TypeAdapter(BusinessId)


def problems(filter: Filter, agency: Agency, registry: Registry, day: date) -> tuple[Finding, ...]:
    """Why the filter cannot stand on that day; empty = it can."""
    alone = (found for clause, check in _CHECKS.items() for found in _each(filter, clause, check, registry, day))
    return (*not_permitted(filter, agency), *_costs(filter), *_together(filter), *alone)


def not_permitted(filter: Filter, agency: Agency) -> tuple[Finding, ...]:
    """The clauses that ask for what the agency may see of no copy today: they stop a subscription at once."""
    seen = seen_by(agency)
    message = "your agency may not see what this clause looks at: leave it out"
    return tuple(
        finding_at("not-permitted", f"/filter/{clause}", message) for clause in given(filter) if not LOOKED_AT[clause] <= seen
    )


def seen_by(agency: Agency) -> frozenset[str]:
    """The fields that the agency may see of a copy in the best of the roles in which it can be told."""
    roles = (role for role in _ROLES if role != "fallback" or agency.id == FALLBACK)
    return frozenset().union(*(ALLOWED[purpose_today(agency, role)] for role in roles))


def remarks(filter: Filter, agency: Agency, registry: Registry, day: date) -> tuple[Finding, ...]:
    """What is odd about a filter that can stand all the same."""
    return (*_outside(filter, agency, registry, day), *_needs_of_other_kinds(filter))


def given(filter: Filter) -> tuple[Clause, ...]:
    """The clauses that the filter gives."""
    return tuple(clause for clause in CLAUSES if getattr(filter, clause) is not None)


# What it costs, and what holds between clauses


def _costs(filter: Filter) -> Iterator[Finding]:
    for clause in given(filter):
        most = MOST_EMPLOYERS if clause == "employer" else MOST_ALTERNATIVES
        if len(getattr(filter, clause)) > most:
            yield finding_at("too-costly", f"/filter/{clause}", f"a clause has {most} alternatives at the most; split the filter")


def _together(filter: Filter) -> Iterator[Finding]:
    if filter.stage and filter.kind and "downsizing" not in filter.kind:
        yield finding_at("never-matches", "/filter/stage", "only a downsizing has a stage, and the kind asked for is another")


# Each alternative alone

_Check = Callable[[Any, Registry, date], tuple[str, str] | None]
"""An alternative to the rule that it breaks and what to do; None where it breaks none."""


def _each(filter: Filter, clause: Clause, check: _Check, registry: Registry, day: date) -> Iterator[Finding]:
    for index, alternative in enumerate(getattr(filter, clause) or ()):
        if broken := check(alternative, registry, day):
            yield finding_at(broken[0], f"/filter/{clause}/{index}", broken[1])


def _area(code: str, registry: Registry, day: date) -> tuple[str, str] | None:
    if code not in registry.areas:
        return "unknown-area", "the registry does not know this area; a municipality has three digits, as fi:kunta:005"
    if registry.area(code, day) is None:
        today = registry.current_code(code, day)
        return "area-not-in-force", f"this area is no more; ask for {today}" if today else "this area is not in force"
    if not registry.municipalities_in(code, day):
        return "never-matches", "no place lies in this area, so that no notice can name one"
    return None


def _industry(code: str, *_: object) -> tuple[str, str] | None:
    known = industries.is_known(code)
    return None if known else ("unknown-industry", "TOL 2025 has no such section or division (TOL 2008 had others)")


def _occupation(code: str, *_: object) -> tuple[str, str] | None:
    return None if code in GROUPS else ("unknown-occupation", "ISCO-08 has no such group; its zeros count, as in 0110")


def _need(code: str, *_: object) -> tuple[str, str] | None:
    return None if code in NEEDS else ("unknown-need", "there is no such need")


def _range(between: Between, *_: object) -> tuple[str, str] | None:
    if between.least is not None and between.most is not None and between.least > between.most:
        return "never-matches", "least is larger than most"
    return None


def _employer(name: str, registry: Registry, _: date) -> tuple[str, str] | None:
    register, number = name.split(":", 1) if ":" in name else ("fi", name)
    if register == "ref":
        known = registry.agency(number.partition(":")[0]) is not None
        return None if known else ("unknown-employer", "a referral number is written ref:<agency>:<number>")
    if register == "fi":
        return _business_id(number)
    wrong = next(iter(number_findings(ForeignNumber.model_construct(country=register, number=number), "")), None)
    return (wrong.rule, wrong.message) if wrong else None


def _business_id(number: str) -> tuple[str, str] | None:
    try:
        _BUSINESS_ID.validate_python(number)
    except ValidationError:
        return "business-id", "a Business ID is seven digits, a hyphen and the right check digit, such as 0112038-9"
    return None


_CHECKS: dict[Clause, _Check] = {
    "area": _area,
    "industry": _industry,
    "occupation": _occupation,
    "size": _range,
    "count": _range,
    "need": _need,
    "employer": _employer,
}


# Remarks


def _outside(filter: Filter, agency: Agency, registry: Registry, day: date) -> Iterator[Finding]:
    """A notice reaches an agency by a place in its territory, and may name places elsewhere too."""
    if not agency.areas:
        return
    own = {place for area in agency.areas for place in registry.municipalities_in(area, day)}
    for index, area in enumerate(filter.area or ()):
        if own.isdisjoint(registry.municipalities_in(area, day)):
            message = "outside your territory: matches only notices that name a place within it too"
            yield finding_at("outside-territory", f"/filter/area/{index}", message)


def _needs_of_other_kinds(filter: Filter) -> Iterator[Finding]:
    """One contact with an employer is one notice, whatever its needs: such a filter matches, if seldom."""
    for index, need in enumerate(filter.need or ()):
        if filter.kind and NEEDS.get(need) not in filter.kind:
            message = "a need of another kind: matches only notices that name it beside their own"
            yield finding_at("need-of-another-kind", f"/filter/need/{index}", message)
