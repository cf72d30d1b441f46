"""Reading an outbox on and on: as a stream where that goes, else page by page; over breaks, restarts and busy hubs."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx2

from connectors.client.connecting import Address, pauses
from connectors.client.problems import CursorLost, HubProblem, may_pass, problem_of, told_problem

LOG = logging.getLogger("hub.client")
STREAM, FEED = "/v1/outbox/stream", "/v1/outbox"
_LARGEST = 8 * 1024 * 1024
_FOR_EVER = float("inf")
_AFTER_NOTHING = 0.5
Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a subscriber is, in seconds. `stream`: whether streams are tried at all."""

    stream: bool = True
    silence: float = 45.0
    """A stream on which nothing comes for so long, not even a heartbeat, is broken."""

    feed_for: float = 60.0
    """For so long the feed is read where a stream could not be had."""

    wait: int = 20
    """The feed answers after so many seconds where there is nothing new."""


class Following:
    """One reader. `cursor` is where it stands: after the last item that it gave.

    `subscription`: only what goes to it. `since` (RFC 3339): where to begin while there is no cursor.
    """

    def __init__(
        self,
        address: Address,
        cursor: str | None,
        limits: Limits,
        subscription: str | None = None,
        since: str | None = None,
    ) -> None:
        self.cursor = cursor
        self._wanted = {} if subscription is None else {"subscription": subscription}
        self._since = {} if since is None else {"since": since}
        self._address = address
        self._limits = limits
        self._stream_from = 0.0 if limits.stream else _FOR_EVER
        self._pauses = pauses()

    async def items(self) -> AsyncGenerator[Item | None, None]:
        """For ever; None where the place has moved without an item. Raises what waiting does not mend."""
        async with httpx2.AsyncClient(**self._address.settings()) as http:
            while True:
                streams = asyncio.get_running_loop().time() >= self._stream_from
                given = 0
                try:
                    async with aclosing(self._by_stream(http) if streams else self._by_feed(http)) as items:
                        async for item in items:
                            given += 1
                            yield item
                    wait = 0.0 if given else _AFTER_NOTHING
                except (HubProblem, httpx2.TransportError) as error:
                    wait = self._pause_after(error, streams, given)
                if given:
                    self._pauses = pauses()
                await asyncio.sleep(wait)

    async def _by_stream(self, http: httpx2.AsyncClient) -> AsyncGenerator[Item | None, None]:
        """Until the stream ends."""
        headers = {} if self.cursor is None else {"Last-Event-ID": self.cursor}
        params = self._wanted | (self._since if self.cursor is None else {})
        timeout = httpx2.Timeout(self._limits.silence, connect=5.0)
        async with http.sse(STREAM, params=params, headers=headers, timeout=timeout, max_event_size=_LARGEST) as source:
            await _check(source.response)
            async for said in source:
                if said.event == "problem":
                    told = json.loads(said.data)
                    raise told_problem(told["status"], told, of_outbox=True)
                for item in self._moved(said.id or self.cursor, json.loads(said.data) if said.data else None):
                    yield item

    async def _by_feed(self, http: httpx2.AsyncClient) -> AsyncGenerator[Item | None, None]:
        """One page."""
        place = self._since if self.cursor is None else {"cursor": self.cursor}
        answer = await http.get(FEED, params={"wait": self._limits.wait, **self._wanted, **place})
        await _check(answer)
        page = answer.json()
        for item in page["items"]:
            for one in self._moved(item["cursor"], item):
                yield one
        for one in self._moved(page["next"], None):
            yield one

    def _moved(self, cursor: str | None, item: Item | None) -> Iterator[Item | None]:
        if item is not None or cursor not in (None, self.cursor):
            self.cursor = cursor
            yield item

    def _pause_after(self, error: Exception, streamed: bool, given: int) -> float:
        """Seconds after which to go on. Raises the error where that does not help."""
        if streamed and not given and _is_no_stream(error):
            self._stream_from = asyncio.get_running_loop().time() + self._limits.feed_for
            return 0.0
        if not may_pass(error):
            raise error
        LOG.info("reading goes on after a break: %s", error or type(error).__name__)
        asked = error.retry_after if isinstance(error, HubProblem) else None
        return next(self._pauses) if asked is None else asked


def _is_no_stream(error: Exception) -> bool:
    """Whether the feed may go where this was met: an older hub, too many streams, something between that holds them back."""
    if isinstance(error, HubProblem):
        return error.status in (404, 405, 429) and not isinstance(error, CursorLost)
    return isinstance(error, httpx2.ReadTimeout | httpx2.SSEError)


async def _check(answer: httpx2.Response) -> None:
    if answer.status_code != 200:
        await answer.aread()
        raise problem_of(answer, of_outbox=True)
