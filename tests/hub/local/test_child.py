"""The order of needs, and the pauses between restarts."""

from __future__ import annotations

import pytest

from hub.local.child import back_off, ending, layers


def test_a_child_comes_after_all_it_needs() -> None:
    needs = {
        "api": ["postgres", "kafka"],
        "kafka": [],
        "postgres": [],
        "worker": ["kafka"],
        "canary": ["worker", "api"],
    }
    assert layers(needs) == [["kafka", "postgres"], ["api", "worker"], ["canary"]]


def test_an_unknown_need_is_named() -> None:
    with pytest.raises(ValueError, match="kafka"):
        layers({"worker": ["kafka"]})


def test_a_circle_of_needs_is_named() -> None:
    with pytest.raises(ValueError, match="a, b"):
        layers({"a": ["b"], "b": ["a"], "c": []})


def test_pauses_double_up_to_thirty_seconds() -> None:
    assert [back_off(deaths, lambda: 1.0) for deaths in (1, 2, 3, 7, 8, 1000)] == [0.5, 1.0, 2.0, 30.0, 30.0, 30.0]


def test_chance_takes_up_to_half_of_a_pause() -> None:
    assert back_off(3, lambda: 0.0) == 1.0


def test_an_end_is_told_in_words() -> None:
    assert [ending(3), ending(-9), ending(-64)] == [
        "ended with code 3",
        "was killed by SIGKILL",
        "was killed by SIGRTMAX",
    ]
