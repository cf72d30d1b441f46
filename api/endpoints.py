"""Webhooks: an agency's own endpoints. Docs for who receives: docs/webhooks.md."""

import asyncio
import secrets
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from api.answers import Listing
from api.auth import MayManage, MayRead
from api.bodies import SmallBody
from api.dependencies import EndpointStore, Now, Sender, TheParts, subscribing_of
from api.describing import ENDPOINT_CHANGE_REQUEST, ENDPOINT_REQUEST, MANAGE_PROBLEMS, READ_PROBLEMS
from api.queries import EachOnce, NoQuery, Paging
from api.reading import read_body
from hub.core.networks import url_findings
from hub.ports import Attempt, EndpointInfo, Mode, Told
from schemas.base import Door, Inside, Moment
from schemas.wire import HUB, type_of

router = APIRouter(prefix="/v1/endpoints", tags=["endpoints"], dependencies=[EachOnce])
EndpointPath = Annotated[str, Path(pattern=r"^ep_[0-9a-f]{16}$", description="The endpoint's id.")]
LONGEST_OVERLAP = 7 * 24


class NewEndpoint(Door):
    """Where to call, and how events are put into the request."""

    url: str
    mode: Mode = "structured"
    subscription: UUID | None = Field(default=None, description="One of yours: it is told what goes to that alone.")


class EndpointChange(Door):
    """What is to be another way; what is left out stays."""

    url: str | None = None
    mode: Mode | None = None
    state: Literal["paused"] | None = None


class Overlap(NoQuery):
    """For how long the secrets before go on signing."""

    overlap_hours: int = Field(default=24, ge=0, le=LONGEST_OVERLAP, description="0: the old secret is dead at once.")


class SecretShown(Inside):
    """A secret that signs, by its number; the secret itself is told once and never here."""

    number: int
    until: Moment | None = Field(description="Until when it signs; null: until it is rotated.")


class EndpointTold(Inside):
    """An endpoint as its agency sees it. `why`: the code of why it is paused or closed."""

    id: str
    url: str
    mode: Mode
    subscription: str | None
    state: Literal["active", "paused", "closed"]
    why: str | None
    since: Moment = Field(description="Since when it is in that state.")
    made: Moment
    failures: int = Field(description="Attempts in a row that failed.")
    failing_since: Moment | None
    waiting: int = Field(description="Events that were read for it and that it has not taken.")
    secrets: list[SecretShown]


class EndpointMade(EndpointTold):
    """An endpoint with its secret, which is told this once."""

    secret: str = Field(description="`whsec_` and base64: what signatures are checked by. It cannot be told again.")


class EndpointList(Inside):
    """All endpoints that are not closed, oldest first."""

    items: list[EndpointTold]


class Tested(Inside):
    """What came of a test event."""

    event_id: str
    outcome: Literal["delivered", "retry", "paused", "failed"]
    code: str
    words: str
    status: int | None
    milliseconds: int


@router.post(
    "",
    status_code=201,
    operation_id="add_endpoint",
    summary="Add an endpoint",
    response_description="It is told everything that comes from now on.",
    responses=MANAGE_PROBLEMS,
    openapi_extra=ENDPOINT_REQUEST,
)
def add_endpoint(
    response: Response, caller: MayManage, body: SmallBody, given: TheParts, _: Annotated[NoQuery, Query()]
) -> EndpointMade:
    """From now on the hub posts to that URL what comes into your outbox, signed by the secret in the answer.

    With a subscription, what goes to that alone; as long as it has ended, nothing is told and all waits.
    Keep the secret: it is told this once. Addresses are judged again at each connection.
    """
    store = given.webhooks
    new = read_body(NewEndpoint, body.content, lambda said: url_findings(said.url, store.opened))
    chosen = None if new.subscription is None else str(new.subscription)
    if chosen is not None:
        subscribing_of(given).filter_of(caller.agency, chosen)
    info, secret = store.endpoints.add(caller.agency, new.url, new.mode, chosen)
    response.headers["Cache-Control"] = "no-store"
    return EndpointMade(**_told(info), secret=secret)


@router.get("", operation_id="list_endpoints", summary="List your endpoints", responses=READ_PROBLEMS)
def list_endpoints(caller: MayRead, store: EndpointStore, _: Annotated[NoQuery, Query()]) -> EndpointList:
    """All that are not closed, oldest first, with how each does."""
    return EndpointList(items=[EndpointTold(**_told(info)) for info in store.endpoints.of(caller.agency)])


@router.get("/{endpoint}", operation_id="get_endpoint", summary="See an endpoint", responses=READ_PROBLEMS)
def get_endpoint(endpoint: EndpointPath, caller: MayRead, store: EndpointStore, _: Annotated[NoQuery, Query()]) -> EndpointTold:
    """How it is set up and how it does."""
    return EndpointTold(**_told(store.endpoints.get(caller.agency, endpoint)))


