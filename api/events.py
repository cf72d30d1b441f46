"""An outbox as it comes: server-sent events, made of pages. No page is read before the one before it has gone out."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from itertools import chain

import orjson
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import format_sse_event

from api.errors import problem_of
from hub.ports import Page
from schemas.errors import HubError, TooMuch

AT_ONCE = 20
"""Events of one page: so many, and no more, are held for a reader that is slow."""

FRESH = 2.0
"""Seconds after which what is left of a page is read anew, since rights may be narrower now."""

PAUSES = (0.1, 0.2, 0.4, 0.7, 1.0)
"""Seconds between looks where there is nothing new."""

_RETRY_MS = 2_000
Look = Callable[[str | None], Page]
"""The page after a cursor, for whoever may still read it. HubError where nobody may, or nothing can be read."""


class Streams:
    """The open streams of this process: how long they last, and how many an agency may have."""

    def __init__(self, heartbeat: float = 15.0, longest: float = 3_600.0, most: int = 4) -> None:
        self.heartbeat = heartbeat
        self.longest = longest
        self.stopping = False
        self._most = most
        self._open: Counter[str] = Counter()

    def stop(self) -> None:
        """End all streams within a second: whoever reads goes on at another process, or at the next one."""
        self.stopping = True

    @contextmanager
    def place(self, agency: str) -> Iterator[None]:
        """One of the agency's places. TooMuch where all are taken."""
        if self._open[agency] >= self._most:
            raise TooMuch(f"your agency has {self._most} streams open already: end one, or read /v1/outbox")
        self._open[agency] += 1
        try:
            yield
        finally:
            self._open[agency] -= 1

    def is_open(self, agency: str) -> int:
        """How many the agency has."""
        return self._open[agency]


class Outgoing:
    """What goes out on one stream, from a first page on."""

    def __init__(self, look: Look, first: Page, cursor: str | None, streams: Streams, trace_id: str) -> None:
        self._look = look
        self._page = first
        self._cursor = cursor
        self._streams = streams
        self._trace_id = trace_id
        self._clock = asyncio.get_running_loop().time
        self._began = self._read = self._spoke = self._clock()

    async def lines(self) -> AsyncIterator[bytes]:
        """Until the hub stops, the stream is old, or an error is told as an event of its own."""
        yield format_sse_event(retry=_RETRY_MS)
        quiet = 0
        while True:
            stood = self._cursor
            for line in chain(self._of_page(), self._heartbeat()):
                yield line
            if self._is_over():
                return
            quiet = 0 if self._cursor != stood else quiet + 1
            if quiet:
                await asyncio.sleep(PAUSES[min(quiet, len(PAUSES)) - 1])
            try:
                self._page = await run_in_threadpool(self._look, self._cursor)
            except HubError as error:
                yield self._problem(error)
                return
            self._read = self._clock()

    def _of_page(self) -> Iterator[bytes]:
        """Its events as long as it is fresh; then where it ends, if that is further on than its last event."""
        for item in self._page.items:
            if self._clock() - self._read > FRESH:
                return
            yield self._said(item["cursor"], orjson.dumps(item).decode())
        if self._page.next not in (None, self._cursor):
            yield self._said(self._page.next)

    def _said(self, cursor: str | None, data: str | None = None) -> bytes:
        self._cursor, self._spoke = cursor, self._clock()
        return format_sse_event(data_str=data, id=cursor)

    def _heartbeat(self) -> Iterator[bytes]:
        if self._clock() - self._spoke >= self._streams.heartbeat:
            self._spoke = self._clock()
            yield format_sse_event(comment="heartbeat")

    def _is_over(self) -> bool:
        return self._streams.stopping or self._clock() - self._began >= self._streams.longest

    def _problem(self, error: HubError) -> bytes:
        told = problem_of(error, self._trace_id)
        return format_sse_event(event="problem", data_str=told.model_dump_json())
