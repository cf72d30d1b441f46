"""Vacancies of the Norwegian employment service NAV (pam-stilling, a page of ads: `content`).

One recruitment notice for each ad. Times carry no zone and are Norwegian local times: their day is taken as written. Ad
texts, contacts (`contactList`, `applicationemail`) and coordinates stay where they are. Mapped as NAV itself does for EURES
(pam-eures-stilling-eksport, `PositionOpeningConverter.kt`, `PositionOrganizationConverter.kt`) where that guesses nothing.
"""

import re
from collections.abc import Iterator
from typing import Any

from connectors.inbound.counts import people
from connectors.inbound.days import written_day
from connectors.inbound.files import json_rows
from connectors.inbound.isco import isco_of
from connectors.inbound.nav_ad import Ad, Employer
from connectors.inbound.row import Row, filled, take
from connectors.inbound.taken import NOTHING_KNOWN, Known, Taken

SOURCE = "nav"
FIELDS = {
    "/id": "uuid",
    "/employer": "employer/orgnr",
    "/employer/name": "employer/name",
    "/employer/headcount": "employer/employees",
    "/employer/industry": "employer/properties/nace2",
    "/workplaces": "locationList",
    "/posts": "properties/positioncount",
    "/occupations": "categoryList",
    "/starts_on": "properties/starttime",
    "/noted_on": "published",
    "/application_closes_on": "properties/applicationdue",
    "/references": "reference",
    "/text": "title",
}
"""The field of the ad behind each part of the notice."""

_GONE = {"DELETED", "REJECTED", "STOPPED"}
"""`status` of an ad that NAV or the employer took back."""


def read(body: bytes, known: Known = NOTHING_KNOWN) -> Iterator[Taken]:
    """A recruitment notice, or the reason why there is none, for each ad."""
    return take(json_rows(body, "content"), _notice, FIELDS, known)


def _notice(row: Row, _: Known) -> dict[str, Any]:
    ad = Ad.model_validate(row.values)
    _judge(row, ad)
    return filled(
        kind="recruitment",
        source=SOURCE,
        id=ad.uuid,
        employer=_employer(row, ad.employer),
        workplaces=_workplaces(row, ad),
        posts=people(row, "properties/positioncount", ad.properties.positioncount),
        occupations=_occupations(row, ad),
        starts_on=_day(row, "properties/starttime", ad.properties.starttime),
        noted_on=_published(row, ad.published),
        application_closes_on=_closes(row, ad),
        eures=True if ad.properties.euresflagg == "true" else None,
        channel="feed",
        access=None if ad.privacy in ("", "SHOW_ALL") else {"level": "restricted"},
        language="no",
        references=[{"system": "nav", "value": ad.reference}] if ad.reference else [],
        text=row.kept("title", ad.title),
    )


def _judge(row: Row, ad: Ad) -> None:
    """What NAV itself says of the ad: taken back, a duplicate, out of date."""
    if ad.status in _GONE:
        row.wrong("status", "taken-back", "the ad was deleted, rejected or stopped at NAV")
    elif ad.status == "INACTIVE":
        row.remark("status", "no-longer-open", "the ad is no longer shown at NAV")
    if "DUPLICATE" in ad.administration.remarks:
        row.wrong("administration/remarks", "duplicate", "NAV marked this ad as a duplicate of another one")
    if "" < ad.expires < ad.published:
        row.remark("published", "published-late", "published after it had expired; both days are kept as they are")


def _employer(row: Row, employer: Employer | None) -> dict[str, Any]:
    """By `orgnr`, the number of the establishment (`orgform` BEDR), as NAV tells EURES; `parentOrgnr` is not carried over."""
    if employer is None or not employer.orgnr:
        row.lacks("employer/orgnr", "no-employer", "the employer's organisation number is missing; a name alone is not enough")
        return {}
    if not employer.number_is_right:
        row.wrong("employer/orgnr", "check-digit", "the check digit of the organisation number is wrong")
    return filled(
        foreign={"country": "no", "number": employer.orgnr},
        name=employer.name,
        headcount=employer.employees,
        industry=_industry(row, employer),
    )


def _industry(row: Row, employer: Employer) -> dict[str, str] | None:
    """The first code, which is the main activity; NACE Rev. 2 with Norway's fifth digit, as the field's name says."""
    code = employer.properties.first_code
    if code == "":
        row.remark("employer/properties/nace2", "industry", "this is no industry code such as 43.210: left out")
    return {"code": code, "edition": "NACE2"} if code else None


def _workplaces(row: Row, ad: Ad) -> list[dict[str, str]]:
    codes = list(dict.fromkeys(place.municipalCode for place in ad.places if place.municipalCode))
    if not codes:
        row.lacks("locationList", "no-place", "no municipality code is given; its name alone is not enough")
    if not all(re.fullmatch("[0-9]{4}", code) for code in codes):
        row.wrong("locationList", "area-code", "a municipality code has four digits with its zeros, such as 0301")
    return [{"area": f"no:kommune:{code}"} for code in codes]


def _occupations(row: Row, ad: Ad) -> list[dict[str, str]]:
    """STYRK-08 (with NAV's own suffix) to ISCO-08 by its first four digits."""
    found: dict[str, dict[str, str]] = {}
    for index, category in enumerate(ad.categoryList):
        isco = isco_of(category.code) if category.categoryType in ("STYRK08NAV", "STYRK08", "ESCO") else None
        if isco is None:
            row.remark(f"categoryList/{index}", "not-isco", "no group of ISCO-08 is given: left out")
        else:
            found.setdefault(isco, filled(isco=isco, title=category.name))
    return list(found.values())


def _published(row: Row, text: str) -> str | None:
    if not text:
        row.lacks("published", "no-date", "the day of publication is missing")
        return None
    day = written_day(text)
    if day is None:
        row.wrong("published", "not-a-time", "a time is written such as 2018-11-29T12:00:02")
    return day


def _closes(row: Row, ad: Ad) -> str | None:
    """The last day to apply; where none can be read, the day on which the ad expires (as NAV tells EURES)."""
    return _day(row, "properties/applicationdue", ad.properties.applicationdue) or _day(row, "expires", ad.expires)


def _day(row: Row, field: str, text: str) -> str | None:
    """A day where the text is one; ads also write `Snarest` (as soon as possible) and the like."""
    day = written_day(text) if text else None
    if text and day is None:
        row.remark(field, "not-a-day", "no day can be read here: left out")
    return day
