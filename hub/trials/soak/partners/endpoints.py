"""The webhook endpoints of the soak: real HTTP/1.1 on a port of its own for each, which checks signatures and has its habits."""

import asyncio
import base64
import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson

from hub.trials.soak.partners.log import Got, got
from hub.trials.soak.partners.members import Habit
from hub.trials.soak.partners.recording import Recorder
from hub.trials.soak.partners.seats import Seat

_HOST = "127.0.0.1"
_OPEN_FOR, _AWAY_FOR = 5.0, 4.0
_LATE, _NEVER = 0.7, 20.0
_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint does with a request: keep the event or not, wait, answer or (status 0) close the connection."""

    status: int = 204
    keeps: bool = True
    after: float = 0.0
    retry_after: int | None = None


_WELL = Reply()
_ONE_IN: Mapping[Habit, tuple[int, Reply]] = {
    "errors": (7, Reply(500, keeps=False)),
    "forgets": (7, Reply(500)),
    "breaks": (7, Reply(0)),
    "hangs": (11, Reply(0, keeps=False, after=_NEVER)),
    "slow": (5, Reply(200, after=_LATE)),
    "gone": (20, Reply(410, keeps=False)),
}
"""One request in so many is met so."""


def reply_to(habit: Habit, number: int) -> Reply:
    """How the request of that number is met, counted from 1 since the process began."""
    if habit == "busy":  # eight are taken, then four are asked to come again
        status = 429 if number % 2 else 503
        return Reply(status, keeps=False, retry_after=2) if number % 12 >= 8 else _WELL
    every, reply = _ONE_IN.get(habit, (0, _WELL))
    return reply if every and number % every == every // 2 else _WELL


async def serve(seat: Seat, recorder: Recorder, is_calm: Callable[[], bool]) -> None:
    """Until cancelled; an endpoint that is `closed` is away now and then."""
    numbers, open_ = count(1), set[asyncio.StreamWriter]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await _one(seat, recorder, reader, writer, numbers, is_calm):
                pass
        writer.close()
        open_.discard(writer)

    while True:
        server = await _listening(connected, seat.port)
        await _is_away_after(seat.member.part.habit, is_calm)
        recorder.fault("closed")
        server.close()
        for writer in open_:
            writer.close()
        await asyncio.sleep(_AWAY_FOR)


async def _is_away_after(habit: Habit, is_calm: Callable[[], bool]) -> None:
    await asyncio.sleep(_OPEN_FOR)
    if habit != "closed" or is_calm():
        await asyncio.Event().wait()


async def _listening(connected: Any, port: int) -> asyncio.Server:
    while True:
        with suppress(OSError):  # what a process before left behind may linger
            return await asyncio.start_server(connected, _HOST, port)
        await asyncio.sleep(_LOOK)


async def _one(
    seat: Seat,
    recorder: Recorder,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    numbers: "count[int]",
    is_calm: Callable[[], bool],
) -> bool:
    """Meet the next request; whether the connection goes on."""
    headers = _headers(await reader.readuntil(b"\r\n\r\n"))
    body = await reader.readexactly(int(headers["content-length"]))
    habit: Habit = "well" if is_calm() else seat.member.part.habit
    reply = reply_to(habit, next(numbers)) if _is_signed(seat.secret, headers, body) else Reply(401, keeps=False)
    if reply is not _WELL:
        recorder.fault(habit if reply.status != 401 else "unsigned")
    await asyncio.sleep(reply.after)
    if reply.keeps:
        recorder.keep(event_in(headers, body))
    if reply.status:
        wait = "" if reply.retry_after is None else f"Retry-After: {reply.retry_after}\r\n"
        length = "" if reply.status == 204 else "Content-Length: 0\r\n"
        writer.write(f"HTTP/1.1 {reply.status} Said\r\n{wait}{length}\r\n".encode())
        await writer.drain()
    return bool(reply.status)


def event_in(headers: Mapping[str, str], body: bytes) -> Got:
    """The event in a request, structured or binary."""
    told = orjson.loads(body)
    if headers["content-type"].startswith("application/cloudevents+json"):
        return got(told["id"], told["type"], told["data"])
    return got(headers["ce-id"], headers["ce-type"], told)


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}


def _is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """As docs/webhooks.md says it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split(" "))