@router.patch(
    "/{endpoint}",
    operation_id="change_endpoint",
    summary="Change or pause an endpoint",
    responses=MANAGE_PROBLEMS,
    openapi_extra=ENDPOINT_CHANGE_REQUEST,
)
def change_endpoint(
    endpoint: EndpointPath, caller: MayManage, body: SmallBody, store: EndpointStore, _: Annotated[NoQuery, Query()]
) -> EndpointTold:
    """Another URL or mode, from the next attempt on; or `"state": "paused"`: then what comes waits until it is resumed."""
    change = read_body(EndpointChange, body.content, lambda said: url_findings(said.url, store.opened) if said.url else ())
    info = store.endpoints.change(caller.agency, endpoint, change.url, change.mode)
    if change.state == "paused" and info.state == "active":
        info = store.endpoints.pause(caller.agency, endpoint)
    return EndpointTold(**_told(info))


@router.delete(
    "/{endpoint}", status_code=204, operation_id="close_endpoint", summary="Close an endpoint", responses=MANAGE_PROBLEMS
)
def close_endpoint(endpoint: EndpointPath, caller: MayManage, store: EndpointStore, _: Annotated[NoQuery, Query()]) -> None:
    """It is told nothing any more, for good. Its attempts can be read for 90 days."""
    store.endpoints.close(caller.agency, endpoint)


@router.post("/{endpoint}/resume", operation_id="resume_endpoint", summary="Resume an endpoint", responses=MANAGE_PROBLEMS)
def resume_endpoint(
    endpoint: EndpointPath, caller: MayManage, store: EndpointStore, _: Annotated[NoQuery, Query()]
) -> EndpointTold:
    """It is told on from where it stopped; what failed before has all its time again."""
    return EndpointTold(**_told(store.endpoints.resume(caller.agency, endpoint)))


@router.post(
    "/{endpoint}/rotate", operation_id="rotate_secret", summary="Give an endpoint a new secret", responses=MANAGE_PROBLEMS
)
def rotate_secret(
    endpoint: EndpointPath, response: Response, caller: MayManage, store: EndpointStore, query: Annotated[Overlap, Query()]
) -> EndpointMade:
    """A new secret, told this once. While the overlap lasts each call is signed by the new one and by those before."""
    info, secret = store.endpoints.rotate(caller.agency, endpoint, timedelta(hours=query.overlap_hours))
    response.headers["Cache-Control"] = "no-store"
    return EndpointMade(**_told(info), secret=secret)


@router.post("/{endpoint}/test", operation_id="try_endpoint", summary="Try an endpoint out", responses=MANAGE_PROBLEMS)
async def try_endpoint(
    endpoint: EndpointPath,
    caller: MayManage,
    store: EndpointStore,
    sender: Sender,
    now: Now,
    _: Annotated[NoQuery, Query()],
) -> Tested:
    """Sends a test event now, paused or not, and tells what came back. It is no notice, and is not tried again."""
    target = await run_in_threadpool(store.endpoints.target, caller.agency, endpoint)
    began, clock = now(), asyncio.get_running_loop().time
    told, start = _test_event(endpoint, caller.agency, began.isoformat().replace("+00:00", "Z")), clock()
    answer = await sender.attempt(target, told, began)
    attempt, event_id = Attempt(began, round((clock() - start) * 1000), answer), told.attributes["id"]
    await run_in_threadpool(store.endpoints.tried, caller.agency, endpoint, event_id, attempt)
    return Tested(
        event_id=event_id,
        outcome=answer.outcome,
        code=answer.code,
        words=answer.words,
        status=answer.status,
        milliseconds=attempt.milliseconds,
    )


@router.get(
    "/{endpoint}/attempts", operation_id="list_attempts", summary="See what an endpoint was told", responses=READ_PROBLEMS
)
def list_attempts(endpoint: EndpointPath, caller: MayRead, store: EndpointStore, query: Annotated[Paging, Query()]) -> Listing:
    """Each call of the last 90 days and what came of it, newest first."""
    page = store.endpoints.attempts(caller.agency, endpoint, query.cursor, query.limit)
    return Listing(items=page.items, next=page.next)


def _told(info: EndpointInfo) -> dict[str, Any]:
    told = {name: getattr(info, name) for name in EndpointInfo.__slots__}
    return told | {"secrets": [SecretShown(number=number, until=until) for number, until in info.secrets.items()]}


def _test_event(endpoint: str, agency: str, time: str) -> Told:
    attributes = {
        "specversion": "1.0",
        "id": f"test-{secrets.token_hex(8)}",
        "type": type_of("endpoint", "test"),
        "source": HUB,
        "subject": endpoint,
        "time": time,
        "datacontenttype": "application/json",
    }
    return Told(attributes, {"test": True, "agency": agency, "endpoint": endpoint})
