"""One endpoint's desk: nothing without a lease, nothing lost when something breaks."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hub.core.answers import Answer, answer_to
from hub.core.delivering import Standing, Waiting
from hub.dispatch.desk import ENDED_KEPT, MOST_WAITING, Desk, Tools
from hub.ports import Endpoint, Noted, Target, Told
from schemas.errors import NotReady

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
ENDPOINT = Endpoint("ep", "ta-39", Target("https://agency.example/", "structured", ("whsec_eA==",)), Standing(), NOW, NOW)


def event(place: int) -> Waiting:
    return Waiting(f"id{place}", place, "notice", f"e{place}", f"r{place}", 1, NOW)


class Calls:
    """Takes everything, and keeps what it took and what was noted. `fails` is raised where an event is asked for."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.taken: list[str] = []
        self.noted: list[Noted] = []
        self.fails = fails

    async def attempt(self, target: Target, told: Told, at: datetime) -> Answer:
        self.taken.append(told.attributes["id"])
        return answer_to(204, None, at)

    async def close(self) -> None:
        pass

    async def told(self, endpoint: Endpoint, event: Waiting) -> Told | None:
        if self.fails:
            raise self.fails
        return Told({"id": event.event_id}, {})

    async def note(self, noted: Noted) -> None:
        self.noted.append(noted)

    async def at_once(self, noted: Sequence[Noted]) -> bool:
        raise AssertionError("no attempt of a webhook is noted before it")

    def desk(self, count: int, lease: float) -> Desk:
        tools = Tools(self, self.told, self.note, self.at_once, lambda: NOW + timedelta(seconds=1), lambda: 0.0)
        return Desk(ENDPOINT, [event(place) for place in range(count)], asyncio.get_running_loop().time() + lease, tools)


async def run(desk: Desk, seconds: float = 0.1) -> None:
    running = asyncio.create_task(desk.run())
    await asyncio.sleep(seconds)
    desk.stop()
    await running


async def test_all_that_waits_is_told_and_noted() -> None:
    calls = Calls()
    await run(calls.desk(20, lease=30))
    assert sorted(calls.taken) == sorted(f"id{place}" for place in range(20))
    assert {noted.state for noted in calls.noted} == {"delivered"}


async def test_what_is_read_again_beside_the_note_of_its_end_is_told_once() -> None:
    """The database still has it as waiting then: the note is on its way."""
    calls = Calls()
    desk = calls.desk(1, lease=30)
    running = asyncio.create_task(desk.run())
    await asyncio.sleep(0.05)
    desk.add([event(0), event(1)])
    await asyncio.sleep(0.05)
    desk.stop()
    await running
    assert calls.taken == ["id0", "id1"]


async def test_a_desk_remembers_the_last_that_ended_and_not_all() -> None:
    calls = Calls()
    desk = calls.desk(ENDED_KEPT + 20, lease=60)
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(60):
        while len(calls.noted) < ENDED_KEPT + 20:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    desk.stop()
    await running
    assert len(desk._ended) == ENDED_KEPT


async def test_without_a_lease_nothing_is_told_until_it_is_renewed() -> None:
    calls = Calls()
    desk = calls.desk(3, lease=-1)
    running = asyncio.create_task(desk.run())
    await asyncio.sleep(0.05)
    assert calls.taken == []
    desk.renew(ENDPOINT, asyncio.get_running_loop().time() + 30)
    await asyncio.sleep(0.05)
    desk.stop()
    await running
    assert len(calls.taken) == 3


async def test_an_event_that_cannot_be_read_now_counts_as_no_attempt() -> None:
    calls = Calls(NotReady("Kafka is away"))
    desk = calls.desk(1, lease=30)
    await run(desk)
    assert (calls.taken, calls.noted) == ([], [])


async def test_a_flaw_of_the_hub_is_a_failure_that_is_tried_again_and_not_at_once() -> None:
    calls = Calls(ZeroDivisionError())
    await run(calls.desk(1, lease=30))
    (noted,) = calls.noted
    assert (noted.state, noted.event.attempts) == ("waiting", 1)
    assert noted.attempt is not None
    assert noted.attempt.answer.code == "hub-error"


async def test_a_desk_is_full_before_it_holds_more_than_it_may() -> None:
    calls = Calls()
    assert not calls.desk(MOST_WAITING - 1, lease=30).is_full
    assert calls.desk(MOST_WAITING, lease=30).is_full
