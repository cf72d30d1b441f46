"""Which replays go on at this moment: of each endpoint that this process has the one whose turn it is."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from functools import partial
from typing import Any

import structlog

from hub.core.registry import Registry
from hub.dispatch.choosing import Choosing
from hub.dispatch.desk import Desk
from hub.dispatch.one_replay import OneReplay, Past, Tools
from hub.replays import Replaying as Store

log = structlog.get_logger()

LEAVE_WITHIN = 2.0
"""Seconds in which what is under way is awaited and noted when the process ends."""


class Replaying:
    """`rights` gives the registry and the day."""

    def __init__(
        self,
        store: Store,
        past: Past,
        choosing: Choosing,
        rights: Callable[[], tuple[Registry, date]],
        now: Callable[[], datetime],
    ) -> None:
        self._tools = Tools(store, past, choosing, rights, now, self._thread)
        self._runs: dict[str, tuple[OneReplay, asyncio.Task[None]]] = {}
        self._threads = ThreadPoolExecutor(4, "replays")

    async def look(self, desks: Mapping[str, Desk]) -> None:
        """Begin what is open for these desks, and end what is not any more. NotReady where the database is away."""
        turns = {one.id: one for one in await self._thread(self._tools.store.open) if one.endpoint in desks}
        for name, (run, task) in list(self._runs.items()):
            if name not in turns or run.desk is not desks[turns[name].endpoint]:
                run.stop()
            if task.done():
                self._ended(name, task)
        for name, turn in turns.items():
            if name not in self._runs:
                run = OneReplay(turn, desks[turn.endpoint], self._tools)
                self._runs[name] = (run, asyncio.create_task(run.run()))

    async def leave(self) -> None:
        """Begin nothing more, and note what was done."""
        for run, _ in self._runs.values():
            run.stop()
        if self._runs:
            await asyncio.wait([task for _, task in self._runs.values()], timeout=LEAVE_WITHIN)

    def _ended(self, name: str, task: "asyncio.Task[None]") -> None:
        """One that broke is begun anew from what was noted."""
        del self._runs[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a replay broke", replay=name, error=type(error).__name__)

    async def _thread(self, work: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *given))
