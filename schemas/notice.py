"""The employer situation notice: recruitment, downsizing or development; one contact with an employer is one notice.

Words and codes: reference of the domain, parts 1.6 (needs), 1.2 (channels), 2.2 (downsizing), 6 (outside formats).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from schemas.base import Day, Door, FoundingDay, Moment
from schemas.count import UNKNOWN, People
from schemas.ids import AgencyId, AreaCode, BusinessId, IscoCode, NeedCode
from schemas.offering import Segment

Kind = Literal["recruitment", "downsizing", "development"]
Line = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=8_000)]
SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]*$", max_length=120)]
"""The system of the sender in which a notice has its id."""
Reference = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


Channel = Literal[
    "web-te-palvelut", "passari", "open-form", "phone", "phone-yrityssuomi", "email", "visit", "survey",
    "job-market-finland", "feed", "partner-system", "official-notice", "media", "register", "other",
]  # fmt: skip


IndustryCode = Annotated[str, StringConstraints(pattern=r"^([0-9]{2}(\.?[0-9]{1,3}){0,2}|[A-V])$", max_length=8)]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Stage = Literal["early-signal", "negotiations", "decision", "dismissals", "closed", "withdrawn"]
"""How far a downsizing has come."""


class Industry(Door):
    """Industry with its edition: the letters and many codes moved between TOL 2008 and TOL 2025."""

    code: IndustryCode
    edition: Literal["TOL2008", "TOL2025", "NACE2", "NACE2.1", "NAICS", "SIC", "other"]


class ForeignNumber(Door):
    """The number of an employer in the register of another country, without blanks: `se` and `123456-7897`.

    Of Sweden, Norway, Denmark and Estonia it is the register number, or the VAT number or EUID that holds it; its check digit is
    tested, and each of them is the same employer. For other countries the number counts as it is written, small letters as great.
    """

    country: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    number: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]


class GroupHead(Door):
    """The company at the head of a group of companies (konserni), by its Business ID or another country's number."""

    business_id: BusinessId | None = None
    foreign: ForeignNumber | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.business_id is None) == (self.foreign is None):
            raise ValueError("the head of a group is named by exactly one of business_id, foreign")
        return self


class Employer(Door):
    """Who the notice is about, named by exactly one of: Business ID, another country's number, a referral number.

    A starter or household has a referral number that its author holds, and no name (they count as personal data). `group`: the
    head of the group of companies to which the employer belongs; an employer that is the head itself names none.
    """

    business_id: BusinessId | None = None
    foreign: ForeignNumber | None = None
    referral_number: Reference | None = None
    kind: Literal["company", "organisation", "public", "starter", "household"] = "company"
    name: Line | None = None
    group: GroupHead | None = None
    industry: Industry | None = None
    segment: Segment | None = None
    legal_form: Line | None = None
    headcount: People = UNKNOWN
    founded_on: FoundingDay | None = None
    growth_plans: bool | None = None
    in_difficulty: bool | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        named = [self.business_id, self.foreign, self.referral_number]
        if sum(name is not None for name in named) != 1:
            raise ValueError("an employer is named by exactly one of business_id, foreign, referral_number")
        if self.kind in ("starter", "household") and (self.name or self.group):
            raise ValueError("a starter or household travels without a name, and is in no group")
        if self.referral_number and self.kind not in ("starter", "household"):
            raise ValueError("only a starter or household travels under a referral number")
        return self


class Workplace(Door):
    """Where it happens: the municipality (or the closest area known) and how many people work there."""

    area: AreaCode
    name: Line | None = None
    headcount: People = UNKNOWN


class Need(Door):
    """What the employer needs, with priority 1 (most urgent) to 5 where a development survey gave one."""

    code: NeedCode
    priority: Annotated[int, Field(ge=1, le=5, strict=True)] | None = None
    detail: Text | None = None


class Consent(Door):
    """The employer's consent to pass on an early signal: who gave it (a role, no name), when, how far it reaches."""

    given_by_role: Line
    given_on: Day
    scope: Literal["own-authority", "tem-group", "all"]
    withdrawn_on: Day | None = None


class Access(Door):
    """Who may see it: `open` to agencies, `restricted` to responsible authorities, `embargoed` until a time or event."""

    level: Literal["open", "restricted", "embargoed"] = "open"
    until: Moment | None = None
    until_event: Line | None = None
    consent: Consent | None = None

    @model_validator(mode="after")
    def _embargo_ends(self) -> Self:
        ends = (self.until is not None) + (self.until_event is not None)
        if (self.level == "embargoed") != (ends == 1):
            raise ValueError("an embargoed notice names until or until_event, and no other access level does")
        return self


class ForeignReference(Door):
    """The notice's number in another system (`ura_assignment`, `job_market_finland`), kept as a reference only."""

    system: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.-]+$", max_length=60)]
    value: Reference


