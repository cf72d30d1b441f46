"""The words that endpoints use for what they are given: who calls, where to publish, what to read from.

What only hands over is `async`, so that no thread is taken for it; what may ask a database or a broker is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.backlog import Backlog
from api.door import Door
from api.errors import trace_of
from api.events import Streams
from api.metrics import Metrics
from api.subscribing import Subscribing
from hub.ports import Keys, Reading
from schemas.errors import Misconfigured

Check = Callable[[], str | None]
"""None when all is well, else what is missing."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application was made from."""

    door: Door
    keys: Keys
    reading: Reading
    metrics: Metrics
    checks: Mapping[str, Check]
    backlog: Backlog
    streams: Streams
    subscribing: Subscribing | None


async def parts(request: Request) -> Parts:
    """The parts of the application that answers this request."""
    found = request.app.state.parts
    assert isinstance(found, Parts)  # noqa: S101 - Starlette's state has no types
    return found


TheParts = Annotated[Parts, Depends(parts)]


async def _door(given: TheParts) -> Door:
    return given.door


def _bulk_door(given: TheParts) -> Door:
    given.backlog.check()
    return given.door


async def _reading(given: TheParts) -> Reading:
    return given.reading


NoticePublisher = Annotated[Door, Depends(_door)]
"""Where submissions go; waits for the broker's confirmation."""

BulkDoor = Annotated[Door, Depends(_bulk_door)]
"""The same for many notices at once: closed while intake is far behind."""

Reader = Annotated[Reading, Depends(_reading)]
"""The read side; cuts again at each read."""


async def _streams(given: TheParts) -> Streams:
    return given.streams


OpenStreams = Annotated[Streams, Depends(_streams)]


def subscribing_of(given: Parts) -> Subscribing:
    """What the application knows of subscriptions. Misconfigured where it was given nothing."""
    if given.subscribing is None:
        raise Misconfigured("this process was given no subscriptions")
    return given.subscribing


async def _subscribing(given: TheParts) -> Subscribing:
    return subscribing_of(given)


Subscribed = Annotated[Subscribing, Depends(_subscribing)]
"""Subscriptions, with the outboxes that they are matched against."""


async def _trace_id(request: Request) -> str:
    return trace_of(request)


TraceId = Annotated[str, Depends(_trace_id)]
