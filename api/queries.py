"""What may be asked for: every parameter is checked, an unknown or repeated one is refused, none is ever guessed."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from api.auth import CurrentCaller
from hub.core.masking import personal_codes
from hub.core.numbers import key_of
from hub.ports import Search
from schemas.base import Moment
from schemas.ids import AreaCode, EmployerKey
from schemas.notice import Kind, Stage

MOST = 200
LONGEST_WAIT = 20
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)")
_LARGEST_OFFSET = 2**63 - 1


def _instant(given: Any) -> Any:
    """Only RFC 3339 with an offset: pydantic alone would take a bare number for a time."""
    if not isinstance(given, str) or _INSTANT.fullmatch(given):
        return given
    if re.search(r":\d\d \d\d:\d\d$", given):
        raise ValueError("write the + of an offset as %2B in an address, or give the time in UTC with Z")
    raise ValueError("a time is written 2026-03-29T03:30:00Z, always with Z or an offset")


def _no_person(given: str) -> str:
    if not given.strip():
        raise ValueError("an empty text finds nothing: leave the parameter out to look for everything")
    if personal_codes(given):
        raise ValueError("a personal identity code stands here; nothing in the hub can be found by one")
    return given


def _within_reach(given: str) -> str:
    if int(given.rpartition(".")[2]) > _LARGEST_OFFSET:
        raise ValueError("there is no such offset")
    return given


Plain = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_no_person)
]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=600, pattern=r"^[A-Za-z0-9._~=:+/-]+$")]
FeedCursor = Annotated[
    str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9_-]{1,64}\.[0-9]{1,19}$"), AfterValidator(_within_reach)
]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
AnyKey = Annotated[EmployerKey, AfterValidator(key_of)]
"""An employer's key, its number written in any way: asked for is the one key that its notices have."""

Instant = Annotated[Moment, BeforeValidator(_instant)]


class NoQuery(BaseModel):
    """No parameters at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paging(NoQuery):
    """Which part of a list."""

    cursor: Cursor | None = Field(default=None, description="`next` of the part before; none = from the beginning.")
    limit: int = Field(default=50, ge=1, le=MOST, description=f"How many at the most, up to {MOST}.")


class TimelineQuery(Paging):
    """Which part of an employer's history."""

    area: AreaCode | None = Field(
        default=None,
        description="Only notices that name a place in this area: a municipality, a region, an employment area.",
        examples=["fi:kunta:837"],
    )


class SearchQuery(Paging):
    """What a notice has to be; everything given has to hold."""

    text: Plain | None = Field(default=None, description="Words that stand in the notice.", examples=["hitsaaja"])
    kind: Kind | None = Field(default=None, description="The kind of notice.")
    employer_key: AnyKey | None = Field(default=None, examples=["fi:9000000-3", "se:123456-7897"])
    group: AnyKey | None = Field(
        default=None,
        description="Key of a company: what concerns it, and every company whose notice names it as the head of its group.",
        examples=["fi:9000000-3"],
    )
    area: AreaCode | None = Field(default=None, examples=["fi:kunta:837"])
    stage: Stage | None = Field(default=None, description="The stage of a downsizing.", examples=["negotiations"])
    received_from: Instant | None = Field(default=None, description="Received at that moment or later; RFC 3339 with offset.")
    received_to: Instant | None = Field(default=None, description="Received before that moment; RFC 3339 with offset.")

    @model_validator(mode="after")
    def _in_order(self) -> "SearchQuery":
        if self.received_from and self.received_to and self.received_from > self.received_to:
            raise ValueError("received_from lies after received_to")
        return self

    def wanted(self) -> Search:
        """The search as the port takes it."""
        return Search(**self.model_dump(exclude={"cursor", "limit"}))


class Beginning(NoQuery):
    """From where to read an outbox: one of the three, or none for its start."""

    cursor: FeedCursor | None = Field(
        default=None, description="`next` of the part before, or `id` of the last event that was read: `<epoch>.<offset>`."
    )
    since: Instant | None = Field(default=None, description="What came at that moment or later; RFC 3339 with offset.")
    from_event: EventName | None = Field(default=None, description="From the event with this id on, with it.")

    @model_validator(mode="after")
    def _one_of_them(self) -> "Beginning":
        if sum(given is not None for given in (self.cursor, self.since, self.from_event)) > 1:
            raise ValueError("give one of cursor, since and from_event")
        return self


class FeedQuery(Beginning):
    """From where to read an outbox, and whether to wait for something new."""

    limit: int = Field(default=50, ge=1, le=MOST)
    subscription: UUID | None = Field(
        default=None, description="Only what goes to this subscription of your agency; a part may then be empty and not the last."
    )
    wait: int = Field(
        default=0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for something new where there is nothing yet."
    )


class StreamQuery(Beginning):
    """From where to follow an outbox, and what of it."""

    subscription: UUID | None = Field(default=None, description="Only what goes to this subscription of your agency.")


async def each_once(request: Request, _: CurrentCaller) -> None:
    """Refuse a parameter that is given twice, once it is known who asks: one of the two would be dropped without a word."""
    given = request.query_params
    for name in given:
        if len(given.getlist(name)) > 1:
            raise RequestValidationError([{"type": "repeated", "loc": ("query", name), "msg": "give this parameter once"}])


EachOnce = Depends(each_once)
SubscriptionPath = Annotated[UUID, Path(description="The id of a subscription of your agency.")]
ReceiptPath = Annotated[UUID, Path(description="The receipt that a notice was answered with.")]
EmployerPath = Annotated[
    AnyKey,
    Path(
        description="`fi:<Business ID>`, another country's number behind its code (`se:123456-7897`), or `ref:<agency>:<number>`."
    ),
]