class _Common(Door):
    id: Reference
    source: SourceName
    employer: Employer
    workplaces: Annotated[tuple[Workplace, ...], Field(min_length=1, max_length=200)]
    needs: Annotated[tuple[Need, ...], Field(max_length=30)] = ()
    channel: Channel = "other"
    noted_on: Day | None = None
    significant: bool | None = None
    access: Access = Access()
    basis: Line | None = None
    references: Annotated[tuple[ForeignReference, ...], Field(max_length=20)] = ()
    diary_number: Reference | None = None
    language: LanguageCode = "fi"
    on_behalf_of: AgencyId | None = None
    historic: bool = False
    text: Text | None = None


class Occupation(Door):
    """An occupation by ISCO-08, with a count where known."""

    isco: IscoCode
    title: Line | None = None
    count: People = UNKNOWN


class RecruitmentNotice(_Common):
    """An employer hires: how many, what for, where, when, and in which ways the assignment is carried out."""

    kind: Literal["recruitment"]
    posts: People = UNKNOWN
    occupations: Annotated[tuple[Occupation, ...], Field(max_length=100)] = ()
    starts_on: Day | None = None
    application_closes_on: Day | None = None
    fulfilment: Annotated[
        tuple[
            Literal["self-service", "web-notice", "cv-search", "candidates", "job-offers", "external-site", "event"],
            ...,
        ],
        Field(max_length=7),
    ] = ()
    hard_to_fill: bool | None = None
    pay_subsidy: bool | None = None
    international: bool | None = None
    eures: bool | None = None
    entrepreneur_posts: bool | None = None
    tailored: bool | None = None
    trainable: bool | None = None


class Reduction(Door):
    """One measure of a downsizing: what, how many are planned or decided, for whom, where, for how long."""

    measure: Literal["dismissal", "layoff", "part-time", "term-change"]
    planned: People = UNKNOWN
    final: People | None = None
    staff_group: Line | None = None
    occupations: Annotated[tuple[Occupation, ...], Field(max_length=100)] = ()
    area: AreaCode | None = None
    duration_days: Annotated[int, Field(ge=1, le=3_650, strict=True)] | None = None


class EndDate(Door):
    """When employment ends, and for how many."""

    on: Day
    count: People = UNKNOWN


class HomeCount(Door):
    """How many of the people live in an area; they register with the authority of their home municipality."""

    area: AreaCode
    count: People


class DownsizingNotice(_Common):
    """An employer reduces staff, from an early signal to the dismissals (domain 2.2)."""

    kind: Literal["downsizing"]
    stage: Stage
    measures: Annotated[tuple[Reduction, ...], Field(max_length=100)] = ()
    grounds: Text | None = None
    proposal_given_on: Day | None = None
    talks_start_on: Day | None = None
    authority_notified_on: Day | None = None
    end_dates: Annotated[tuple[EndDate, ...], Field(max_length=100)] = ()
    homes: Annotated[tuple[HomeCount, ...], Field(max_length=400)] = ()
    over_55_count: People = UNKNOWN
    bankruptcy: bool = False
    closure: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.proposal_given_on and self.talks_start_on and self.proposal_given_on > self.talks_start_on:
            raise ValueError("proposal_given_on lies after talks_start_on")
        if self.talks_start_on and any(end.on < self.talks_start_on for end in self.end_dates):
            raise ValueError("an end date lies before talks_start_on")
        return self


class DevelopmentNotice(_Common):
    """An employer develops staff or business, starts, expands, moves or changes hands."""

    kind: Literal["development"]
    subject: Literal["staff", "business", "starting", "expansion", "location", "ownership-change"]
    people: People = UNKNOWN
    skills: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    occupations: Annotated[tuple[Occupation, ...], Field(max_length=100)] = ()
    starts_on: Day | None = None
    investment_eur: Annotated[int, Field(ge=0, le=10**12, strict=True)] | None = None
    international: bool | None = None
    survey_done: bool | None = None


Notice = Annotated[RecruitmentNotice | DownsizingNotice | DevelopmentNotice, Field(discriminator="kind")]
NOTICE: TypeAdapter[RecruitmentNotice | DownsizingNotice | DevelopmentNotice] = TypeAdapter(Notice)

NEEDS: dict[str, Kind] = {
    "N_RECRUIT": "recruitment", "N_RECRUIT_LARGE": "recruitment", "N_RECRUIT_HARD": "recruitment",
    "N_RECRUIT_INTL": "recruitment", "N_TAILORED_JOB": "recruitment",
    "N_STAFF_DEV": "development", "N_BUSINESS_DEV": "development", "N_PREMISES": "development",
    "N_INVEST": "development", "N_RND": "development", "N_INTERNATIONAL": "development",
    "N_EMPLOYER_IMAGE": "development", "N_LEADERSHIP": "development", "N_WELLBEING": "development",
    "N_EXPANSION": "development", "N_LOCATION": "development", "N_START": "development",
    "N_TAKEOVER": "development", "N_FUNDING": "development",
    "N_REDUCE": "downsizing", "N_NEGOTIATIONS": "downsizing", "N_STRUCTURAL": "downsizing",
}  # fmt: skip
"""The needs that the seed names (domain 1.6), with the kind of notice in which each is at home."""
