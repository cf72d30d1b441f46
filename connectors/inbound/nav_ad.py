"""An ad of NAV as far as it is read; the fields keep NAV's names."""

import re
from typing import Annotated, Any

import orjson
from pydantic import Field, field_validator
from stdnum.no import orgnr

from connectors.inbound.row import Foreign
from schemas.count import MOST_PEOPLE

# ruff: noqa: N815 - the names are NAV's

_CODE = re.compile(r"[0-9]{2}\.[0-9]{3}")


class EmployerProperties(Foreign):
    """`nace2`: industry codes, as a list or as JSON in a text."""

    nace2: list[Any] = Field([])

    @field_validator("nace2", mode="before")
    @classmethod
    def _json_in_a_text(cls, given: Any) -> Any:
        try:
            return orjson.loads(given) if isinstance(given, str) else given
        except orjson.JSONDecodeError:
            return [given]

    @property
    def first_code(self) -> str | None:
        """The first code; empty where it is none, None where none is given."""
        if not self.nace2:
            return None
        code = self.nace2[0].get("code") if isinstance(self.nace2[0], dict) else None
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


class Employer(Foreign):
    """Who hires: `orgnr` of the establishment, with the number of people registered there."""

    orgnr: str = ""
    name: str = ""
    employees: Annotated[int, Field(ge=0, le=MOST_PEOPLE)] | None = None
    properties: EmployerProperties = EmployerProperties()

    @property
    def number_is_right(self) -> bool:
        """Whether the check digit fits."""
        return bool(orgnr.is_valid(self.orgnr))


class Place(Foreign):
    """Where the work is."""

    municipalCode: str = ""


class Category(Foreign):
    """An occupation: its classification, code and name."""

    categoryType: str = ""
    code: str = ""
    name: str = ""


class Properties(Foreign):
    """What NAV keeps as text: numbers and days are written in many ways."""

    positioncount: Any = None
    applicationdue: str = ""
    starttime: str = ""
    euresflagg: str = ""


class Administration(Foreign):
    """What NAV's own staff noted; their comments and names are not read."""

    remarks: list[str] = Field([])


class Ad(Foreign):
    """One vacancy."""

    uuid: str
    reference: str = ""
    title: str = ""
    status: str = ""
    privacy: str = ""
    published: str = ""
    expires: str = ""
    employer: Employer | None = None
    location: Place | None = None
    locationList: list[Place] = Field([])
    categoryList: list[Category] = Field([])
    properties: Properties = Properties()
    administration: Administration = Administration()

    @property
    def places(self) -> list[Place]:
        """All places, or the one that stands alone."""
        return self.locationList or ([self.location] if self.location else [])
