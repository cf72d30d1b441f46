"""What a digest takes with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hub.core.answers import Answer
from hub.core.delivering import Lane, Standing, Waiting
from hub.core.mail import replies
from hub.core.mail.gathering import MOST_TOGETHER, after_together, gathered_turn

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def event(place: int, receipt: str | None = None, step: int = 1, lane: Lane = "notice", due: datetime = NOW) -> Waiting:
    return Waiting(f"id{place}", place, lane, "fi:1", receipt or f"r{place}", step, due)


def test_all_that_is_due_goes_together_whatever_employer_it_is_of() -> None:
    turn = gathered_turn([event(0), event(1), event(2, due=LATER)], (), Standing(), NOW, 4)
    assert (turn.send, turn.together) == ((), (event(0), event(1)))
    assert turn.again_at == LATER


def test_an_alert_goes_by_itself_and_at_once() -> None:
    alert = event(1, lane="alert")
    turn = gathered_turn([event(0, due=LATER), alert], (), Standing(), NOW, 4)
    assert (turn.send, turn.together) == ((alert,), ())


def test_answers_to_a_notice_go_with_the_rest_and_none_takes_the_place_of_another() -> None:
    answers = tuple(event(place, "r", step=0, lane="answer") for place in (1, 2))
    assert gathered_turn([event(0, "r"), *answers], (), Standing(), NOW, 4).together == (event(0, "r"), *answers)


def test_of_two_steps_the_newer_one_goes() -> None:
    turn = gathered_turn([event(0, "r"), event(1, "r", 2)], (), Standing(), NOW, 4)
    assert (turn.superseded, turn.together) == ((event(0, "r"),), (event(1, "r", 2),))


def test_one_digest_at_a_time_and_none_while_the_address_rests() -> None:
    assert gathered_turn([event(0), event(1)], {"id0"}, Standing(), NOW, 4).together == ()
    resting = Standing(failures=5, rests_until=LATER)
    assert gathered_turn([event(0)], (), resting, NOW, 4).together == ()
    assert gathered_turn([event(0)], (), resting, LATER, 4).together == (event(0),)


def test_so_many_at_the_most() -> None:
    waiting = [event(place) for place in range(MOST_TOGETHER + 5)]
    assert len(gathered_turn(waiting, (), Standing(), NOW, 4).together) == MOST_TOGETHER


def test_an_address_for_which_no_more_can_be_read_gets_its_digest_before_its_time() -> None:
    """Else an alert behind so much would wait for the digest, too."""
    waiting = [event(0, due=LATER), replace(event(1, due=LATER), attempts=1)]
    assert gathered_turn(waiting, (), Standing(), NOW, 4).together == ()
    assert gathered_turn(waiting, (), Standing(), NOW, 4, full=True).together == (waiting[0],)


def test_one_mail_that_failed_is_one_failure_and_its_events_stay_together() -> None:
    busy: Answer = replies.to_the_rest(451)
    first, second = after_together([event(0), event(1)], busy, Standing(), NOW, 0.5)
    assert first.standing == second.standing
    assert first.standing.failures == 1
    assert first.left is not None
    assert second.left is not None
    assert first.left.due == second.left.due > NOW
    taken = after_together([event(0), replace(event(1), attempts=3)], replies.TAKEN, first.standing, NOW, 0.5)
    assert [one.left for one in taken] == [None, None]
    assert taken[0].standing == Standing()
