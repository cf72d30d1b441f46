"""The outermost layer: trace id, security headers, counting, and the last net under whatever was not foreseen."""

import logging
import re
import time
import traceback
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import INTERNAL, answer, problem
from api.metrics import Metrics

LOG = logging.getLogger("api")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NONE = b"0" * 32

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""On every answer; a page sets its own Content-Security-Policy."""


def trace_id_of(scope: Scope) -> str:
    """The caller's trace id where it sent a W3C traceparent, else a new one."""
    for name, value in scope["headers"]:
        found = _TRACEPARENT.fullmatch(value) if name == b"traceparent" else None
        if found and found[1] != _NONE:
            return str(found[1].decode())
    return uuid4().hex


class Outermost:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        state = scope.setdefault("state", {})
        answering = _Answering(send, trace_id_of(scope), state)
        state["trace_id"] = answering.trace_id
        try:
            await self._app(scope, receive, answering.send)
        except ClientDisconnect:
            answering.status = 499
        except Exception as error:
            await _caught(error, scope, receive, answering)
        finally:
            self._metrics.answered(scope, answering.status, time.perf_counter() - began)


class _Answering:
    """The way back to the caller, with the headers that every answer has."""

    def __init__(self, send: Send, trace_id: str, state: Mapping[str, Any]) -> None:
        self._send = send
        self.trace_id = trace_id
        self._state = state
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
            headers["X-Trace-Id"] = self.trace_id
            if "xroad_id" in self._state:
                headers["X-Road-Id"] = self._state["xroad_id"]
        await self._send(message)


async def _caught(error: Exception, scope: Scope, receive: Receive, answering: _Answering) -> None:
    """Note where it happened, never what the values were: a message of an exception may hold them."""
    where = "".join(traceback.format_tb(error.__traceback__))
    LOG.error("unforeseen %s, trace id %s\n%s", type(error).__name__, answering.trace_id, where)
    if answering.status:
        raise RuntimeError("the answer broke off") from None
    told = problem(INTERNAL, "the hub met an error that nobody foresaw", answering.trace_id)
    await answer(told)(scope, receive, answering.send)
