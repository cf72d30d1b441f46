"""Who should know of a notice, and why: the decision of one step. Pure.

Responsible are the employment authorities of every workplace (own-area) and of the people's homes (home-area): they
always get it. The ministry's group and the regional partners get what is significant, takes place in their area and
concerns a kind or need that they take, as far as access and consent let it (DESIGN §4, seed A2-A6). The hub sends one
copy to each agency: a recipient stands once, with every reason. The sender gets a copy only where it is responsible:
its own desk works from it, and the offers come with it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from hub.core.facts import AnyNotice, Facts, facts_of, needs_in
from hub.core.reach import Reach, embargoed, reach_of
from hub.core.registry import Registry, takes
from hub.core.significance import significance
from hub.core.succession import heirs_of
from hub.core.whys import FALLBACK, REASONS, why
from schemas.agency import Agency, ServiceLine
from schemas.ids import AgencyId
from schemas.messages import EmployerEvent, Outcome, Recipient, Role, RoutedNotice
from schemas.notice import NEEDS, DownsizingNotice

_RANK: dict[Role, int] = {
    "own-area": 0, "home-area": 1, "coordinator": 2, "eures": 3, "tem-group": 4, "partner": 5, "subscription": 6,
    "former-recipient": 7, "fallback": 8,
}  # fmt: skip
_BEYOND: dict[str, Role] = {"tem-group": "tem-group", "partner": "partner"}
_LINES: dict[str, ServiceLine] = {"N_STAFF_DEV": "line-2", "N_TAILORED_JOB": "line-3"}
_COMPETENCES = {
    "N_REDUCE": "change-security",
    "N_RECRUIT_INTL": "eures",
    "N_START": "starters",
    "N_STAFF_DEV": "training",
    "N_TAILORED_JOB": "tailored-jobs",
    "N_RECRUIT": "recruitment",
    **dict.fromkeys(("N_BUSINESS_DEV", "N_EXPANSION", "N_LOCATION", "N_TAKEOVER"), "business-development"),
}
"""By need, the special field inside an authority (domain 1.5); the first that meets a need and is there."""

_Told = dict[AgencyId, dict[tuple[Role, str], list[str]]]
"""By agency, by role and rule: the areas and needs that met the rule."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """By what and for when it is decided, and who sent it."""

    registry: Registry
    day: date
    as_of: datetime
    sender: AgencyId


def route(
    event: EmployerEvent, notice: AnyNotice, registry: Registry, day: date, *, decided_as_of: datetime | None = None
) -> RoutedNotice:
    """The decision about this step on that day; `decided_as_of` is the broker's append time of what asked for it."""
    scene = _Scene(registry, day, decided_as_of or event.received_at, event.sender)
    facts = facts_of(notice, registry, day)
    rules = significance(facts, notice)
    if event.historic or notice.historic:
        return _decision(event, scene, "kept", rules, "historic")
    if event.withdrawn_before:
        return _decision(event, scene, "kept", rules, "withdrawal")
    if embargoed(notice, scene.as_of) and not event.released:
        return _decision(event, scene, "held", rules, "held", until=notice.access.until)
    reach = reach_of(notice, day)
    told = _gather(notice, facts, bool(rules), reach, scene)
    outcome, reason = _outcome(told, bool(rules), reach, notice)
    recipients = tuple(_recipient(agency, told[agency], facts, scene) for agency in _in_order(told))
    return _decision(event, scene, outcome, rules, reason, recipients)


def ended(
    event: EmployerEvent, told_before: Collection[AgencyId], registry: Registry, day: date, *, decided_as_of: datetime
) -> RoutedNotice:
    """The decision about a step that takes the notice back, or away from this employer: who was told hears of it."""
    scene = _Scene(registry, day, decided_as_of, event.sender)
    return with_former(_decision(event, scene, "ended", (), event.type), told_before, registry, day)


def with_former(routed: RoutedNotice, told_before: Collection[AgencyId], registry: Registry, day: date) -> RoutedNotice:
    """The decision with those who had the step before and have no present right: each is to get a stub, once.

    Not where an agency is no more and who stands in its place is told: the notice does concern that place still.
    """
    present = {recipient.agency for recipient in routed.recipients}
    gone = sorted(set(told_before) - present)
    former = (agency for agency in gone if present.isdisjoint(heirs_of(agency, registry, day)))
    rule = "withdrawn" if routed.event.type == "withdrawal" else "told-before"
    stubs = tuple(Recipient(agency=agency, why=(why("former-recipient", rule),)) for agency in former)
    return routed.model_copy(update={"recipients": routed.recipients + stubs}) if stubs else routed


def areas_of(notice: AnyNotice) -> tuple[str, ...]:
    """The areas where it happens: workplaces, and measures that name an area; each once, in the order told."""
    areas = dict.fromkeys(place.area for place in notice.workplaces)
    if isinstance(notice, DownsizingNotice):
        areas |= dict.fromkeys(measure.area for measure in notice.measures if measure.area)
    return tuple(areas)


def own_authorities(area: str, registry: Registry, day: date) -> tuple[Agency, ...]:
    """The employment authorities responsible in the area; abroad, the foreign agencies that cover it and take notices."""
    if area.startswith("fi:"):
        return registry.authorities_for(area, day)
    return tuple(agency for agency in _covering(area, registry, day) if agency.kind == "foreign" and agency.ring != "none")


# Who is told


def _tell(told: _Told, agency: AgencyId, role: Role, rule: str, *met: str) -> None:
    found = told.setdefault(agency, {}).setdefault((role, rule), [])
    found.extend(item for item in met if item not in found)


