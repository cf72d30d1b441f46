"""What an agency may see of a notice: one table of allowed fields for each purpose, and the cut by it. Pure.

Always an allow-list: what does not stand here is not given, also not a field that a later version adds. An agency sees
the whole of what it sent itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.agency import Agency
from schemas.messages import EmployerEvent, Role

Purpose = Literal["coordinator", "authority", "partner", "statistics"]

_COUNTS = "posts# people# measures.planned# measures.final# "
_STATISTICS = "kind workplaces.area employer.industry.code employer.industry.edition measures.measure " + _COUNTS
_PARTNER = _STATISTICS + (
    "id source language "
    "employer.business_id employer.foreign.country employer.foreign.number employer.kind employer.name employer.segment "
    "employer.group.business_id employer.group.foreign.country employer.group.foreign.number "
    "workplaces.name needs.code needs.priority "
    "occupations.isco occupations.title occupations.count# starts_on application_closes_on fulfilment hard_to_fill "
    "international eures tailored trainable entrepreneur_posts "
    "stage measures.occupations.isco measures.occupations.title measures.occupations.count# measures.area "
    "measures.duration_days closure bankruptcy end_dates.on end_dates.count# "
    "subject skills investment_eur survey_done "
)
_AUTHORITY = _PARTNER + (
    "employer.referral_number employer.legal_form employer.headcount# employer.founded_on employer.growth_plans "
    "employer.in_difficulty workplaces.headcount# needs.detail channel noted_on significant "
    "access.level access.until access.until_event access.consent.given_by_role access.consent.given_on "
    "access.consent.scope access.consent.withdrawn_on basis references.system references.value diary_number "
    "on_behalf_of historic text pay_subsidy measures.staff_group grounds proposal_given_on talks_start_on "
    "authority_notified_on homes.area homes.count# over_55_count# "
)
ALLOWED: dict[Purpose, frozenset[str]] = {
    "coordinator": frozenset(_AUTHORITY.split()),
    "authority": frozenset(_AUTHORITY.split()),
    "partner": frozenset(_PARTNER.split()),
    "statistics": frozenset(_STATISTICS.split()),
}
"""By purpose, the fields that may be seen; `a.b` = b within a (or within each of a), `#` = a count of people."""

SHARED_REFERENCES = frozenset({"ura_customer", "ura_assignment", "job_market_finland", "te_palvelut", "eures", "esco", "ytj"})
"""Systems whose numbers mean something to every authority; a reference into any other is only its sender's."""

_SOLE_TRADER = ("toiminimi", "tmi", "elinkeinonharjoittaja", "näringsidkare", "sole trader", "enskild firma")
_COUNT_FIELDS = ("said", "low", "high")
_SCALARS = frozenset({str, int, float, bool, type(None)})
_Tree = dict[str, Any]


def purpose_for(agency: Agency | None, role: Role) -> Purpose:
    """For what purpose an agency reads a notice that reached it in that role.

    Whom a newer registry tells as a partner reads as one, also where whoever cuts does not know that registry yet.
    """
    if role == "coordinator":
        return "coordinator"
    if role in ("own-area", "home-area", "eures", "fallback"):
        return "authority" if agency is None or agency.kind != "foreign" else "partner"
    if agency is not None and agency.ring in ("authority", "tem-group"):
        return "partner" if role == "partner" else "authority"
    return "partner" if agency is not None and agency.ring == "partner" and role != "former-recipient" else "statistics"


def cut(event: EmployerEvent, agency: str, purpose: Purpose) -> dict[str, Any]:
    """The event's notice with those fields only that the agency may see for that purpose."""
    if agency == event.sender:
        return dict(event.notice)
    return cut_for(event.notice, purpose)


@dataclass(frozen=True, slots=True)
class Cuts:
    """The copies of one step, for several agencies: a cut is made once for each purpose."""

    event: EmployerEvent
    _made: dict[Purpose, dict[str, Any]] = field(default_factory=dict)

    def copy_for(self, agency: str, purpose: Purpose) -> dict[str, Any]:
        """The event's notice as the agency may see it for that purpose."""
        if agency == self.event.sender:
            return cut(self.event, agency, purpose)
        if purpose not in self._made:
            self._made[purpose] = cut(self.event, agency, purpose)
        return self._made[purpose]


def cut_for(notice: Mapping[str, Any], purpose: Purpose) -> dict[str, Any]:
    """The notice with those fields only that the purpose covers; a field without a value is left out."""
    seen = _cut(notice, _TREES[purpose])
    found: dict[str, Any] = seen if isinstance(seen, dict) else {}
    if "references" in found:
        found["references"] = _shared(found["references"])
    if purpose in ("partner", "statistics") and _is_person(notice.get("employer")):
        found.get("employer", {}).pop("name", None)
    return found


def _shared(references: Any) -> list[Any]:
    """Of what may be no list at all: a record put on a topic by hand has no model behind it."""
    items = references if isinstance(references, list) else []
    return [item for item in items if isinstance(item, dict) and str(item.get("system")) in SHARED_REFERENCES]


def stub(event: EmployerEvent) -> dict[str, Any]:
    """What a former recipient without present right gets: which notice, that it no longer concerns it, whether withdrawn."""
    withdrawn = {"withdrawn": True} if event.type == "withdrawal" else {}
    return {"id": event.id, "source": event.source, "no_longer_concerns_you": True} | withdrawn


def _is_person(employer: Any) -> bool:
    """Whether the employer's name may be a person's."""
    return isinstance(employer, Mapping) and is_sole_trader(employer.get("legal_form"))


def is_sole_trader(legal_form: object) -> bool:
    """Whether a legal form is that of a sole trader, who counts as personal data (DESIGN §4)."""
    form = str(legal_form or "").casefold()
    return any(word in form for word in _SOLE_TRADER)


def _cut(value: Any, allowed: _Tree | str) -> Any:
    """The allowed part of a value; None where nothing of it may be seen."""
    if allowed == "count":
        return _count(value)
    if isinstance(allowed, str):
        return value if _is_plain(value) else None
    if isinstance(value, list | tuple):
        return [part for item in value if (part := _cut(item, allowed))]
    if not isinstance(value, Mapping):
        return None
    told = [name for name in value if name in allowed]
    return {name: part for name in told if (part := _cut(value[name], allowed[name])) is not None}


def _count(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: value[name] for name in _COUNT_FIELDS if name in value and _is_plain(value[name])}
    return value if isinstance(value, int) else None


def _is_plain(value: Any) -> bool:
    if type(value) in _SCALARS:
        return True
    if isinstance(value, list | tuple):
        return not any(isinstance(item, Mapping | list | tuple) for item in value)
    return not isinstance(value, Mapping)


def _tree(paths: frozenset[str]) -> _Tree:
    tree: _Tree = {}
    for path in sorted(paths):
        *above, last = path.split(".")
        here = tree
        for name in above:
            here = here.setdefault(name, {})
        here[last.removesuffix("#")] = "count" if last.endswith("#") else "plain"
    return tree


_TREES: dict[Purpose, _Tree] = {purpose: _tree(paths) for purpose, paths in ALLOWED.items()}
