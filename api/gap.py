"""What was sent to an agency and what it has confirmed, channel by channel. Docs: docs/replay.md."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from api.answers import Listing
from api.auth import MayRead
from api.confirming import Confirming
from api.dependencies import Reader, TheParts, confirming_of
from api.describing import READ_PROBLEMS
from api.queries import EachOnce, FeedCursor, NoQuery
from hub.core.gap import Channel, Gap, Remark
from schemas.base import Inside, Moment
from schemas.errors import Unknown

router = APIRouter(prefix="/v1/gap", tags=["gap"], dependencies=[EachOnce])
_ADVICE: dict[Remark, str] = {
    "ahead": "the group has committed beyond the end of the outbox: it will miss what comes there; set it back to the end",
    "lost": "the outbox holds some of what was not confirmed no more: GET /v1/outbox?since=… gives what the feed has of it",
    "other-outbox": "the cursor is of an outbox that is no more: GET /v1/outbox with it says what is lost",
    "never-committed": "the group has committed nothing: after a restart it begins as its auto.offset.reset says",
    "stopped": "nobody is in the group at this moment",
    "paused": "it is paused: what comes waits; POST /v1/endpoints/{id}/resume, or /v1/mailboxes/{id}/resume of an address",
}


class Said(Inside):
    """Something odd about a channel, by a code, and what to do about it."""

    code: Remark
    advice: str


class GapTold(Inside):
    """One channel, and what of the outbox it has not confirmed."""

    channel: Channel
    name: str = Field(description="The endpoint, the consumer group, or the id of the key with `:feed` or `:stream`.")
    behind: int = Field(description="Places of the outbox that are not confirmed.")
    ahead: int = Field(description="Places beyond the end of the outbox that were confirmed all the same.")
    lost: int = Field(description="Places that were not confirmed and that the outbox holds no more.")
    counts: dict[str, int] = Field(description="Of an endpoint: events of the last 90 days by what has become of them.")
    oldest: Moment | None = Field(description="When the oldest that is not confirmed came; null where there is none.")
    noted: Moment | None = Field(description="Of feed and stream: when the place was noted, at the most once a minute.")
    remarks: list[Said]


class OutboxTold(Inside):
    """From where to where the outbox reaches on Kafka."""

    epoch: str | None
    first: int
    end: int


class GapList(Inside):
    """All channels by which the agency is told."""

    outbox: OutboxTold
    channels: list[GapTold]


class GapQuery(NoQuery):
    """Which channel, and which part of the list."""

    channel: str = Field(min_length=1, max_length=255, description="Its `name` in GET /v1/gap.")
    cursor: FeedCursor | None = Field(default=None, description="`next` of the part before; none = from the beginning.")
    limit: int = Field(default=50, ge=1, le=200)


@router.get("", operation_id="list_gaps", summary="See what each of your channels has confirmed", responses=READ_PROBLEMS)
def list_gaps(caller: MayRead, given: TheParts, _: Annotated[NoQuery, Query()]) -> GapList:
    """Endpoints by their answers, consumer groups by what they have committed, readers of feed and stream by their cursors.

    A cursor that the feed is asked with confirms what is before it; of a stream it is told up to where it was sent.
    """
    outbox, gaps = confirming_of(given).gaps(caller.agency)
    told = OutboxTold(epoch=outbox.epoch, first=outbox.first, end=outbox.end)
    return GapList(outbox=told, channels=[_told(gap) for gap in gaps])


@router.get("/events", operation_id="list_gap_events", summary="List what a channel has not confirmed", responses=READ_PROBLEMS)
def list_gap_events(caller: MayRead, given: TheParts, reading: Reader, query: Annotated[GapQuery, Query()]) -> Listing:
    """Events of your outbox that this channel has not confirmed, oldest first, without what they say.

    `state` is waiting, given-up or unread for an endpoint, and unconfirmed for the others. A part may be empty and not the last.
    """
    confirming = confirming_of(given)
    outbox, gaps = confirming.gaps(caller.agency)
    gap = next((gap for gap in gaps if gap.name == query.channel), None)
    if gap is None:
        raise Unknown("your agency has no such channel: GET /v1/gap tells their names")
    start = f"{outbox.epoch}.{gap.next - 1}" if gap.next else None
    if not gap.behind:
        return Listing(items=[], next=None)
    page = reading.outbox(caller.agency, query.cursor or start, query.limit)
    goes_on = page.next if page.next not in (None, query.cursor or start) else None
    return Listing(items=_open_of(confirming, gap, page.items), next=goes_on)


def _open_of(confirming: Confirming, gap: Gap, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("cursor", "id", "type", "time", "receipt", "step")
    states = confirming.states(gap, items)
    return [{name: item.get(name) for name in names} | {"state": states[item["id"]]} for item in items if item["id"] in states]


def _told(gap: Gap) -> GapTold:
    names = ("channel", "name", "behind", "ahead", "lost", "oldest", "noted")
    told = {name: getattr(gap, name) for name in names}
    remarks = [Said(code=code, advice=_ADVICE[code].format(id=gap.name)) for code in gap.remarks]
    return GapTold(**told, counts=dict(gap.counts), remarks=remarks)
