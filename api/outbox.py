"""An agency's outbox in its order, for who reads neither Kafka nor webhooks: as a feed, or as a stream."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse

from api.answers import Feed
from api.auth import MayRead, StillMayRead
from api.dependencies import OpenStreams, Parts, Reader, TheParts, TraceId, replays_of, subscribing_of
from api.describing import READ_PROBLEMS, STREAM_ANSWER
from api.events import AT_ONCE, PAUSES, Outgoing
from api.queries import Beginning, EachOnce, FeedCursor, FeedQuery, StreamQuery
from api.replays import lost_told
from hub.ports import Page
from hub.replays import Lost, Wanted
from schemas.errors import NotPermitted

router = APIRouter(prefix="/v1/outbox", tags=["outbox"], dependencies=[EachOnce])
Look = Callable[[str | None, int], Page]
"""Reads a part of an outbox: cursor, and how many at the most."""


@router.get(
    "",
    operation_id="read_outbox",
    summary="Read your outbox in its order",
    responses=READ_PROBLEMS,
    response_model_exclude_unset=True,
)
async def read_outbox(
    request: Request,
    caller: MayRead,
    still_may_read: StillMayRead,
    reading: Reader,
    given: TheParts,
    query: Annotated[FeedQuery, Query()],
) -> Feed:
    """The CloudEvents for your agency, each already cut to what it may see, oldest first.

    Go on with `cursor` = `next`, which is given at the end too: there it stays the same. With `wait` the answer comes as
    soon as there is something new, or empty after that time. An event may come twice under one id; of a notice, the
    highest `step` counts.
    With `subscription` only what goes to it; the cursor is the outbox's own all the same, so that a part may be empty and `next`
    goes on. To which a step of a notice went, every later one goes, also one that takes the notice back.
    A cursor of an outbox that was made anew since is answered with 404, which says what is lost to it: begin without one.
    In place of a cursor, `since` or `from_event` begin at a moment or an event: that is how to read anything again.
    """
    if given.confirming is not None:
        await run_in_threadpool(given.confirming.read, caller, "feed", query.cursor)
    query, lost = await run_in_threadpool(begun, given, caller.agency, query)

    def look(cursor: str | None, limit: int) -> Page:
        agency = still_may_read().agency
        if query.subscription is not None:
            return subscribing_of(given).page(agency, str(query.subscription), cursor, limit)
        return reading.outbox(agency, cursor, limit)

    page = await _page_or_wait(request, look, query)
    told = {} if lost is None else {"lost": lost_told(lost, _LOST)}
    return Feed(items=page.items, next=_place_after(page, query.cursor), **told)


_LOST = "no outbox holds them any more; /v1/notices?received_from={first} finds what they are about"
Q = TypeVar("Q", bound=Beginning)


def begun(given: Parts, agency: str, query: Q) -> tuple[Q, Lost | None]:
    """The query with a cursor, whatever it begins with; and what is lost to it."""
    if query.since is None and query.from_event is None:
        return query, None
    cursor, lost = replays_of(given).store.cursor_before(agency, Wanted(query.since, query.from_event))
    return query.model_copy(update={"cursor": cursor}), lost


async def _place(caller: MayRead, streams: OpenStreams) -> AsyncIterator[None]:
    with streams.place(caller.agency):
        yield


LastEventId = Annotated[
    FeedCursor | None, Header(alias="Last-Event-ID", description="`id` of the last event that was read; counts before `cursor`.")
]


@router.get(
    "/stream",
    operation_id="follow_outbox",
    summary="Follow your outbox as it comes",
    response_class=StreamingResponse,
    responses=STREAM_ANSWER | READ_PROBLEMS,
    dependencies=[Depends(_place)],
)
async def follow_outbox(
    still_may_read: StillMayRead,
    given: TheParts,
    streams: OpenStreams,
    trace_id: TraceId,
    query: Annotated[StreamQuery, Query()],
    last_event_id: LastEventId = None,
) -> EventSourceResponse:
    """The same events as the feed's, in the same order, as server-sent events: `data` is an item of the feed, `id` its cursor.

    It begins after Last-Event-ID, else as the feed does. Where nothing comes there is a comment
    each 15 seconds. A stream ends when the hub is started again, after an hour, or with an event `problem`, whose data is a
    problem as any request would be answered with: open it again with the last `id` and nothing is missing. An event may come
    twice under one `id` of its data; of a notice, the highest `step` counts. An agency may have four streams open.
    """

    def look(cursor: str | None) -> Page:
        caller = still_may_read()
        if not given.reading.admits(caller.agency):
            raise NotPermitted("your agency is not in force today: it is told nothing")
        if given.confirming is not None:
            given.confirming.read(caller, "stream", cursor)
        if query.subscription is not None:
            return subscribing_of(given).page(caller.agency, str(query.subscription), cursor, AT_ONCE)
        return given.reading.outbox(caller.agency, cursor, AT_ONCE)

    def begin() -> tuple[str | None, Page]:
        cursor = last_event_id or begun(given, still_may_read().agency, query)[0].cursor
        return cursor, look(cursor)

    cursor, first = await run_in_threadpool(begin)
    outgoing = Outgoing(look, first, cursor, streams, trace_id)
    return EventSourceResponse(outgoing.lines(), headers={"X-Accel-Buffering": "no"})


async def _page_or_wait(request: Request, look: Look, query: FeedQuery) -> Page:
    """Threads are held for the look only, never for the wait: many agencies may wait at one time."""
    clock = asyncio.get_running_loop().time
    until, turn = clock() + query.wait, 0
    while True:
        page = await run_in_threadpool(look, query.cursor, query.limit)
        left = until - clock()
        moved = page.next not in (None, query.cursor)
        if page.items or moved or left <= 0 or await request.is_disconnected():
            return page
        await asyncio.sleep(min(left, PAUSES[min(turn, len(PAUSES) - 1)]))
        turn += 1


def _place_after(page: Page, cursor: str | None) -> str | None:
    """Where to go on: after the last item here, else where the caller stood."""
    if page.next is not None:
        return page.next
    last = page.items[-1].get("cursor") if page.items else None
    return last if isinstance(last, str) else cursor
