"""Bodies that arrive in pieces, told piece by piece: what is done before the end, and what is done when the end never comes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.types import Message

import api.bodies
import api.bulk
from tests.api.conftest import Hub, a_notice

PIECE = 65_536


class Asked:
    """One request to the application, without a client that would gather the body first."""

    def __init__(self, hub: Hub, path: str, media: str, pieces: Iterator[bytes], then: Callable[[], Message]) -> None:
        headers = {"content-type": media, "x-api-key": hub.key}
        self._hub = hub
        self._pieces = pieces
        self._then = then
        self.read = 0
        self.sent: list[Message] = []
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("10.0.0.7", 1),
        }

    async def receive(self) -> Message:
        piece = next(self._pieces, None)
        if piece is None:
            return self._then()
        self.read += len(piece)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def answer(self) -> tuple[int, bytes]:
        await self._hub.app(self.scope, self.receive, self.send)
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        return (self.sent[0]["status"], body) if self.sent else (0, b"")


def the_end() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def a_break() -> Message:
    return {"type": "http.disconnect"}


def lines(number: int) -> bytes:
    return json.dumps(a_notice(id=f"D-{number}")).encode() + b"\n"


async def test_lines_are_written_while_others_still_arrive(hub: Hub) -> None:
    written: list[int] = []

    def arriving() -> Iterator[bytes]:
        for number in range(3):
            yield lines(number)
            written.append(len(hub.publisher.log))

    status, _ = await Asked(hub, "/v1/notices/ndjson", "application/x-ndjson", arriving(), the_end).answer()
    assert status == 202
    assert written == [1, 2, 3]


async def test_what_was_taken_before_the_connection_broke_stays_taken(hub: Hub) -> None:
    pieces = iter([lines(1), lines(2), lines(3)[:40]])
    status, _ = await Asked(hub, "/v1/notices/ndjson", "application/x-ndjson", pieces, a_break).answer()
    assert status == 0
    assert [body["id"] for body in hub.bodies()] == ["D-1", "D-2"]


async def test_a_notice_whose_connection_broke_is_not_taken(hub: Hub) -> None:
    pieces = iter([json.dumps(a_notice()).encode()])
    status, _ = await Asked(hub, "/v1/notices", "application/json", pieces, a_break).answer()
    assert status == 0
    assert hub.publisher.log == []


@pytest.mark.parametrize(
    ("path", "media", "most"),
    [
        ("/v1/notices", "application/json", 256 * 1024),
        ("/v1/notices/batch", "application/json", 8 * 1024 * 1024),
    ],
)
async def test_an_endless_body_is_not_read_to_its_end(hub: Hub, path: str, media: str, most: int) -> None:
    asked = Asked(hub, path, media, (b"[" * PIECE for _ in range(10**6)), the_end)
    status, body = await asked.answer()
    assert status == 413
    assert json.loads(body)["code"] == "too-large"
    assert asked.read < most + 2 * 1024 * 1024


@pytest.mark.parametrize("piece", [b" " * PIECE, b"x" * PIECE, b"\n" * PIECE])
async def test_an_endless_stream_is_not_read_to_its_end(hub: Hub, piece: bytes) -> None:
    asked = Asked(hub, "/v1/notices/ndjson", "application/x-ndjson", (piece for _ in range(10**6)), the_end)
    status, body = await asked.answer()
    assert status in (202, 207)
    assert asked.read <= (PIECE if b"\n" in piece else 65 * 1024 * 1024)
    if b"\n" not in piece:
        assert json.loads(body.splitlines()[-1])["problem"]["findings"][0]["rule"] == "stream-too-large"


async def test_a_body_that_dawdles_is_given_up(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def forever() -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(api.bulk, "STREAM_SECONDS", 0.2)
    asked = Asked(hub, "/v1/notices/ndjson", "application/x-ndjson", iter([]), the_end)
    asked.receive = forever  # type: ignore[method-assign]
    status, body = await asked.answer()
    assert status == 408
    assert json.loads(body)["retry"]


async def test_without_a_key_nothing_of_a_body_is_read(hub: Hub) -> None:
    for path in ("/v1/notices", "/v1/notices/batch", "/v1/notices/ndjson"):
        asked = Asked(hub, path, "application/json", iter([b"x"]), the_end)
        asked.scope["headers"] = [(b"content-type", b"application/json")]
        status, _ = await asked.answer()
        assert status == 401
        assert asked.read == 0
