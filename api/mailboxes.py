"""Mail: an agency's own addresses. Docs for who receives: docs/mail.md."""

from datetime import time
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field, model_validator

from api.answers import Listing
from api.auth import MayManage, MayRead
from api.bodies import SmallBody
from api.dependencies import TheMail, TheParts, subscribing_of
from api.describing import MAILBOX_CHANGE_REQUEST, MAILBOX_PROBLEMS, MAILBOX_REQUEST, READ_PROBLEMS
from api.queries import EachOnce, NoQuery, Paging
from api.reading import read_body
from hub.core.mail import writing
from hub.core.mail.writing import WEEKDAYS, Language, Weekday, Writing, address_findings
from hub.mail_ports import Gets, MailboxInfo
from schemas.base import Door, Inside, Moment

router = APIRouter(prefix="/v1/mailboxes", tags=["mail"], dependencies=[EachOnce])
MailboxPath = Annotated[str, Path(pattern=r"^mb_[0-9a-f]{16}$", description="The address's id.")]
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Digest(Door):
    """When what has gathered goes: `at` a time of day (Finnish time), or `each_hours` counted from midnight; one of the two."""

    at: str | None = Field(default=None, pattern=_TIME, examples=["07:30"])
    each_hours: int | None = Field(default=None, ge=1, le=12)
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)] = WEEKDAYS

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "Digest":
        if (self.at is None) == (self.each_hours is None):
            raise ValueError("a digest names at (such as 07:30) or each_hours, and not both")
        return self

    def meant(self) -> writing.Digest:
        """As the rules have it."""
        at = time.fromisoformat(self.at) if self.at else None
        return writing.Digest(at, self.each_hours, tuple(day for day in WEEKDAYS if day in self.weekdays))


class NewMailbox(Door):
    """Where to write, of what, in which language; with a digest, what has gathered at its times, else each step by itself."""

    address: str
    gets: Gets = "notices"
    language: Language = "fi"
    digest: Digest | None = None
    subscription: UUID | None = Field(default=None, description="One of yours: it is told what goes to that alone.")

    @model_validator(mode="after")
    def _warnings_come_by_themselves(self) -> "NewMailbox":
        if self.gets == "warnings" and (self.digest or self.subscription):
            raise ValueError("warnings come one by one, as they are: leave out digest and subscription")
        return self


class MailboxChange(Door):
    """What is to be another way; what is left out stays. `"digest": null`: each step by itself from now on."""

    language: Language | None = None
    digest: Digest | None = None
    state: Literal["paused"] | None = None


class DigestTold(Inside):
    """When digests go."""

    at: str | None
    each_hours: int | None
    weekdays: list[Weekday]


class MailboxTold(Inside):
    """An address as its agency sees it. `state` is `new` until whoever reads mail there has confirmed it."""

    id: str
    address: str
    gets: Gets
    language: Language
    digest: DigestTold | None
    subscription: str | None
    state: Literal["new", "active", "paused", "closed"]
    why: str | None = Field(description="The code of why it is paused or closed.")
    since: Moment = Field(description="Since when it is in that state.")
    made: Moment = Field(description="Since when it is told what comes; until it is confirmed, when it was registered.")
    failures: int = Field(description="Attempts in a row that failed.")
    failing_since: Moment | None
    waiting: int = Field(description="Events that wait for a digest, or to be tried again.")


class MailboxList(Inside):
    """All addresses that are not closed, oldest first."""

    items: list[MailboxTold]


@router.post(
    "",
    status_code=201,
    operation_id="add_mailbox",
    summary="Register an address",
    response_description="It is told nothing yet: a mail to confirm it is on its way there.",
    responses=MAILBOX_PROBLEMS,
    openapi_extra=MAILBOX_REQUEST,
)
def add_mailbox(
    caller: MayManage, body: SmallBody, given: TheParts, mail: TheMail, _: Annotated[NoQuery, Query()]
) -> MailboxTold:
    """The hub sends a link there; once somebody has followed it, what comes into your outbox is told by mail.

    Mail is no secure channel: what is not open, or about a person, comes without content. A layoff alert waits for no digest.
    """
    new = read_body(NewMailbox, body.content, lambda said: address_findings(said.address))
    chosen = None if new.subscription is None else str(new.subscription)
    if chosen is not None:
        subscribing_of(given).filter_of(caller.agency, chosen)
    written = Writing(new.address, new.language, _meant(new.digest))
    return _told(mail.boxes.add(caller.agency, new.gets, written, chosen))


