"""What a replay tells, leaves out, tries again and ends with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.core.answers import answer_to
from hub.core.delivering import Waiting
from hub.core.replaying import MOST_ATTEMPTS, Known, left_out, merged, next_after, wanted_findings

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
EVENT = Waiting("id1", 1, "notice", "fi:0112038-9", "r1", 2, NOW)


@pytest.mark.parametrize(
    ("known", "meets", "alone", "why"),
    [
        (Known(2), True, False, None),
        (Known(1), True, False, None),
        (Known(3), True, False, "overtaken"),
        (Known(3), True, True, None),
        (Known(2, waits=True), True, True, "waiting"),
        (Known(2), False, False, "unwanted"),
        (Known(2, went=True), False, False, None),
        (Known(2), False, True, None),
        (Known(3, erased=True), True, True, "withheld"),
    ],
)
def test_why_an_event_is_left_out(known: Known, meets: bool, alone: bool, why: str | None) -> None:
    assert left_out(EVENT, known, meets, alone) == why


def test_what_is_taken_is_told_and_forgets_what_was_left() -> None:
    found = next_after(answer_to(200, None, NOW), 3, 2, NOW, 0.0)
    assert (found.told, found.due, found.left, found.end) == (True, None, 0, None)


def test_what_fails_is_tried_again_later_and_retry_after_is_kept() -> None:
    found = next_after(answer_to(503, None, NOW), 0, 0, NOW, 0.0)
    assert (found.told, found.due, found.end) == (False, NOW + timedelta(seconds=5), None)
    assert next_after(answer_to(503, "600", NOW), 0, 0, NOW, 0.0).due == NOW + timedelta(seconds=600)
    assert next_after(answer_to(503, None, NOW), 1, 0, NOW, 1.0).due == NOW + timedelta(seconds=90)


def test_after_its_attempts_it_is_left_and_three_in_a_row_end_the_replay() -> None:
    last = MOST_ATTEMPTS - 1
    found = next_after(answer_to(500, None, NOW), last, 0, NOW, 0.0)
    assert (found.told, found.due, found.left, found.end) == (False, None, 1, None)
    assert next_after(answer_to(500, None, NOW), last, 2, NOW, 0.0).end == "http-500"


def test_410_ends_it_at_once() -> None:
    assert next_after(answer_to(410, None, NOW), 0, 0, NOW, 0.0).end == "gone"


def test_counts_add_up() -> None:
    assert merged({"told": 2}, {"told": 1, "overtaken": 4}) == {"told": 3, "overtaken": 4}


ASKED: dict[str, Any] = {"since": None, "from_event": None, "event": None, "per_second": None}


@pytest.mark.parametrize(
    ("asked", "rules"),
    [
        ({"since": NOW}, []),
        ({"event": "e"}, []),
        ({"from_event": "e", "per_second": 50}, []),
        ({}, ["one-of"]),
        ({"since": NOW, "event": "e"}, ["one-of"]),
        ({"since": NOW + timedelta(seconds=1)}, ["in-the-future"]),
        ({"since": NOW, "per_second": 51}, ["too-fast"]),
    ],
)
def test_what_cannot_be_asked_for(asked: dict[str, Any], rules: list[str]) -> None:
    assert [found.rule for found in wanted_findings(ASKED | asked, NOW, 50)] == rules


def test_an_event_of_another_step_is_judged_by_its_own() -> None:
    assert left_out(replace(EVENT, step=3), Known(3), True, False) is None
