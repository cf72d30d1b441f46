"""Numbers of people: a count and a sum of counts say what was said, neither more nor less."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.count import MOST_PEOPLE, UNKNOWN, Count, exactly, total


def between(low: int, high: int) -> Count:
    return Count(said="range", low=low, high=high)


def at_least(low: int) -> Count:
    return Count(said="at-least", low=low)


def at_most(high: int) -> Count:
    return Count(said="at-most", high=high)


def about(figure: int) -> Count:
    return Count(said="about", low=figure, high=figure)


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("at-least", None, 5), ("at-least", 5, 9), ("at-least", None, None), ("at-most", 5, None), ("at-most", 5, 9),
        ("range", 9, 5), ("range", 5, None), ("exact", 5, 6), ("about", 5, 6), ("unknown", 5, None), ("some", 5, 5),
    ],
)  # fmt: skip
def test_ends_that_do_not_fit_what_is_said_are_refused(said: Any, low: int | None, high: int | None) -> None:
    with pytest.raises(ValidationError):
        Count.model_validate_json(json.dumps({"said": said, "low": low, "high": high}))


SUMS = [
    ("nothing", (), UNKNOWN),
    ("one is itself", (at_most(300),), at_most(300)),
    ("exact", (exactly(3), exactly(4)), exactly(7)),
    ("at most", (at_most(300), at_most(20)), at_most(320)),
    ("at most and none", (at_most(300), exactly(0)), at_most(300)),
    ("at most and some", (at_most(300), exactly(3)), between(3, 303)),
    ("about", (about(200), exactly(3)), about(203)),
    ("about and a range", (about(200), between(1, 9)), between(201, 209)),
    ("ranges", (between(0, 5), between(2, 9)), between(2, 14)),
    ("a range that is one number", (between(5, 5), exactly(3)), exactly(8)),
    ("one unknown", (exactly(5), UNKNOWN), at_least(5)),
    ("one at least", (exactly(5), at_least(7)), at_least(12)),
    ("only unknown", (UNKNOWN, UNKNOWN), UNKNOWN),
    ("at most and unknown", (at_most(300), UNKNOWN), UNKNOWN),
    ("nobody and unknown", (exactly(0), UNKNOWN), UNKNOWN),
    ("more than there are people", (exactly(MOST_PEOPLE), exactly(1)), at_least(MOST_PEOPLE)),
    ("perhaps more than there are", (between(2, MOST_PEOPLE), exactly(1)), at_least(3)),
    ("at most more than there are", (at_most(MOST_PEOPLE), at_most(1)), UNKNOWN),
]


@pytest.mark.parametrize(("parts", "expected"), [case[1:] for case in SUMS], ids=[case[0] for case in SUMS])
def test_a_sum_says_what_its_parts_say(parts: tuple[Count, ...], expected: Count) -> None:
    assert total(parts) == total(parts[::-1]) == expected


NUMBERS = st.integers(0, 1_000)
COUNTS = st.one_of(
    st.just(UNKNOWN),
    st.builds(exactly, NUMBERS),
    st.builds(about, NUMBERS),
    st.builds(at_least, NUMBERS),
    st.builds(at_most, NUMBERS),
    st.builds(lambda low, more: between(low, low + more), NUMBERS, NUMBERS),
)


@given(st.lists(COUNTS, min_size=1, max_size=6), st.randoms())
def test_a_sum_holds_whatever_the_numbers_turn_out_to_be(parts: list[Count], chance: Any) -> None:
    numbers = [chance.randint(part.low or 0, part.low or 0 if part.high is None else part.high) for part in parts]
    found = total(tuple(parts))
    assert (found.low or 0) <= sum(numbers)
    assert found.high is None or sum(numbers) <= found.high
    assert found.high is not None or any(part.high is None for part in parts)
