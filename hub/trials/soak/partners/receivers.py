"""The partners' sides, all in one process, which may be killed as well: `python -m hub.trials.soak.partners.receivers FOLDER`."""

import asyncio
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from hub.trials.soak.partners.endpoints import serve
from hub.trials.soak.partners.readers import read_by_client, read_feed, read_kafka, read_stream
from hub.trials.soak.partners.recording import Recorder
from hub.trials.soak.partners.seats import CALM, Seat, read_seats

SEATS = "seats.json"
_LOOK = 0.2


class _Calm:
    """Whether the partners' sides are well by now."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / CALM
        self._is = False

    def __call__(self) -> bool:
        return self._is

    async def watch(self) -> None:
        """Look for the file, until it is there."""
        while not self._is:
            self._is = self._file.exists()
            await asyncio.sleep(_LOOK)


async def receive(folder: Path) -> None:
    """Until the process ends. One side that breaks ends all, so that it is seen."""
    seats, calm = read_seats(folder / SEATS), _Calm(folder)
    with ThreadPoolExecutor(len(seats), "kafka") as threads:
        async with asyncio.TaskGroup() as group:
            group.create_task(calm.watch())
            for seat in seats:
                group.create_task(_side(seat, folder, calm, threads))


def _side(seat: Seat, folder: Path, calm: _Calm, threads: ThreadPoolExecutor) -> Coroutine[Any, Any, None]:
    """The one place that knows what serves a channel."""
    recorder = Recorder(folder, seat.agency)
    match seat.member.part.channel:
        case "kafka":
            return _in_thread(seat, recorder, calm, threads)
        case "webhook":
            return serve(seat, recorder, calm)
        case "stream":
            return read_stream(seat, folder, recorder, calm)
        case "feed":
            return read_feed(seat, folder, recorder)
        case "client":
            return read_by_client(seat, folder, recorder, calm)


async def _in_thread(seat: Seat, recorder: Recorder, calm: _Calm, threads: ThreadPoolExecutor) -> None:
    await asyncio.get_running_loop().run_in_executor(threads, read_kafka, seat, recorder, calm)


if __name__ == "__main__":
    asyncio.run(receive(Path(sys.argv[1])))
