"""`hub tail` through the API: an agency's outbox as it comes, by the client that partners use."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from connectors.client import Event, HubClient, HubProblem
from hub.commands.connecting import key_for
from hub.trials.client import address
from hub.wiring import Wiring
from schemas.errors import HubError, NotPermitted, NotReady, Unauthenticated, Unknown
from schemas.wire import TYPE_ROOT

LABEL = "hub tail"
_ERRORS: dict[int, type[HubError]] = {401: Unauthenticated, 403: NotPermitted, 404: Unknown}


@dataclass(frozen=True, slots=True)
class Begun:
    """What is followed, and from where on; neither `since` nor `from_start`: from now on."""

    subscription: str | None
    since: datetime | None
    from_start: bool


def tail_by_api(wiring: Wiring, agency: str | None, key: str | None, begun: Begun, limit: int | None) -> None:
    """Line by line, until ended."""
    url = address(wiring.settings)
    with key_for(wiring, url, agency, key, LABEL) as found, HubClient(url, found) as client:
        try:
            asyncio.run(_follow(client, begun, limit))
        except HubProblem as problem:
            raise _ERRORS.get(problem.status, NotReady)(problem.detail) from problem


async def _follow(client: HubClient, begun: Begun, limit: int | None) -> None:
    since = begun.since.replace(tzinfo=begun.since.tzinfo or UTC) if begun.since else None
    if since is None and not begun.from_start:
        since = datetime.now(UTC)
    told = 0
    async with aclosing(client.subscribe(subscription=begun.subscription, since=since)) as following:
        async for event in following:
            typer.echo(line_of(event))
            told += 1
            if told == limit:
                return


def line_of(event: Event) -> str:
    """An event in one line."""
    kind = event.type.removeprefix(f"{TYPE_ROOT}.").rpartition(".v")
    return f"{event.time}  {kind[0] or kind[2]:22} {event.subject or '-':16} step {event.step}  {event.receipt or '-'}"
