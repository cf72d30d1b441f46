"""Finnish testbed (Virtual Finland), data product of job postings: `results`, each with employer, location, basicInfo.

The form has neither an id nor a Business ID nor a count of posts. The id is made of what names a posting (employer, place,
title, publication), so that the same posting read again is a repeat. The count is told as unknown: the form cannot say it.
Business ID and municipality code come from `Known`; without them a row is held. Descriptions are not carried over.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import orjson
from pydantic import Field

from connectors.inbound.days import helsinki_day
from connectors.inbound.files import json_rows
from connectors.inbound.row import Foreign, Row, filled, take
from connectors.inbound.taken import NOTHING_KNOWN, Known, Taken

SOURCE = "testbed"
FIELDS = {
    "/employer": "employer",
    "/workplaces": "location/municipality",
    "/noted_on": "publishedAt",
    "/application_closes_on": "applicationEndDate",
    "/text": "basicInfo/title",
}
"""The field of the posting behind each part of the notice."""

_NO_END = "0001-01-01T"
"""How the form writes that applications have no last day."""


class _Location(Foreign):
    municipality: str = ""
    postcode: str = ""


class _BasicInfo(Foreign):
    title: str = ""


class _Posting(Foreign):
    employer: str = ""
    location: _Location = _Location()
    info: _BasicInfo = Field(_BasicInfo(), alias="basicInfo")
    published: str = Field("", alias="publishedAt")
    ends: str = Field("", alias="applicationEndDate")

    @property
    def identity(self) -> str:
        """One value for one posting; a later change of description or last day does not change it."""
        named = (self.employer, self.location.municipality, self.location.postcode, self.info.title, self.published)
        return sha256(orjson.dumps(named)).hexdigest()[:32]


def read(body: bytes, known: Known = NOTHING_KNOWN) -> Iterator[Taken]:
    """A recruitment notice, or the reason why there is none, for each posting."""
    return take(json_rows(body, "results"), _notice, FIELDS, known)


def _notice(row: Row, known: Known) -> dict[str, Any]:
    posting = _Posting.model_validate(row.values)
    return filled(
        kind="recruitment",
        source=SOURCE,
        id=posting.identity,
        employer=_employer(row, posting.employer, known),
        workplaces=_workplaces(row, posting.location.municipality, known),
        posts={"said": "unknown"},
        noted_on=_published(row, posting.published),
        application_closes_on=_ends(row, posting.ends),
        channel="feed",
        language="fi",
        text=row.kept("basicInfo/title", posting.info.title),
    )


def _employer(row: Row, name: str, known: Known) -> dict[str, str]:
    business_id = known.employers.get(name)
    if business_id:
        return {"business_id": business_id, "name": name}
    message = "the form gives a name only: say which Business ID it is" if name else "the employer is missing"
    row.lacks("employer", "no-employer", message)
    return {}


def _workplaces(row: Row, municipality: str, known: Known) -> list[dict[str, str]]:
    """The form writes municipalities by name, in capitals."""
    area = known.places.get(municipality.casefold())
    if area:
        return [{"area": area}]
    message = "no municipality of this name is known" if municipality else "the municipality is missing"
    row.lacks("location/municipality", "no-place", message)
    return []


def _published(row: Row, text: str) -> str | None:
    if text:
        return helsinki_day(row, "publishedAt", text)
    row.lacks("publishedAt", "no-date", "the day of publication is missing")
    return None


def _ends(row: Row, text: str) -> str | None:
    return helsinki_day(row, "applicationEndDate", text) if text and not text.startswith(_NO_END) else None
