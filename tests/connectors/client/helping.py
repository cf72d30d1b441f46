"""What the client is tried on: the real API on a real socket, and what stands in an outbox."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from connectors.client import Event
from tests.api.conftest import AGENCY, Hub

SECONDS = 30.0


def an_event(number: int, step: int = 1, lane: str = "notice.recruitment", **changes: Any) -> dict[str, Any]:
    """A step of notice `number` as it stands in an outbox."""
    found = {
        "id": f"e-{number}-{step}-{lane}",
        "type": f"fi.employersituation.{lane}.v1",
        "time": "2026-11-25T09:30:00Z",
        "subject": "fi:9000000-3",
        "receipt": f"r-{number}",
        "step": step,
        "data": {"notice": {"id": f"R-{number}"}},
    }
    return found | changes


def deliver(hub: Hub, *events: dict[str, Any]) -> None:
    for event in events:
        hub.reading.deliver(AGENCY, event)


async def take(events: AsyncGenerator[Event, None], count: int, ack: bool = True, within: float = SECONDS) -> list[Event]:
    """The next so many; the subscription is over then."""
    found = list[Event]()
    async with asyncio.timeout(within), aclosing(events):
        async for event in events:  # a subscription, not a topic
            found.append(event)
            if ack:
                await event.ack()
            if len(found) == count:
                return found
    return found


def names(events: list[Event]) -> list[str]:
    return [event.id for event in events]


class Asked:
    """Put around an application: the requests that it was sent, each with its Last-Event-ID, and what answers `instead`."""

    def __init__(self, hub: Hub) -> None:
        self._app: Any = hub.app
        self.paths = list[str]()
        self.places = list[str]()
        self.instead: dict[str, Any] = {}
        hub.app = self  # type: ignore[assignment]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http":
            self.paths.append(path)
            self.places.append(dict(scope["headers"]).get(b"last-event-id", b"none").decode())
        await self.instead.get(path, self._app)(scope, receive, send)


def answering(status: int, body: bytes = b"", headers: tuple[tuple[bytes, bytes], ...] = ()) -> Any:
    """An application that always says the same."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def holding_back(scope: Any, receive: Any, send: Any) -> None:
    """Something in between that waits for the end of an answer that has none."""
    while (await receive())["type"] != "http.disconnect":
        pass