def _gather(notice: AnyNotice, facts: Facts, significant: bool, reach: Reach, scene: _Scene) -> _Told:
    told: _Told = {}
    areas = areas_of(notice)
    _own_areas(told, areas, scene)
    if "home-area" in reach.roles and isinstance(notice, DownsizingNotice):
        _home_areas(told, notice, scene)
    _specialists(told, facts, scene)
    if significant:
        for area in areas:
            _beyond(told, area, facts, reach, scene)
    return told


def _own_areas(told: _Told, areas: tuple[str, ...], scene: _Scene) -> None:
    for area in areas:
        agencies = own_authorities(area, scene.registry, scene.day)
        for agency in agencies:
            _tell(told, agency.id, "own-area", "workplace-area", area)
        if not agencies:
            _tell(told, FALLBACK, "fallback", "nobody-responsible", area)


def _home_areas(told: _Told, notice: DownsizingNotice, scene: _Scene) -> None:
    for home in notice.homes:
        for agency in own_authorities(home.area, scene.registry, scene.day):
            _tell(told, agency.id, "home-area", "home-municipality", home.area)


def _specialists(told: _Told, facts: Facts, scene: _Scene) -> None:
    """Lines and competences inside the responsible authorities (domain 1.5: the line follows from the need)."""
    needs = needs_in(facts)
    lines = [(need, line) for need, line in _LINES.items() if need in needs]
    abroad = "N_RECRUIT_INTL" in needs
    for name in told if lines or abroad else ():
        agency = scene.registry.agency(name)
        for need, line in lines:
            if agency and line in agency.lines:
                _tell(told, name, "own-area", line, need)
        if abroad and agency and "eures" in agency.competences:
            _tell(told, name, "eures", "eures-competence", "N_RECRUIT_INTL")


def _beyond(told: _Told, area: str, facts: Facts, reach: Reach, scene: _Scene) -> None:
    """The ministry's group and the partners whose territory and interest the notice meets, but for its sender."""
    kind, needs = str(facts["kind"]), needs_in(facts)
    for agency in _covering(area, scene.registry, scene.day):
        role = _BEYOND.get(agency.ring)
        responsible = ("own-area", "workplace-area") in told.get(agency.id, ())
        if role is None or role not in reach.roles or responsible or agency.id == scene.sender:
            continue
        if takes(agency, kind, needs) and not _withheld(agency, facts):
            met = [need for need in needs if need in agency.needs or (kind not in agency.kinds and NEEDS[need] in agency.kinds)]
            _tell(told, agency.id, role, "takes-need" if met else "takes-kind", *(met or [kind]), area)


def _covering(area: str, registry: Registry, day: date) -> Iterable[Agency]:
    """Who covers the area: where only a wide one is known, whoever covers any municipality inside it."""
    covering = (registry.agencies_covering(part, day) for part in registry.parts_of(area, day))
    return {agency.id: agency for agencies in covering for agency in agencies}.values()


def _withheld(agency: Agency, facts: Facts) -> bool:
    """Finnvera hears of downsizing and trouble of its own customers only, by referral with a ground (domain 4.4)."""
    reduces = facts["kind"] == "downsizing" or any(NEEDS[need] == "downsizing" for need in needs_in(facts))
    return agency.kind == "finnvera" and (reduces or bool(facts["in_difficulty"]))


# The decision


def _outcome(told: _Told, significant: bool, reach: Reach, notice: AnyNotice) -> tuple[Outcome, str | None]:
    """`kept` below significance (DESIGN §4), `fallback` where nobody is responsible, else `routed`.

    The reason tells why a routed notice reached no more than those responsible.
    """
    roles = {role for reasons in told.values() for role, _ in reasons}
    if "own-area" not in roles and "home-area" not in roles:
        return "fallback", "nobody"
    if not significant:
        return "kept", "ticked" if notice.significant is False else "below"
    return "routed", None if "tem-group" in roles or "partner" in roles else reach.bound


def _recipient(agency_id: AgencyId, reasons: dict[tuple[Role, str], list[str]], facts: Facts, scene: _Scene) -> Recipient:
    agency = scene.registry.agency(agency_id)
    in_order = sorted(reasons.items(), key=lambda item: (_RANK[item[0][0]], item[0][1]))
    whys = tuple(why(role, rule, met, scene.registry) for (role, rule), met in in_order)
    return Recipient(agency=agency_id, line=_line(agency), competence=_competence(agency, facts), why=whys)


def _line(agency: Agency | None) -> ServiceLine | None:
    """The desk that owns it: line 1 always (domain 1.5); what other lines are for stands among the reasons."""
    if agency is None or not agency.lines:
        return None
    return "line-1" if "line-1" in agency.lines else agency.lines[0]


def _competence(agency: Agency | None, facts: Facts) -> str | None:
    if agency is None or not agency.competences:
        return None
    needs = needs_in(facts)
    wanted = (word for need, word in _COMPETENCES.items() if need in needs)
    return next((word for word in wanted if word in agency.competences), None)


def _in_order(told: _Told) -> list[AgencyId]:
    return sorted(told, key=lambda agency: (min(_RANK[role] for role, _ in told[agency]), agency))


def _decision(
    event: EmployerEvent, scene: _Scene, outcome: Outcome, rules: tuple[str, ...], reason: str | None,
    recipients: tuple[Recipient, ...] = (), until: datetime | None = None,
) -> RoutedNotice:  # fmt: skip
    return RoutedNotice(
        receipt=event.receipt,
        step=event.step,
        outcome=outcome,
        significance=rules,
        recipients=recipients,
        outcome_reason=REASONS[reason] if reason else None,
        held_until=until,
        registry_revision=scene.registry.revision,
        decided_as_of=scene.as_of,
        event=event,
    )
