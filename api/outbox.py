"""The feed: an agency's outbox in its order, for who reads neither Kafka nor webhooks."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from api.answers import Feed
from api.auth import MayRead
from api.dependencies import Reader
from api.describing import READ_PROBLEMS
from api.queries import EachOnce, FeedQuery
from hub.ports import Page, Reading

router = APIRouter(prefix="/v1/outbox", tags=["outbox"], dependencies=[EachOnce])
_PAUSES = (0.1, 0.2, 0.4, 0.7, 1.0)


@router.get(
    "",
    operation_id="read_outbox",
    summary="Read your outbox in its order",
    responses=READ_PROBLEMS,
)
async def read_outbox(request: Request, caller: MayRead, reading: Reader, query: Annotated[FeedQuery, Query()]) -> Feed:
    """The CloudEvents for your agency, each already cut to what it may see, oldest first.

    Go on with `cursor` = `next`, which is given at the end too: there it stays the same. With `wait` the answer comes as
    soon as there is something new, or empty after that time. An event may come twice under one id; of a notice, the
    highest `step` counts.
    A cursor of an outbox that was made anew since is answered with 404: begin again without one.
    """
    page = await _page_or_wait(request, reading, caller.agency, query)
    return Feed(items=page.items, next=_place_after(page, query.cursor))


async def _page_or_wait(request: Request, reading: Reading, agency: str, query: FeedQuery) -> Page:
    """Threads are held for the look only, never for the wait: many agencies may wait at one time."""
    clock = asyncio.get_running_loop().time
    until, turn = clock() + query.wait, 0
    while True:
        page = await run_in_threadpool(reading.outbox, agency, query.cursor, query.limit)
        left = until - clock()
        moved = page.next not in (None, query.cursor)
        if page.items or moved or left <= 0 or await request.is_disconnected():
            return page
        await asyncio.sleep(min(left, _PAUSES[min(turn, len(_PAUSES) - 1)]))
        turn += 1


def _place_after(page: Page, cursor: str | None) -> str | None:
    """Where to go on: after the last item here, else where the caller stood."""
    if page.next is not None:
        return page.next
    last = page.items[-1].get("cursor") if page.items else None
    return last if isinstance(last, str) else cursor
