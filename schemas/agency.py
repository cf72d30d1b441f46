"""Who is out there: areas, agencies, their lines, competences and coordinators; all dated, each row with its source."""

from datetime import date
from typing import Literal

from pydantic import field_validator

from schemas.base import Inside
from schemas.ids import AgencyId, AreaCode, NeedCode

Certainty = Literal["verified", "memory", "derived", "sample"]
"""How sure a row is: seen in a public source, from memory, computed, or made up as a marked sample."""

AgencyKind = Literal[
    "employment-area", "evk", "te-office", "ely", "keha", "ministry", "finnvera", "business-finland", "tekes", "finpro",
    "tesi", "prh", "jotpa", "regional-council", "development-company", "new-business-centre", "chamber",
    "education-provider", "agricultural-centre", "foreign", "hub",
]  # fmt: skip

Ring = Literal["authority", "tem-group", "partner", "none"]
"""Own employment authorities; the ministry's group (A2 of the seed); regional partners (A6); or no notices at all."""

ServiceLine = Literal["line-1", "line-2", "line-3"]
"""1 employment and business services, 2 competence development, 3 supported employment (seed, domain 1.5)."""


class Names(Inside):
    """A name in the languages for which there is a source; Finnish (or the country's own) stands in `fi`."""

    fi: str
    sv: str | None = None
    en: str | None = None


class Sourced(Inside):
    """Every registry row: where it comes from, how sure it is, and from when to when it holds."""

    source: str
    certainty: Certainty
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the row is in force on that day; both ends count."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Area(Sourced):
    """A municipality, region, employment area, EVK area … `within` names the areas that hold it, `languages` 'fs' etc."""

    code: AreaCode
    names: Names
    within: tuple[AreaCode, ...] = ()
    languages: str = ""
    successors: tuple[AreaCode, ...] = ()


class Coordinator(Inside):
    """Who gets the layoff alerts of an agency. `person` is a made-up sample name until the agency gives its own."""

    person: str
    mailbox: str
    languages: tuple[str, ...] = ("fi",)
    sample: bool = True


HUB_ITSELF = "hub"


class Agency(Sourced):
    """An agency: what areas it covers, which notices interest it, who co-ordinates change security in it.

    `areas` empty = the whole country. `kinds` and `needs` bound what it takes (empty = all of its ring). `may_publish_for` names
    agencies in whose name it may speak, `xroad_clients` the X-Road clients that it is (instance/class/member/subsystem).
    """

    id: AgencyId
    kind: AgencyKind
    ring: Ring
    names: Names
    business_id: str | None = None
    areas: tuple[AreaCode, ...] = ()
    kinds: tuple[str, ...] = ()
    needs: tuple[NeedCode, ...] = ()
    lines: tuple[ServiceLine, ...] = ()
    competences: tuple[str, ...] = ()
    coordinators: tuple[Coordinator, ...] = ()
    mailbox: str | None = None
    agreement_until: date | None = None
    successors: tuple[AgencyId, ...] = ()
    may_publish_for: tuple[AgencyId, ...] = ()
    xroad_clients: tuple[str, ...] = ()

    @field_validator("id")
    @classmethod
    def _is_no_other_s(cls, id: AgencyId) -> AgencyId:
        """Under its own name the hub speaks as its operator: an agency of that name would be taken for it."""
        if id == HUB_ITSELF:
            raise ValueError("hub is the hub's own name, an agency has another")
        return id
