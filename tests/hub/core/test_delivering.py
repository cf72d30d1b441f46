"""What an endpoint is told next: each rule once, then all of them against endpoints that fail at random."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.answers import Answer, answer_to
from hub.core.delivering import (
    GIVE_UP_AFTER,
    HOLD,
    LEAST_FAILURES,
    WARN_AFTER,
    Lane,
    Standing,
    Turn,
    Waiting,
    after,
    foremost,
    next_turn,
)

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
WELL = Standing()
TAKEN = answer_to(204, None, NOW)
BUSY = answer_to(503, None, NOW)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def event(place: int, employer: str = "e", receipt: str | None = None, step: int = 1, lane: Lane = "notice") -> Waiting:
    return Waiting(f"{lane}{place}", place, lane, employer, receipt or f"r{place}", step, NOW)


def failed(waiting: Waiting, since: timedelta, due: timedelta) -> Waiting:
    """First tried so long ago, due in so long."""
    return replace(waiting, attempts=1, first_tried=NOW - since, due=NOW + due)


def turn(*waiting: Waiting, sending: tuple[str, ...] = (), standing: Standing = WELL, room: int = 4) -> Turn:
    return next_turn(waiting, sending, standing, NOW, room)


def sent(*waiting: Waiting, sending: tuple[str, ...] = (), standing: Standing = WELL, room: int = 4) -> list[int]:
    return [event.place for event in turn(*waiting, sending=sending, standing=standing, room=room).send]


def test_one_employer_s_events_go_one_after_the_other_and_employers_beside_each_other() -> None:
    assert sent(event(1, "a"), event(2, "a"), event(3, "b")) == [1, 3]
    assert sent(event(1, "a"), event(2, "a"), event(3, "b"), sending=("notice1",)) == [3]


def test_an_older_step_that_waits_is_told_no_more() -> None:
    found = turn(event(1, "a", "r", 1), event(2, "a", "r", 2), event(3, "b"))
    assert [waiting.place for waiting in found.superseded] == [1]
    assert [waiting.place for waiting in found.send] == [2, 3]


def test_an_older_step_that_is_being_told_is_waited_for() -> None:
    found = turn(event(1, "a", "r", 1), event(2, "a", "r", 2), sending=("notice1",))
    assert (found.superseded, found.send) == ((), ())


def test_a_notice_that_moved_to_another_employer_keeps_its_order() -> None:
    assert sent(event(1, "a", "r", 1), event(2, "b", "r", 3), sending=("notice1",)) == []
    assert sent(event(1, "a", "r", 2), event(2, "b", "r", 3)) == [2]


def test_alerts_go_first_and_supersede_no_notice() -> None:
    found = turn(event(1, "a", "r", 1), event(2, "b"), event(3, "a", "r", 2, "alert"), room=2)
    assert found.superseded == ()
    assert [waiting.event_id for waiting in found.send] == ["alert3", "notice1"]


def test_one_room_is_kept_for_alerts() -> None:
    notices = [event(place, f"e{place}") for place in range(1, 9)]
    assert sent(*notices, room=4) == [1, 2, 3]
    told = ("notice1", "notice2", "notice3")
    assert sent(*notices, sending=told) == []
    assert sent(*notices, event(9, "e1", lane="alert"), sending=told) == [9]


def test_a_failing_head_holds_its_employer_a_quarter_of_an_hour_then_steps_aside() -> None:
    holding, aside = failed(event(1, "a"), HOLD - SECOND, MINUTE), failed(event(1, "a"), HOLD, MINUTE)
    held = turn(holding, event(2, "a"), event(3, "b"))
    assert [waiting.place for waiting in held.send] == [3]
    assert held.again_at == NOW + SECOND
    assert sent(aside, event(2, "a"), event(3, "b")) == [2, 3]


def test_one_that_stepped_aside_goes_before_later_ones_when_it_is_due_again() -> None:
    assert sent(failed(event(1, "a"), HOLD * 2, -SECOND), event(2, "a")) == [1]
    assert sent(failed(event(1, "a"), HOLD * 2, -SECOND), event(2, "a"), sending=("notice2",)) == []


def test_what_fails_is_told_again_after_ever_longer_times_that_chance_spreads() -> None:
    waits = []
    waiting, standing = event(1), WELL
    for _ in range(12):
        found = after(waiting, BUSY, standing, NOW, 0.0)
        assert found.left is not None
        waiting = found.left
        waits.append((waiting.due - NOW).total_seconds())
    assert waits == [5, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 21_600, 21_600, 21_600]
    spread = {after(event(1), BUSY, WELL, NOW, chance / 100).left for chance in range(100)}
    assert len(spread) == 100
    assert max(found.due for found in spread if found) <= NOW + timedelta(seconds=7.5)


def test_what_it_asks_for_holds_for_all_that_waits() -> None:
    found = after(event(1, "a"), answer_to(429, "120", NOW), WELL, NOW, 0.0)
    assert found.standing.not_before == NOW + timedelta(seconds=120)
    waiting = [event(2, "b"), event(3, "c", lane="alert")]
    before = next_turn(waiting, (), found.standing, NOW + timedelta(seconds=119), 4)
    assert (before.send, before.again_at) == ((), NOW + timedelta(seconds=120))
    assert len(next_turn(waiting, (), found.standing, NOW + timedelta(seconds=120), 4).send) == 2


def test_an_endpoint_that_fails_again_and_again_is_asked_one_thing_at_a_time() -> None:
    many = [event(place, f"e{place}") for place in range(5)]
    down = Standing(failures=3, failing_since=NOW)
    assert sent(*many, standing=down) == [0]
    assert sent(*many, standing=down, sending=("notice0",)) == []
    assert sent(*many, standing=replace(down, rests_until=NOW + MINUTE)) == []


def test_an_alert_does_not_wait_for_a_rest() -> None:
    down = Standing(failures=9, failing_since=NOW, rests_until=NOW + MINUTE)
    assert sent(event(1), event(2, lane="alert"), standing=down) == [2]
    assert sent(failed(event(2, lane="alert"), MINUTE, -SECOND), standing=down) == []


def test_a_success_forgets_all_failures() -> None:
    down = Standing(9, NOW - WARN_AFTER[2], NOW, NOW, 3)
    assert after(event(1), TAKEN, down, NOW, 0.5) == after(event(2), TAKEN, WELL, NOW, 0.0)
    assert after(event(1), TAKEN, down, NOW, 0.5).left is None


def test_410_pauses_at_once_and_the_event_still_waits() -> None:
    found = after(event(1), answer_to(410, None, NOW), WELL, NOW, 0.0)
    assert found.pause == "gone"
    assert found.left is not None


def test_its_agency_is_warned_three_times_before_it_is_paused() -> None:
    standing, told = WELL, []
    waiting = event(1)
    for minutes in range(0, 4 * 24 * 60, 30):
        found = after(waiting, BUSY, standing, NOW + minutes * MINUTE, 0.5)
        waiting, standing = found.left or waiting, found.standing
        told += [(minutes * MINUTE, what) for what in (found.warning, found.pause) if what]
        if found.pause:
            break
    assert told == [*((wait, "http-503") for wait in WARN_AFTER), (GIVE_UP_AFTER, "failing")]


def test_an_event_that_fails_each_time_is_tried_some_twenty_times_before_all_is_paused() -> None:
    waiting, standing, tries, pause = event(1), WELL, 0, None
    while pause is None:
        found = after(waiting, BUSY, standing, max(waiting.due, NOW), 0.0)
        waiting, standing, pause = found.left or waiting, found.standing, found.pause
        tries += 1
        assert tries < 100
    assert (tries, pause) == (20, "failing")


def test_few_failures_pause_nobody_however_long_they_last() -> None:
    rare = Standing(LEAST_FAILURES - 2, NOW - GIVE_UP_AFTER * 2)
    assert after(event(1), BUSY, rare, NOW, 0.0).pause is None
    assert after(event(1), BUSY, replace(rare, failures=LEAST_FAILURES - 1), NOW, 0.0).pause == "failing"


def test_after_three_days_an_event_is_given_up_only_where_the_endpoint_took_others() -> None:
    old = failed(event(1), GIVE_UP_AFTER, -SECOND)
    assert turn(old).given_up == (old,)
    assert turn(old, sending=("notice1",)).given_up == ()
    dead = Standing(20, failing_since=NOW - GIVE_UP_AFTER - SECOND)
    assert turn(old, standing=dead).given_up == ()
    assert turn(old, standing=replace(dead, failing_since=NOW - MINUTE)).given_up == (old,)


def test_a_turn_looks_at_all_alerts_and_at_so_many_notices_as_do_not_stand_aside() -> None:
    aside = [failed(event(place, f"e{place}"), HOLD * 2, MINUTE) for place in range(3)]
    notices = [event(place, f"e{place}") for place in range(3, 9)]
    alerts = [event(place, f"e{place}", lane="alert") for place in range(9, 12)]
    found = foremost([*aside, *notices, *alerts], {"notice8"}, NOW, 2)
    assert [one.place for one in found] == [0, 1, 2, 3, 4, 8, 9, 10, 11]


# All of it together: an endpoint that fails at random, over days


@dataclass
class World:
    """A clock, what waits, what is being told, and all that was ever done."""

    chance: random.Random
    share_of_failures: float
    now: datetime = NOW
    waiting: dict[str, Waiting] = field(default_factory=dict)
    sending: dict[str, tuple[Waiting, datetime]] = field(default_factory=dict)
    standing: Standing = WELL
    began: list[tuple[datetime, Waiting]] = field(default_factory=list)
    ended: dict[str, str] = field(default_factory=dict)
    paused: str | None = None

    def look(self) -> datetime | None:
        """Take a turn, check what has to hold at each, and say when to look again."""
        found = next_turn(list(self.waiting.values()), self.sending, self.standing, self.now, 4)
        for what, events in (("superseded", found.superseded), ("given up", found.given_up)):
            for one in events:
                assert self.waiting.pop(one.event_id) == one
                self.ended[one.event_id] = what
        for one in found.send:
            self._begin(one)
        assert len(self.sending) <= 4
        return found.again_at

    def _begin(self, one: Waiting) -> None:
        assert one.event_id not in self.sending
        assert one.due <= self.now
        assert self.standing.not_before is None or self.now >= self.standing.not_before
        beside = [told for told, _ in self.sending.values() if told.lane == one.lane]
        assert one.employer not in {told.employer for told in beside}
        assert one.receipt not in {told.receipt for told in beside}
        earlier = [w for w in self.waiting.values() if (w.lane, w.employer) == (one.lane, one.employer) and w.place < one.place]
        assert all(w.first_tried is not None and self.now >= w.first_tried + HOLD and w.due > self.now for w in earlier)
        self.sending[one.event_id] = (one, self.now + timedelta(seconds=self.chance.random() * 15))
        self.began.append((self.now, one))

    def answer_next(self) -> None:
        """The first of the answers that are awaited."""
        one, at = min(self.sending.values(), key=lambda told: told[1])
        self.now = max(self.now, at)
        del self.sending[one.event_id]
        answer = self._answer()
        found = after(one, answer, self.standing, self.now, self.chance.random())
        self.standing, self.paused = found.standing, self.paused or found.pause
        if found.left is None:
            del self.waiting[one.event_id]
            self.ended[one.event_id] = "delivered"
        else:
            self.waiting[one.event_id] = found.left

    def _answer(self) -> Answer:
        if self.chance.random() >= self.share_of_failures:
            return TAKEN
        return self.chance.choice(
            [BUSY, answer_to(429, "90", self.now), answer_to(400, None, self.now), answer_to(500, None, self.now)]
        )


def play(seed: int, events: int, share: float) -> World:
    """Let events come in, and go on until nothing waits or the endpoint is paused."""
    chance = random.Random(seed)
    world, steps = World(chance, share), defaultdict[tuple[Lane, str], int](int)
    for place in range(events):
        lane: Lane = chance.choice(["alert", "notice", "notice", "notice"])
        employer = f"e{chance.randrange(4)}"
        receipt = f"{employer}-{chance.randrange(3)}"
        steps[lane, receipt] += 1
        made = replace(event(place, employer, receipt, steps[lane, receipt], lane), due=world.now)
        world.waiting[made.event_id] = made
        world.look()
        for _ in range(chance.randrange(3)):
            if world.sending:
                world.answer_next()
                world.look()
        world.now += timedelta(seconds=chance.choice([0, 0, 1, 60, 1_200]))
    while world.waiting and not world.paused:
        again = world.look()
        if world.sending:
            world.answer_next()
        elif world.waiting:
            assert again is not None, "something waits and nothing would ever wake it"
            assert again > world.now
            world.now = again
    return world


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), events=st.integers(1, 60), share=st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]))
def test_whatever_fails_order_holds_and_nothing_is_lost(seed: int, events: int, share: float) -> None:
    world = play(seed, events, share)
    assert len(world.ended) + len(world.waiting) == events
    assert world.paused or not world.waiting
    if share == 1.0:
        assert world.paused == "failing"
        assert "given up" not in world.ended.values()
    if share == 0.0:
        assert set(world.ended.values()) <= {"delivered", "superseded"}
    last: dict[tuple[Lane, str], int] = {}
    for _, one in world.began:  # strict for each notice: no step is begun after a later one
        assert one.step >= last.get((one.lane, one.receipt), 0)
        last[one.lane, one.receipt] = one.step


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), events=st.integers(1, 60))
def test_the_newest_step_of_each_notice_arrives_where_the_endpoint_takes_half(seed: int, events: int) -> None:
    world = play(seed, events, 0.5)
    newest: dict[tuple[Lane, str], Waiting] = {}
    for _, one in world.began:
        newest[one.lane, one.receipt] = one
    assert all(world.ended[one.event_id] == "delivered" for one in newest.values())


def test_answers_to_a_notice_supersede_nothing_and_wait_for_no_notice_that_fails() -> None:
    """Each stands for itself: step 0, a lane of their own, the last of the three."""
    answers = [event(place, receipt="r", step=0, lane="answer") for place in (2, 3)]
    notice = event(1, receipt="r", step=4)
    turn = next_turn([notice, *answers], (), WELL, NOW, 4)
    assert (turn.send, turn.superseded) == ((notice, answers[0]), ())
    busy = failed(notice, MINUTE, MINUTE)
    assert next_turn([busy, *answers], (), WELL, NOW, 4).send == (answers[0],)
    alert = event(5, lane="alert")
    assert next_turn([*answers, alert], [answers[0].event_id], WELL, NOW, 2).send == (alert,), "one room is for alerts alone"
