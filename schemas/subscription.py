"""A saved filter of an agency over the copies in its own outbox. Every clause that is given has to hold.

A clause is a set of alternatives, of which one is enough. A clause that is left out asks for nothing. What each clause looks
at stands in hub/core/subscriptions/told.py.
"""

from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints, model_validator

from schemas.agency import Names
from schemas.base import Door, Inside, Moment
from schemas.count import MOST_PEOPLE
from schemas.ids import AgencyId, AreaCode, IscoCode, NeedCode
from schemas.notice import IndustryCode, Kind, LanguageCode, Stage

Clause = Literal["kind", "stage", "area", "industry", "occupation", "size", "count", "need", "employer", "language"]
CLAUSES: tuple[Clause, ...] = get_args(Clause)

MOST_ALTERNATIVES = 100
"""Alternatives of one clause: more of them make a filter too costly."""
MOST_EMPLOYERS = 1_000
"""The same for the list of employers, of which a copy names one."""
MOST_SUBSCRIPTIONS = 200
"""Subscriptions of one agency at one time."""

MOST_PREVIEWED = 500
"""Events of its outbox on which an agency may try a filter."""

EmployerName = Annotated[
    str, StringConstraints(pattern=r"^([0-9]{7}-[0-9]|([a-z]{2}|ref):[A-Za-z0-9][A-Za-z0-9:._-]*)$", max_length=120)
]
"""A Business ID, or an employer's key: `0112038-9`, `fi:0112038-9`, `se:123456-7897`, `ref:ta-39:S-17`."""

_End = Annotated[int, Field(ge=0, le=MOST_PEOPLE, strict=True)]


class Between(Door):
    """A range of people; both ends count, one may be left out. `unknown`: whether a number that nobody told matches too."""

    least: _End | None = None
    most: _End | None = None
    unknown: bool = True

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.least is None and self.most is None:
            raise ValueError("a range gives least, most, or both")
        return self


def _at_most(number: int) -> dict[str, JsonValue]:
    """Shown in the document; which clause has too many is said with everything else that is wrong with a filter."""
    return {"maxItems": number}


_SOME = Field(min_length=1, json_schema_extra=_at_most(MOST_ALTERNATIVES))
_EMPLOYERS = Field(min_length=1, json_schema_extra=_at_most(MOST_EMPLOYERS))


class Filter(Door):
    """What an agency asks for; without any clause, everything in its outbox.

    `industry` and `occupation` are codes of TOL 2025 and ISCO-08 of any length: each stands for all that begin with it.
    `area` stands for itself and all inside it. `size` is the headcount of the company, `count` the posts or people concerned.
    """

    kind: Annotated[tuple[Kind, ...], _SOME] | None = None
    stage: Annotated[tuple[Stage, ...], _SOME] | None = None
    area: Annotated[tuple[AreaCode, ...], _SOME] | None = None
    industry: Annotated[tuple[IndustryCode, ...], _SOME] | None = None
    occupation: Annotated[tuple[IscoCode, ...], _SOME] | None = None
    size: Annotated[tuple[Between, ...], _SOME] | None = None
    count: Annotated[tuple[Between, ...], _SOME] | None = None
    need: Annotated[tuple[NeedCode, ...], _SOME] | None = None
    employer: Annotated[tuple[EmployerName, ...], _EMPLOYERS] | None = None
    language: Annotated[tuple[LanguageCode, ...], _SOME] | None = None


LONGEST_NAME = 120
SubscriptionName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""How the agency calls a subscription; one of its subscriptions has that name."""


class NewSubscription(Door):
    """A subscription as an agency asks for it."""

    name: SubscriptionName
    filter: Filter


class ChangedFilter(Door):
    """What a subscription asks for from now on: the whole filter anew."""

    filter: Filter


class Previewed(Door):
    """What to try: a filter, or a subscription by its id; on how many of the last events, and why for one notice."""

    filter: Filter | None = None
    subscription: UUID | None = None
    last: Annotated[int, Field(ge=1, le=MOST_PREVIEWED, strict=True)] = 100
    receipt: UUID | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.filter is None) == (self.subscription is None):
            raise ValueError("give either a filter, or the id of a subscription")
        return self


class Subscription(Inside):
    """One version of a subscription. `filter` None: with this version it ended. `by` is who made the version."""

    id: str
    agency: AgencyId
    version: int
    name: str
    filter: Filter | None
    at: Moment
    by: str


Code = Literal["met", "may-be", "not-met", "not-told", "other-edition"]
"""`may-be`: a number that is not known exactly may lie in the range, which counts as met. `other-edition`: an industry by
another classification than TOL 2025."""


class Judged(Inside):
    """What one clause of a filter says of a copy."""

    clause: Clause
    met: bool
    code: Code
    words: Names


class Verdict(Inside):
    """Whether a copy goes to a subscription, and why, clause by clause.

    `had-before`: an earlier step of the notice went, so that every later one goes too. `no-content`: the copy only says that the
    notice was taken back or no longer concerns the agency, and no earlier step went.
    """

    matches: bool
    code: Literal["met", "had-before", "not-met", "no-content"]
    clauses: tuple[Judged, ...]
