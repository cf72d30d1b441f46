"""The judge of outboxes at rest: where all is right it counts nothing, and each fault put into them gives its figure."""

from dataclasses import replace

import pytest

from hub.trials.soak.history.at_rest import Outboxes, ended_by, judge_at_rest
from hub.trials.soak.history.judge import Counts
from hub.trials.soak.history.log import Copy
from tests.hub.trials.history import BY_REVISION, a_history

SEEN = a_history()[1].copies
ENDED = "helsinki-partners"
CAME_BACK = "keha"
ALWAYS = "evk-01"
WITHHELD = {(copy.agency, copy.event_id) for copy in SEEN if copy.agency in (ENDED, CAME_BACK)}
"""All that the hub could have taken out of the outboxes of two that were no agencies for some time."""
RIGHT = [copy for copy in SEEN if copy.agency != ENDED]


def figures(there: list[Copy], withheld: set[tuple[str, str]] = WITHHELD) -> dict[str, int]:
    counts = Counts()
    judge_at_rest(Outboxes(SEEN, there, withheld), BY_REVISION, counts)
    return {name: number for name, number in counts.figures.items() if number}


def first_of(agency: str) -> Copy:
    return next(copy for copy in SEEN if copy.agency == agency)


def test_outboxes_without_what_was_taken_from_who_ended_count_nothing() -> None:
    assert ended_by(BY_REVISION) == {ENDED}
    assert figures(RIGHT) == {}


@pytest.mark.parametrize("copy", [first_of(ENDED), replace(first_of(ALWAYS), leak=True)])
def test_what_an_agency_may_not_see_any_more_is_foreign(copy: Copy) -> None:
    assert figures([*(one for one in RIGHT if one.event_id != copy.event_id), copy]) == {"foreign": 1}


def test_a_copy_that_came_and_is_not_there_is_lost_unless_the_hub_says_that_it_took_it() -> None:
    gone = first_of(CAME_BACK)
    left = [copy for copy in RIGHT if copy.event_id != gone.event_id]
    assert figures(left) == {}
    assert figures(left, WITHHELD - {(gone.agency, gone.event_id)}) == {"lost": 1}


def test_who_has_always_been_an_agency_loses_nothing_whatever_the_hub_says() -> None:
    gone = first_of(ALWAYS)
    left = [copy for copy in RIGHT if copy.event_id != gone.event_id]
    assert figures(left, WITHHELD | {(gone.agency, gone.event_id)}) == {"lost": 1}


def test_an_outbox_that_ends_with_an_older_step_is_stale() -> None:
    older = next(
        one
        for one in RIGHT
        for other in RIGHT
        if (one.agency, one.lane, one.receipt, one.employer) == (other.agency, other.lane, other.receipt, other.employer)
        and one.number < other.number
    )
    assert figures([*RIGHT, older]) == {"stale_after_step": 1}