@router.get("", operation_id="list_mailboxes", summary="List your addresses", responses=READ_PROBLEMS)
def list_mailboxes(caller: MayRead, mail: TheMail, _: Annotated[NoQuery, Query()]) -> MailboxList:
    """All that are not closed, oldest first, with how each does."""
    return MailboxList(items=[_told(info) for info in mail.boxes.of(caller.agency)])


@router.get("/{mailbox}", operation_id="get_mailbox", summary="See an address", responses=READ_PROBLEMS)
def get_mailbox(mailbox: MailboxPath, caller: MayRead, mail: TheMail, _: Annotated[NoQuery, Query()]) -> MailboxTold:
    """How it is set up and how it does."""
    return _told(mail.boxes.get(caller.agency, mailbox))


@router.patch(
    "/{mailbox}",
    operation_id="change_mailbox",
    summary="Change or pause an address",
    responses=MAILBOX_PROBLEMS,
    openapi_extra=MAILBOX_CHANGE_REQUEST,
)
def change_mailbox(
    mailbox: MailboxPath, caller: MayManage, body: SmallBody, mail: TheMail, _: Annotated[NoQuery, Query()]
) -> MailboxTold:
    """Another language or digest, from the next mail on; or `"state": "paused"`: then what comes waits until it is resumed."""
    change = read_body(MailboxChange, body.content, lambda _: ())
    info = mail.boxes.get(caller.agency, mailbox)
    said = change.model_fields_set
    digest = _meant(change.digest) if "digest" in said else info.writing.digest
    written = Writing(info.writing.address, change.language or info.writing.language, digest)
    if said & {"language", "digest"}:
        info = mail.boxes.change(caller.agency, mailbox, written)
    if change.state == "paused" and info.told.state != "paused":
        info = mail.boxes.pause(caller.agency, mailbox)
    return _told(info)


@router.delete(
    "/{mailbox}", status_code=204, operation_id="close_mailbox", summary="Remove an address", responses=MAILBOX_PROBLEMS
)
def close_mailbox(mailbox: MailboxPath, caller: MayManage, mail: TheMail, _: Annotated[NoQuery, Query()]) -> None:
    """Nothing is sent to it any more, for good. Its attempts can be read for 90 days."""
    mail.boxes.close(caller.agency, mailbox)


@router.post("/{mailbox}/resume", operation_id="resume_mailbox", summary="Resume an address", responses=MAILBOX_PROBLEMS)
def resume_mailbox(mailbox: MailboxPath, caller: MayManage, mail: TheMail, _: Annotated[NoQuery, Query()]) -> MailboxTold:
    """It is told on from where it stopped; what failed before has all its time again."""
    return _told(mail.boxes.resume(caller.agency, mailbox))


@router.get("/{mailbox}/attempts", operation_id="list_mails", summary="See what was sent to an address", responses=READ_PROBLEMS)
def list_mails(mailbox: MailboxPath, caller: MayRead, mail: TheMail, query: Annotated[Paging, Query()]) -> Listing:
    """Each attempt of the last 90 days and what came of it, newest first; one for each event, also of those in a digest."""
    page = mail.boxes.attempts(caller.agency, mailbox, query.cursor, query.limit)
    return Listing(items=page.items, next=page.next)


def _meant(said: Digest | None) -> writing.Digest | None:
    return None if said is None else said.meant()


def _told(info: MailboxInfo) -> MailboxTold:
    told: dict[str, Any] = {name: getattr(info.told, name) for name in MailboxTold.model_fields if hasattr(info.told, name)}
    written = info.writing
    digest = written.digest
    when = digest and DigestTold(
        at=digest.at and digest.at.isoformat("minutes"), each_hours=digest.each_hours, weekdays=list(digest.weekdays)
    )
    return MailboxTold(**told, address=written.address, gets=info.gets, language=written.language, digest=when)
