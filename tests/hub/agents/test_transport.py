"""The race in which a record is handed to its stream: won at once without a task, else run as Faust runs it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mode.services import Service

from hub.agents.transport import QuickRace


class Racer:
    """Hands something over; waits for the gate where it is closed."""

    def __init__(self, *, opened: bool) -> None:
        self.gate, self.given, self.cancelled = asyncio.Event(), 0, False
        if opened:
            self.gate.set()

    async def hand_over(self) -> str:
        try:
            await self.gate.wait()
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.given += 1
        return "given"

    async def fails(self) -> None:
        await self.gate.wait()
        raise ValueError("of the stream")


@pytest.fixture
async def race() -> AsyncIterator[Service]:
    service = QuickRace()
    await service.start()
    yield service
    await service.stop()


def tasks() -> int:
    return len(asyncio.all_tasks())


async def test_who_needs_no_waiting_wins_without_a_task(race: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    racer, suspended = Racer(opened=True), asyncio.Event()
    monkeypatch.setattr(asyncio, "ensure_future", lambda *_, **__: pytest.fail("a task was made"))
    found = await race.wait_first(racer.hand_over(), suspended.wait())
    assert found.results == ["given"]
    assert not found.stopped
    assert racer.given == 1


async def test_who_waits_is_given_over_later_and_once(race: Any) -> None:
    racer, suspended = Racer(opened=False), asyncio.Event()
    running = asyncio.create_task(race.wait_first(racer.hand_over(), suspended.wait()))
    await asyncio.sleep(0.01)
    assert racer.given == 0
    assert not running.done()
    racer.gate.set()
    found = await running
    assert found.results == ["given"]
    assert racer.given == 1


async def test_a_suspended_flow_ends_the_waiting(race: Any) -> None:
    before, racer, suspended = tasks(), Racer(opened=False), asyncio.Event()
    running = asyncio.create_task(race.wait_first(racer.hand_over(), suspended.wait()))
    await asyncio.sleep(0.01)
    suspended.set()
    found = await running
    await asyncio.sleep(0.01)
    assert found.results == [True]
    assert racer.cancelled
    assert racer.given == 0
    assert tasks() == before


async def test_a_stop_ends_the_waiting(race: Any) -> None:
    racer, suspended = Racer(opened=False), asyncio.Event()
    running = asyncio.create_task(race.wait_first(racer.hand_over(), suspended.wait()))
    await asyncio.sleep(0.01)
    await race.stop()
    assert (await running).stopped
    await asyncio.sleep(0.01)
    assert racer.cancelled
    assert racer.given == 0


@pytest.mark.parametrize("opened", [True, False])
async def test_a_failure_is_told_at_once_or_later(race: Any, opened: bool) -> None:
    racer, suspended = Racer(opened=opened), asyncio.Event()
    running = asyncio.create_task(race.wait_first(racer.fails(), suspended.wait()))
    await asyncio.sleep(0.01)
    racer.gate.set()
    with pytest.raises(ValueError, match="of the stream"):
        await running


async def test_a_race_with_a_limit_is_fausts_own(race: Any) -> None:
    racer, suspended = Racer(opened=False), asyncio.Event()
    found = await race.wait_first(racer.hand_over(), suspended.wait(), timeout=0.05)
    assert found.stopped or not found.results
    assert racer.given == 0
