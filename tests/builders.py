"""Valid notices, and a small registry, for tests: each builder gives something that is taken as it is."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from hub.core.admission import employer_key, notice_of, read_notice
from hub.core.registry import Registry
from schemas.agency import Agency, Area, Coordinator, Names
from schemas.ids import receipt_of
from schemas.messages import Coordinates, EmployerEvent
from schemas.offering import Condition, Offering

DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
BUSINESS_IDS = ("9000000-3", "9000001-1", "9100020-8", "9543210-4", "9876543-0")
"""Checked, and believed never to be issued (domain 3.1)."""

TAMPERE, HELSINKI, KANGASALA, LAPPI = "fi:kunta:837", "fi:kunta:091", "fi:kunta:211", "fi:maakunta:19"


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The base with the changes; an object inside an object is merged, None takes the field away."""
    found = dict(base)
    for name, value in changes.items():
        if isinstance(value, Mapping) and isinstance(found.get(name), Mapping):
            found[name] = merged(found[name], value)
        else:
            found[name] = value
    return {name: value for name, value in found.items() if value is not None}


def body_of(notice: Mapping[str, Any]) -> bytes:
    """The notice as it is sent."""
    return json.dumps(notice, ensure_ascii=False).encode()


def a_downsizing_notice(**changes: Any) -> dict[str, Any]:
    """Forty people are to be dismissed in Tampere; the negotiations have begun."""
    return merged(
        {
            "kind": "downsizing",
            "id": "D-1",
            "source": "muutosturva/tampere",
            "employer": {
                "business_id": "9000000-3",
                "name": "Esimerkki Oy",
                "industry": {"code": "28.990", "edition": "TOL2025"},
                "segment": "DOMESTIC",
                "headcount": 220,
            },
            "workplaces": [{"area": TAMPERE, "headcount": 150}],
            "stage": "negotiations",
            "measures": [{"measure": "dismissal", "planned": 40, "occupations": [{"isco": "7212", "count": 25}]}],
            "grounds": "Tilauskanta on supistunut.",
            "proposal_given_on": "2026-02-20",
            "talks_start_on": "2026-02-27",
            "authority_notified_on": "2026-02-27",
            "channel": "official-notice",
            "noted_on": "2026-02-27",
            "basis": "1333/2021",
        },
        changes,
    )


def a_recruitment_notice(**changes: Any) -> dict[str, Any]:
    """Forty welders are wanted in Tampere, and they are hard to find."""
    return merged(
        {
            "kind": "recruitment",
            "id": "R-1",
            "source": "rekry/tampere",
            "employer": {"business_id": "9000001-1", "name": "Hitsaamo Oy", "segment": "LOCAL", "headcount": 80},
            "workplaces": [{"area": TAMPERE}],
            "posts": 40,
            "occupations": [{"isco": "7212", "title": "Hitsaaja", "count": 40}],
            "starts_on": "2026-05-04",
            "fulfilment": ["candidates", "event"],
            "hard_to_fill": True,
            "channel": "phone",
            "noted_on": "2026-03-01",
        },
        changes,
    )


def a_development_notice(**changes: Any) -> dict[str, Any]:
    """A company expands in Tampere and invests in it."""
    return merged(
        {
            "kind": "development",
            "id": "K-1",
            "source": "kehitys/tampere",
            "employer": {"business_id": "9100020-8", "name": "Kasvu Oy", "segment": "INTL_GROWTH", "headcount": 30},
            "workplaces": [{"area": TAMPERE}],
            "needs": [{"code": "N_PREMISES", "priority": 2}],
            "subject": "expansion",
            "investment_eur": 2_000_000,
            "channel": "visit",
            "noted_on": "2026-03-01",
        },
        changes,
    )


def a_correction(notice: Mapping[str, Any], id: str = "c-1", **changes: Any) -> dict[str, Any]:
    """A new version of the notice, with these changes."""
    corrects = {"source": notice["source"], "id": notice["id"]}
    return {"id": id, "corrects": corrects, "reason": "Lukumäärä tarkentui.", "notice": merged(notice, changes)}


def a_withdrawal(notice: Mapping[str, Any], id: str = "w-1") -> dict[str, Any]:
    """The notice is taken back."""
    return {"id": id, "withdraws": {"source": notice["source"], "id": notice["id"]}, "reason": "Sent by mistake."}


def a_release(notice: Mapping[str, Any], id: str = "r-1", **more: Any) -> dict[str, Any]:
    """The embargo of the notice ends."""
    return {"id": id, "releases": {"source": notice["source"], "id": notice["id"]}, "notice": dict(notice)} | more


def an_event(notice: Mapping[str, Any], sender: str = "ta-39", registry: Registry | None = None, **changes: Any) -> EmployerEvent:
    """The accepted step of that notice, as intake writes it."""
    read = read_notice(body_of(notice))
    agency = (registry or a_small_registry()).agency(sender)
    assert agency is not None, f"no agency {sender}"
    return EmployerEvent.model_validate(
        {
            "receipt": receipt_of(sender, read.source, read.id),
            "step": 1,
            "kind": read.kind,
            "sender": sender,
            "source": read.source,
            "id": read.id,
            "employer_key": employer_key(read, agency),
            "received_at": AT,
            "origin": Coordinates(topic="notices.received", partition=0, offset=0),
            "historic": read.historic,
            "notice": read.model_dump(mode="json"),
        }
        | changes
    )


