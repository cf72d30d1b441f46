"""Very many endpoints in one process of their own, each on a port of its own: real HTTP/1.1, answered with 204.

They count what comes, and the last of them can be made to hang: it takes requests and answers none until it may again.
"""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_LOOK = 0.05
_STARTS_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class Receivers:
    """Their ports, how many requests each has answered, and whether the last one hangs (`Value` and `Array` are shared)."""

    ports: list[int]
    answered: Any
    hanging: Any

    def well(self) -> int:
        """Requests that all but the last have answered."""
        return int(sum(self.answered[:-1]))

    def all(self) -> int:
        """Requests that all have answered."""
        return int(sum(self.answered[:]))


@contextmanager
def receivers(count: int) -> Iterator[Receivers]:
    """So many, until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    answered, hanging = context.Array("q", count), context.Value("b", 0)
    process = context.Process(target=_serve, args=(count, theirs, answered, hanging), daemon=True)
    process.start()
    try:
        if not ours.poll(_STARTS_WITHIN):
            raise RuntimeError("the endpoints of the bench did not start")
        yield Receivers(ours.recv(), answered, hanging)
    finally:
        process.terminate()
        process.join()


def _serve(count: int, told: Connection, answered: Any, hanging: Any) -> None:
    asyncio.run(_all(count, told, answered, hanging))


async def _all(count: int, told: Connection, answered: Any, hanging: Any) -> None:
    servers = [await _one(number, number == count - 1, answered, hanging) for number in range(count)]
    told.send([server.sockets[0].getsockname()[1] for server in servers])
    await asyncio.Event().wait()


async def _one(number: int, may_hang: bool, answered: Any, hanging: Any) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                while may_hang and hanging.value:  # noqa: ASYNC110 - another process says when it ends
                    await asyncio.sleep(_LOOK)
                writer.write(_ANSWER)
                answered[number] += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)
