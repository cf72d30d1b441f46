"""Job Market Finland (Työmarkkinatori), answer of the search interface of 2022 (`jobpostingprovider/v1/tyopaikat`).

One recruitment notice for each posting (`ilmoitukset`). Only facts are carried over: descriptions, instructions and contacts
(`ilmoittajanYhteystiedot`) stay where they are, the posting is named as a reference. Its terms forbid handing copies on.
"""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from connectors.inbound.counts import people
from connectors.inbound.days import helsinki_day
from connectors.inbound.files import json_rows
from connectors.inbound.isco import isco_of
from connectors.inbound.row import Foreign, Row, filled, take
from connectors.inbound.taken import NOTHING_KNOWN, Known, Taken

SOURCE = "job-market-finland"
FIELDS = {
    "/id": "ilmoituksenID",
    "/employer": "ilmoittajanYTunnus",
    "/employer/name": "ilmoittajanNimi",
    "/workplaces": "sijainti",
    "/posts": "perustiedot/paikkojenMaara",
    "/occupations": "osaamisvaatimukset/ammatit",
    "/noted_on": "julkaisupvm",
    "/application_closes_on": "hakeminen/hakuaikaPaattyy",
    "/language": "ilmoituksenKielet",
    "/text": "perustiedot/tyonOtsikko",
    "/references": "ilmoituksenID",
}
"""The field of the posting behind each part of the notice."""

HOUSEHOLD = "02"
"""`tyollistaja`: 01 a company, 02 a household."""


_CODES = {"kunta": r"[0-9]{3}", "maakunta": r"[0-9]{2}", "maa": r"[A-Z]{2}"}
"""How the codes of a place are written in `sijainti`."""


class _Words(Foreign):
    language: str = Field("", alias="kieliKoodi")
    words: str = Field("", alias="arvo")


class _Employment(Foreign):
    for_another: bool = Field(False, alias="rekrytointiToimeksianto")


class _Relation(Foreign):
    employment: _Employment = Field(_Employment(), alias="tyosuhde")


class _Basics(Foreign):
    title: list[_Words] = Field([], alias="tyonOtsikko")
    posts: int | None = Field(None, alias="paikkojenMaara")
    relation: _Relation = Field(_Relation(), alias="palvelussuhde")


class _Occupation(Foreign):
    code: str = Field("", alias="luokiteltuArvo")


class _Skills(Foreign):
    occupations: list[_Occupation] = Field([], alias="ammatit")


class _Place(Foreign):
    countries: list[str] = Field([], alias="maa")
    regions: list[str] = Field([], alias="maakunta")
    municipalities: list[str] = Field([], alias="kunta")


class _Applying(Foreign):
    closes: str = Field("", alias="hakuaikaPaattyy")


class _Posting(Foreign):
    id: str = Field(alias="ilmoituksenID")
    employer_type: str = Field("", alias="tyollistaja")
    business_id: str = Field("", alias="ilmoittajanYTunnus")
    name: list[_Words] = Field([], alias="ilmoittajanNimi")
    published: str = Field("", alias="julkaisupvm")
    languages: list[str] = Field([], alias="ilmoituksenKielet")
    basics: _Basics = Field(_Basics(), alias="perustiedot")
    skills: _Skills = Field(_Skills(), alias="osaamisvaatimukset")
    place: _Place = Field(_Place(), alias="sijainti")
    applying: _Applying = Field(_Applying(), alias="hakeminen")


def read(body: bytes, known: Known = NOTHING_KNOWN) -> Iterator[Taken]:
    """A recruitment notice, or the reason why there is none, for each posting."""
    return take(json_rows(body, "ilmoitukset"), _notice, FIELDS, known)


def _notice(row: Row, _: Known) -> dict[str, Any]:
    posting = _Posting.model_validate(row.values)
    language = "fi" if not posting.languages or "fi" in posting.languages else posting.languages[0]
    return filled(
        kind="recruitment",
        source=SOURCE,
        id=posting.id,
        employer=_employer(row, posting, language),
        workplaces=_workplaces(row, posting.place),
        posts=people(row, "perustiedot/paikkojenMaara", posting.basics.posts),
        occupations=_occupations(row, posting.skills.occupations),
        noted_on=_published(row, posting.published),
        application_closes_on=_closes(row, posting.applying.closes),
        channel="job-market-finland",
        language=language,
        references=[{"system": "job_market_finland", "value": posting.id}],
        text=row.kept("perustiedot/tyonOtsikko", _said(posting.basics.title, language)),
    )


def _said(words: list[_Words], language: str) -> str:
    """The text in that language, else the first one."""
    return next((each.words for each in words if each.language == language), words[0].words if words else "")


def _employer(row: Row, posting: _Posting, language: str) -> dict[str, Any]:
    """Who posts is the employer, but for a recruiter's assignment; a household goes by the posting's number, without a name."""
    if posting.employer_type == HOUSEHOLD:
        return {"kind": "household", "referral_number": posting.id}
    if posting.basics.relation.employment.for_another:
        field = "perustiedot/palvelussuhde/tyosuhde/rekrytointiToimeksianto"
        row.lacks(field, "employer-not-named", "it is posted on behalf of another employer, whose Business ID is not given")
    if not posting.business_id:
        row.lacks("ilmoittajanYTunnus", "no-employer", "the employer's Business ID is missing; a name alone is not enough")
        return {}
    return filled(business_id=posting.business_id, name=_said(posting.name, language))


def _workplaces(row: Row, place: _Place) -> list[dict[str, str]]:
    """The most exact places given: municipalities, else regions, else countries."""
    for system, codes in (("kunta", place.municipalities), ("maakunta", place.regions), ("maa", place.countries)):
        if codes:
            return [_area(row, system, index, code) for index, code in enumerate(codes)]
    row.lacks("sijainti", "no-place", "no municipality, region or country is given")
    return []


def _area(row: Row, system: str, index: int, code: str) -> dict[str, str]:
    if not re.fullmatch(_CODES[system], code):
        row.wrong(f"sijainti/{system}/{index}", "area-code", "an area code keeps its zeros (005, 06); a country is two letters")
    country = code.lower() if system == "maa" else "fi"
    return {"area": f"{country}:{system}:{code}"}


def _occupations(row: Row, given: list[_Occupation]) -> list[dict[str, str]]:
    """Those given as groups of ISCO-08; an occupation of ESCO does not name its group and is left out."""
    codes = [isco_of(occupation.code) for occupation in given]
    for index, code in enumerate(codes):
        if code is None:
            row.remark(f"osaamisvaatimukset/ammatit/{index}", "not-isco", "no group of ISCO-08 is given: left out")
    return [{"isco": code} for code in dict.fromkeys(codes) if code]


def _published(row: Row, text: str) -> str | None:
    if text:
        return helsinki_day(row, "julkaisupvm", text)
    row.lacks("julkaisupvm", "no-date", "the day of publication is missing")
    return None


def _closes(row: Row, text: str) -> str | None:
    return helsinki_day(row, "hakeminen/hakuaikaPaattyy", text) if text else None
