"""Root of the API: puts the parts together. Adapters arrive ready; whoever made them closes them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import (
    acknowledgements,
    bulk,
    employers,
    endpoints,
    gap,
    health,
    keys,
    mail_links,
    mailboxes,
    notices,
    outbox,
    pages,
    partner,
    refused,
    replays,
    subscriptions,
)
from api.acting import Acting
from api.backlog import Backlog
from api.confirming import Confirming
from api.dependencies import Check, MailParts, Parts, ReplayParts, Webhooks
from api.document import describe
from api.door import AT_ONCE, Door
from api.errors import on_http_error, on_hub_error, on_invalid
from api.events import Streams
from api.metrics import Metrics
from api.middleware import Outermost
from api.partnering import Partnering
from api.subscribing import Subscribing
from hub.partner_ports import Keys
from hub.ports import Publisher, Reading
from schemas.errors import HubError
from schemas.topics import RECEIVED, Topic

ROUTERS = (
    *(notices.router, acknowledgements.router, bulk.router, employers.router, outbox.router, subscriptions.router),
    *(endpoints.router, replays.router, gap.router, mailboxes.router, mail_links.router, partner.router, keys.router),
    *(refused.router, health.router, pages.router),
)
_READERS = 32
SERVING: dict[str, Any] = {"access_log": False, "server_header": False, "timeout_graceful_shutdown": 15}
"""How uvicorn has to serve it: its own access log would keep what people search for."""


def create_app(
    publisher: Publisher,
    keys: Keys,
    reading: Reading,
    webhooks: Webhooks,
    name: Callable[[Topic], str] = lambda topic: topic.name,
    *,
    checks: Mapping[str, Check] | None = None,
    backlog: Callable[[], int] | None = None,
    streams: Streams | None = None,
    subscribing: Subscribing | None = None,
    acting: Acting | None = None,
    partners: Partnering | None = None,
    mail: MailParts | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    replaying: ReplayParts | None = None,
    confirming: Confirming | None = None,
) -> FastAPI:
    """The application. `name` gives a topic's name on the broker; `checks` are asked by /readyz beside the views;
    `backlog` says how many submissions wait for intake (bulk doors close while it is high); `streams` are told to end when the
    server stops; without `subscribing` nobody can subscribe, without `acting` nobody speaks for another one or by X-Road, without
    `partners` nobody can test, without `mail` nobody is told by mail, without `replaying` nobody is told again, without
    `confirming` nobody sees what was confirmed.
    """
    metrics = Metrics()
    metrics.watch(reading.behind)
    app = FastAPI(
        title=pages.TITLE,
        version=version("employer-situation-hub"),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.parts = Parts(
        door=Door(publisher, name(RECEIVED), now, metrics, acting),
        keys=keys,
        reading=reading,
        metrics=metrics,
        checks={"views": reading.ready, **(checks or {})},
        backlog=Backlog(backlog),
        streams=streams or Streams(),
        subscribing=subscribing,
        webhooks=webhooks,
        acting=acting,
        partners=partners,
        mail=mail,
        now=now,
        replays=replaying,
        confirming=confirming,
    )
    _answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    describe(app, name)
    app.add_middleware(Outermost, metrics=metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """More threads than may wait for the broker: reads and health go on while Kafka is away."""
    current_default_thread_limiter().total_tokens = AT_ONCE + _READERS
    yield


def _answer_errors(app: FastAPI) -> None:
    app.add_exception_handler(HubError, on_hub_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
