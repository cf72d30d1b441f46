"""The bodies of requests, read as they arrive and never beyond their limits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, NoReturn

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from schemas.topics import LARGEST_INPUT

KIB = 1024
LARGEST_SMALL = 16 * KIB
LARGEST_BATCH = 8 * KIB * KIB
LARGEST_STREAM = 64 * KIB * KIB
_DRAINED = KIB * KIB
"""So much beyond a limit is read and dropped, so that a client that only listens at its end still gets the answer."""

JSON = "application/json"
CLOUDEVENT = "application/cloudevents+json"
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")


@dataclass(frozen=True, slots=True)
class Body:
    """A whole body and the type that it was sent as."""

    media: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Whole:
    """What a route depends on: the whole body, of one of these types, of so many bytes at the most, within so many seconds."""

    types: tuple[str, ...]
    most: int
    seconds: float

    async def __call__(self, request: Request) -> Body:
        """HTTPException 408, 413 or 415 where it is none such."""
        media = media_type(request, self.types)
        return Body(media, await _whole(request, self.most, self.seconds))


NoticeBody = Annotated[Body, Depends(Whole((JSON, CLOUDEVENT), LARGEST_INPUT, 60))]
BatchBody = Annotated[Body, Depends(Whole((JSON,), LARGEST_BATCH, 120))]
JsonBody = Annotated[Body, Depends(Whole((JSON,), LARGEST_INPUT, 60))]
SmallBody = Annotated[Body, Depends(Whole((JSON,), LARGEST_SMALL, 30))]


def media_type(request: Request, wanted: tuple[str, ...]) -> str:
    """The media type of the body. 415 where it is none of those, packed, or in another alphabet than UTF-8."""
    sent, _, rest = request.headers.get("content-type", "").partition(";")
    media = sent.strip().lower()
    alphabet = rest.replace(" ", "").replace('"', "").lower()
    packed = request.headers.get("content-encoding", "identity").lower() != "identity"
    if media not in wanted or packed or alphabet not in ("", "charset=utf-8", "charset=utf8"):
        raise HTTPException(415, f"send {' or '.join(wanted)} in UTF-8, not packed")
    return media


async def _whole(request: Request, most: int, seconds: float) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most + _DRAINED:
        _too_large(most)
    content = bytearray()
    total = 0
    async for chunk in chunks(request, seconds):
        total += len(chunk)
        if total > most + _DRAINED:
            break
        if total <= most:
            content += chunk
    if total > most:
        _too_large(most)
    return bytes(content)


def _too_large(most: int) -> NoReturn:
    raise HTTPException(413, f"the body is larger than {most // KIB} KiB", {"Connection": "close"})


async def chunks(request: Request, seconds: float) -> AsyncIterator[bytes]:
    """The body as it arrives. 408 where the whole of it takes longer than so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    stream = request.stream()
    try:
        while True:
            async with asyncio.timeout_at(deadline):
                chunk = await anext(stream, None)
            if chunk is None:
                return
            yield chunk
    except TimeoutError:
        raise HTTPException(408, f"the body took longer than {seconds:.0f} seconds", {"Connection": "close"}) from None
    finally:
        await stream.aclose()
