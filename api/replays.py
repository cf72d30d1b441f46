"""Replays of an agency's endpoints. Docs for who receives: docs/replay.md."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from api.answers import LostTold
from api.auth import MayManage, MayRead
from api.bodies import SmallBody
from api.dependencies import Now, TheParts, replays_of
from api.describing import MANAGE_PROBLEMS, READ_PROBLEMS, REPLAY_REQUEST, REPLAYED
from api.endpoints import EndpointPath
from api.queries import EachOnce, NoQuery
from api.reading import read_body
from hub.core.replaying import ReplayState, wanted_findings
from hub.replays import Lost, ReplayInfo, Wanted
from schemas.base import Door, Inside, Moment

router = APIRouter(prefix="/v1/endpoints/{endpoint}/replays", tags=["endpoints"], dependencies=[EachOnce])
ReplayPath = Annotated[str, Path(pattern=r"^rp_[0-9a-f]{16}$", description="The replay's id.")]
USUAL = 10
"""Events a second, where the agency does not say how many and the hub allows as many."""


class NewReplay(Door):
    """What is to be told again: from a time on, from an event on, or one event alone. Give one of the three."""

    since: Moment | None = Field(default=None, description="All that came into your outbox at that moment or later.")
    from_event: str | None = Field(default=None, min_length=1, max_length=200, description="All from that event on, with it.")
    event: str | None = Field(default=None, min_length=1, max_length=200, description="That event alone.")
    per_second: int | None = Field(default=None, ge=1, description="Events a second at the most; the hub has an upper bound.")


class ReplayTold(Inside):
    """A replay: what was asked for, how far it is, and what was left out."""

    id: str
    endpoint: str
    since: Moment | None
    from_event: str | None
    event: str | None
    per_second: int
    state: ReplayState
    why: str | None = Field(description="Why it was canceled (asked, closed) or failed (the code of the last answer).")
    asked: Moment
    begun: Moment | None
    ended: Moment | None
    told: int = Field(description="Events that the endpoint took.")
    failed: int = Field(description="Events that it did not take in eight attempts.")
    left_out: dict[str, int] = Field(description="Events that were not told, by why: see docs/replay.md.")
    read: int = Field(description="Places in the outbox that are behind it.")
    total: int | None = Field(description="Places from its first to its last; null before it has begun.")
    lost: LostTold | None


class ReplayList(Inside):
    """All replays of the last 90 days, newest first."""

    items: list[ReplayTold]


@router.post(
    "",
    status_code=201,
    operation_id="ask_replay",
    summary="Have events told again",
    response_description="It begins when those before it are over.",
    responses=MANAGE_PROBLEMS | REPLAYED,
    openapi_extra=REPLAY_REQUEST,
)
def ask_replay(
    endpoint: EndpointPath,
    response: Response,
    caller: MayManage,
    body: SmallBody,
    given: TheParts,
    now: Now,
    _: Annotated[NoQuery, Query()],
) -> ReplayTold:
    """The endpoint is told again what came into your outbox from then on, under the same ids, marked by the attribute `replay`.

    Whatever is new goes before it. Of a notice only the newest step is told, and only what your agency may see today. One event
    asked for by itself is told whatever its step.
    """
    parts = replays_of(given)
    new = read_body(NewReplay, body.content, lambda said: wanted_findings(said.model_dump(), now(), parts.fastest))
    wanted = Wanted(new.since, new.event or new.from_event, alone=new.event is not None)
    info = parts.store.ask(caller.agency, endpoint, wanted, new.per_second or min(USUAL, parts.fastest), caller.key_id)
    response.headers["Location"] = f"/v1/endpoints/{endpoint}/replays/{info.id}"
    return _told(info)


@router.get("", operation_id="list_replays", summary="List an endpoint's replays", responses=READ_PROBLEMS)
def list_replays(endpoint: EndpointPath, caller: MayRead, given: TheParts, _: Annotated[NoQuery, Query()]) -> ReplayList:
    """All of the last 90 days, newest first."""
    return ReplayList(items=[_told(info) for info in replays_of(given).store.of(caller.agency, endpoint)])


@router.get("/{replay}", operation_id="get_replay", summary="See how far a replay is", responses=READ_PROBLEMS)
def get_replay(
    endpoint: EndpointPath, replay: ReplayPath, caller: MayRead, given: TheParts, _: Annotated[NoQuery, Query()]
) -> ReplayTold:
    """What was told, what was left out and why, what is still to come."""
    return _told(replays_of(given).store.get(caller.agency, endpoint, replay))


@router.delete("/{replay}", operation_id="cancel_replay", summary="Cancel a replay", responses=MANAGE_PROBLEMS)
def cancel_replay(
    endpoint: EndpointPath, replay: ReplayPath, caller: MayManage, given: TheParts, _: Annotated[NoQuery, Query()]
) -> ReplayTold:
    """Nothing more is told of it, within a second or two. What is over stays as it is."""
    return _told(replays_of(given).store.cancel(caller.agency, endpoint, replay, caller.key_id))


_ADVICE = "your outbox holds them no more; GET /v1/outbox?since={first} gives what the feed has of them"


def _told(info: ReplayInfo) -> ReplayTold:
    names = ("id", "endpoint", "per_second", "state", "why", "asked", "begun", "ended", "read", "total")
    told: dict[str, Any] = {name: getattr(info, name) for name in names}
    left_out = {name: count for name, count in info.counts.items() if name not in ("told", "failed")}
    wanted, lost = info.wanted, info.lost
    return ReplayTold(
        **told,
        since=wanted.since,
        from_event=None if wanted.alone else wanted.event,
        event=wanted.event if wanted.alone else None,
        told=info.counts.get("told", 0),
        failed=info.counts.get("failed", 0),
        left_out=left_out,
        lost=lost and lost_told(lost, _ADVICE),
    )


def lost_told(lost: Lost, advice: str) -> LostTold:
    """What is lost, and where it may be found."""
    first = lost.first.isoformat(timespec="seconds").replace("+00:00", "Z")
    return LostTold(count=lost.count, first=lost.first, last=lost.last, advice=advice.format(first=first))