def taken(notice: Mapping[str, Any], sender: str = "ta-39", registry: Registry | None = None, **changes: Any) -> Any:
    """The event of that notice and the notice in it: the two arguments of the rules."""
    event = an_event(notice, sender, registry, **changes)
    return event, notice_of(event)


# A registry


def an_agency(id: str, **changes: Any) -> Agency:
    """An employment authority, but for what is changed."""
    return Agency.model_validate(
        {"id": id, "kind": "employment-area", "ring": "authority", "names": {"fi": id}, **_SAMPLE, **changes}
    )


def an_offering(code: str, **changes: Any) -> Offering:
    """A service of the employment authority."""
    names = {"fi": f"{code} fi", "sv": f"{code} sv", "en": f"{code} en"}
    return Offering.model_validate({"code": code, "names": names, "providers": ["employment-area"], **_SAMPLE, **changes})


def a_condition(field: str, op: str, value: Any) -> Condition:
    """A condition with an explanation in three languages."""
    said = {language: f"{field} {op} {value} ({language})" for language in ("fi", "sv", "en")}
    return Condition.model_validate({"field": field, "op": op, "value": value, "explains": said, **_SAMPLE})


@cache
def a_small_registry(revision: int = 7) -> Registry:
    """Tampere and Kangasala (ta-39), Helsinki (ta-08), a merged municipality, one abroad, and who acts there."""
    return Registry.of(revision, _areas(), _agencies(), _offerings())


_SAMPLE: dict[str, Any] = {"source": "tests", "certainty": "sample"}
_ALL_LINES = ("line-1", "line-2", "line-3")
_SKILLS = ("recruitment", "change-security", "eures", "starters", "training", "tailored-jobs", "business-development")


def _areas() -> tuple[Area, ...]:
    def area(code: str, name: str, *within: str, **changes: Any) -> Area:
        return Area.model_validate({"code": code, "names": Names(fi=name), "within": within, **_SAMPLE, **changes})

    pirkanmaa = ("fi:tyollisyysalue:39", "fi:maakunta:06", "fi:evk:04")
    return (
        area("fi:maa:FI", "Suomi"),
        *(area(code, code, "fi:maa:FI") for code in ("fi:evk:04", "fi:maakunta:06", "fi:maakunta:01", LAPPI)),
        *(area(code, code, "fi:maa:FI") for code in ("fi:tyollisyysalue:39", "fi:tyollisyysalue:08")),
        area(TAMPERE, "Tampere", *pirkanmaa, languages="f"),
        area(KANGASALA, "Kangasala", *pirkanmaa, languages="f"),
        area(HELSINKI, "Helsinki", "fi:tyollisyysalue:08", "fi:maakunta:01", languages="fs"),
        area("fi:kunta:289", "Kuorevesi", valid_to=date(2000, 12, 31), successors=(TAMPERE,)),
        area("us:state:AZ", "Arizona"),
        area("us:state:VT", "Vermont"),
    )


def _agencies() -> tuple[Agency, ...]:
    def authority(id: str, area: str, mailbox: str) -> Agency:
        coordinators = (Coordinator(person="Maija Esimerkki", mailbox=mailbox),)
        return an_agency(id, areas=(area,), lines=_ALL_LINES, competences=_SKILLS, coordinators=coordinators)

    return (
        authority("ta-39", "fi:tyollisyysalue:39", "muutosturva@tampere.example"),
        authority("ta-08", "fi:tyollisyysalue:08", "muutosturva@helsinki.example"),
        an_agency("evk-04", kind="evk", ring="tem-group", areas=("fi:evk:04",), kinds=("development", "downsizing")),
        an_agency("finnvera", kind="finnvera", ring="tem-group", needs=("N_INVEST", "N_START")),
        an_agency("tem", kind="ministry", ring="tem-group", needs=("N_STRUCTURAL",)),
        an_agency("business-tampere", kind="development-company", ring="partner", areas=(TAMPERE,), needs=("N_EXPANSION",)),
        an_agency("takk", kind="education-provider", ring="partner", areas=(TAMPERE,), needs=("N_RECRUIT_HARD",)),
        an_agency("az-des", kind="foreign", ring="partner", areas=("us:state:AZ",)),
        an_agency("fallback", kind="hub", ring="none", mailbox="fallback@hub.example"),
    )


def _offerings() -> tuple[Offering, ...]:
    return (
        an_offering("R06", answers=("recruitment",), conditions=(a_condition("hard_to_fill", "==", True),)),
        an_offering("V01", answers=("downsizing",), line="line-1"),
        an_offering("V03", answers=("downsizing",), conditions=(a_condition("dismissals_max", ">=", 10),)),
        an_offering("D06", answers=("development:expansion",), providers=("evk",)),
        an_offering("X99", never={"fi": "Ei liitetä", "en": "Never attached"}),
    )
