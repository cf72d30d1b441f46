"""Situations made up from a seed, and the notices that say them, with every field that its kind has."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hub.trials.soak.places import Places, Town
from tests.rights.model import Situation

_KINDS = ("recruitment", "downsizing", "development")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2)


def situations(count: int, places: Places, seed: int, towns: int) -> Iterator[Situation]:
    """That many, in a few towns."""
    chance = random.Random(seed)
    known = tuple(chance.sample(places.towns, towns))
    for number in range(count):
        yield situation(number, known, chance)


def situation(number: int, towns: tuple[Town, ...], chance: random.Random) -> Situation:
    """Any combination that the door takes."""
    kind = chance.choice(_KINDS)
    early = kind == "downsizing" and chance.random() < 0.3
    consent = chance.choice((None, None, "own-authority", "tem-group", "all"))
    level = chance.choice(("open", "open", "open", "restricted", "embargoed"))
    if early and consent is None:
        level = "restricted"
    return Situation(
        number=number,
        kind=kind,
        sender=chance.choice(towns).authority,
        towns=tuple(chance.sample(towns, chance.choice((1, 1, 2)))),
        homes=tuple(chance.sample(towns, 2)) if kind == "downsizing" else (),
        level=level,
        early=early,
        consent=consent,
        significant=chance.choice((None, True, True, False)),
        person=chance.choice((None, None, "toiminimi", "starter")),
        historic=chance.random() < 0.05,
    )


def changed(before: Situation, towns: tuple[Town, ...], chance: random.Random) -> Situation:
    """What a correction by the same sender makes of it; the employer stays."""
    after = situation(before.number, towns, chance)
    return replace(after, sender=before.sender, person=before.person, historic=False)


def notice_of(told: Situation, step: int) -> dict[str, Any]:
    """The notice, each of its words marked with the step."""

    def word(name: str) -> str:
        return f"{name}#{step}"

    common = {
        "kind": told.kind,
        "id": f"rights-{told.number}",
        "source": "rights",
        "employer": _employer(told, word("EMPLOYER-NAME"), f"GROUP-HEAD.{step}", word("LEGAL-FORM"), 70_001 + step * 100),
        "workplaces": [{"area": town.code, "name": word("WORKPLACE"), "headcount": 70_002 + step * 100} for town in told.towns],
        "needs": [{"code": "N_STRUCTURAL", "detail": word("NEED-DETAIL")}, {"code": "N_START"}, {"code": "N_RECRUIT_HARD"}],
        "access": _access(told, word("CONSENT-BY")),
        "significant": told.significant,
        "basis": word("BASIS"),
        "text": word("TEXT"),
        "diary_number": word("DIARY"),
        "references": [{"system": "own_register", "value": word("OWN-REGISTER")}],
        "historic": told.historic,
    }
    return {name: value for name, value in (common | _of_kind(told, step)).items() if value is not None}


def _employer(told: Situation, name: str, head: str, form: str, headcount: int) -> dict[str, Any]:
    if told.person == "starter":
        return {"kind": "starter", "referral_number": f"R-{told.number}", "headcount": headcount}
    trader = {"legal_form": f"Toiminimi {form}"} if told.person else {"legal_form": form}
    group = {"foreign": {"country": "us", "number": head}}
    return {"business_id": business_id(told.number), "name": name, "group": group, "headcount": headcount} | trader


def business_id(number: int) -> str:
    """A checked one, of its own for each number (those that have no check digit are passed over)."""
    base = 8_000_000 + number * 2
    for candidate in (base, base + 1):
        rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, str(candidate), strict=True)) % 11
        if rest != 1:
            return f"{candidate}-{11 - rest if rest else 0}"
    raise AssertionError("two in a row without a check digit")


def _access(told: Situation, by: str) -> dict[str, Any]:
    ends = {"until_event": "Tiedote julkaistaan"} if told.level == "embargoed" else {}
    consent = {"given_by_role": by, "given_on": "2026-02-01", "scope": told.consent} if told.consent else None
    return {"level": told.level} | ends | ({"consent": consent} if consent else {})


def _of_kind(told: Situation, step: int) -> dict[str, Any]:
    occupation = {"isco": "7212", "title": f"TITLE#{step}", "count": 40}
    if told.kind == "recruitment":
        return {"posts": 40, "occupations": [occupation], "hard_to_fill": True}
    if told.kind == "development":
        return {"subject": "staff", "people": 20, "skills": [f"SKILL#{step}"], "occupations": [occupation]}
    return {
        "stage": "early-signal" if told.early else "negotiations",
        "measures": [{"measure": "dismissal", "planned": 120, "staff_group": f"STAFF-GROUP#{step}", "occupations": [occupation]}],
        "grounds": f"GROUNDS#{step}",
        "over_55_count": 70_003 + step * 100,
        "homes": [{"area": home.code, "count": 70_004 + step * 100} for home in told.homes],
    }
