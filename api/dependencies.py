"""The words that endpoints use for what they are given: who calls, where to publish, what to read from.

What only hands over is `async`, so that no thread is taken for it; what may ask a database or a broker is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api.acting import Acting
from api.backlog import Backlog
from api.confirming import Confirming
from api.door import Door
from api.errors import trace_of
from api.events import Streams
from api.metrics import Metrics
from api.partnering import Partnering
from api.subscribing import Subscribing
from hub.core.networks import Network
from hub.mail_ports import Mailboxes
from hub.partner_ports import Keys
from hub.ports import Endpoints, Posting, Reading
from hub.replays import Replays
from schemas.errors import Finding, Misconfigured, Refusal, Unknown

Check = Callable[[], str | None]
"""None when all is well, else what is missing."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Endpoints, what calls one to try it out, and the networks that are opened for them."""

    endpoints: Endpoints
    posting: Posting
    opened: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True)
class MailParts:
    """Agencies' addresses, and the secret of tokens in links of mails."""

    boxes: Mailboxes
    secret: bytes


@dataclass(frozen=True, slots=True)
class ReplayParts:
    """Replays of endpoints, and how many events a second one may tell at the most."""

    store: Replays
    fastest: int = 50


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
    webhooks: Webhooks
    acting: Acting | None
    partners: Partnering | None
    mail: MailParts | None
    now: Callable[[], datetime]
    replays: ReplayParts | None = None
    confirming: Confirming | None = None


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


async def _webhooks(given: TheParts) -> Webhooks:
    return given.webhooks


async def _posting(given: TheParts) -> Posting:
    return given.webhooks.posting


async def _mail(given: TheParts) -> MailParts:
    if given.mail is None:
        raise Unknown("this hub sends no mail: its operator has set no mail server (HUB_MAIL__HOST)")
    return given.mail


async def _now(given: TheParts) -> Callable[[], datetime]:
    return given.now


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


def check_area(given: Parts, area: str | None) -> None:
    """Refusal of an area that the registry does not know: to find nothing there would look like an answer.

    One that is no more may be asked for: notices from before name it.
    """
    if area is None or given.subscribing is None or area in given.subscribing.registry().areas:
        return
    advice = "the registry does not know this area; a municipality has three digits, as fi:kunta:005"
    raise Refusal("There is no such area", (Finding(rule="unknown-area", place="/query/area", message=advice),))


def replays_of(given: Parts) -> ReplayParts:
    """What the application knows of replays. Misconfigured where it was given nothing."""
    if given.replays is None:
        raise Misconfigured("this process was given no replays")
    return given.replays


def confirming_of(given: Parts) -> Confirming:
    """What the application knows of what was confirmed. Misconfigured where it was given nothing."""
    if given.confirming is None:
        raise Misconfigured("this process was not told how far channels are")
    return given.confirming


async def _subscribing(given: TheParts) -> Subscribing:
    return subscribing_of(given)


Subscribed = Annotated[Subscribing, Depends(_subscribing)]
"""Subscriptions, with the outboxes that they are matched against."""

EndpointStore = Annotated[Webhooks, Depends(_webhooks)]
"""Agencies' endpoints, and which networks they may be in."""

Sender = Annotated[Posting, Depends(_posting)]
"""Calls an endpoint, once."""


async def _keys(given: TheParts) -> Keys:
    return given.keys


async def _partners(given: TheParts) -> Partnering:
    if given.partners is None:
        raise Misconfigured("this process was given no partners")
    return given.partners


KeyStore = Annotated[Keys, Depends(_keys)]
"""API keys."""

ThePartners = Annotated[Partnering, Depends(_partners)]
"""Partners, and what judges their test messages."""
TheMail = Annotated[MailParts, Depends(_mail)]
"""Agencies' addresses; Unknown where the hub sends no mail."""

Now = Annotated[Callable[[], datetime], Depends(_now)]
"""The clock."""


async def _trace_id(request: Request) -> str:
    return trace_of(request)


TraceId = Annotated[str, Depends(_trace_id)]
