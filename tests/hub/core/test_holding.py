"""How a notice stands: the same for the same answers in any order and however often, and each agency speaks for itself alone."""

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from hub.core.holding import Said, holding
from schemas.acknowledgement import WORDS, Word

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WORD: tuple[Word, ...] = get_args(Word)
AGENCIES = ("ta-08", "ta-39", "takk")


def said(number: int, agency: str, answer: Word) -> Said:
    """The one at that place among what was received: a few stand in one batch, of one time."""
    return Said(f"id-{number}", agency, answer, (NOW + timedelta(seconds=number // 3), 0, number))


@st.composite
def answers(draw: st.DrawFn) -> list[Said]:
    spoken = draw(st.lists(st.tuples(st.sampled_from(AGENCIES), st.sampled_from(WORD)), max_size=9))
    return [said(number, agency, word) for number, (agency, word) in enumerate(spoken)]


@given(answers(), st.randoms(use_true_random=False))
def test_neither_order_nor_repeats_count(found: list[Said], chance: object) -> None:
    mixed = [*found, *found[: len(found) // 2]]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert holding(mixed) == holding(found)


@given(answers())
def test_of_each_agency_the_last_counts_and_every_agency_stands_in_one_place(found: list[Said]) -> None:
    stands = holding(found)
    last = {one.agency: one for one in found}
    assert stands.current == {one.id for one in last.values()}
    placed = [*stands.held_by, *stands.done_by, *stands.declined_by]
    assert sorted(placed) == sorted(last)
    assert {name for name, one in last.items() if one.answer in ("claim", "in-progress")} == set(stands.held_by)


@given(answers(), st.sampled_from(WORD))
def test_what_one_says_moves_nobody_else(found: list[Said], word: Word) -> None:
    before, after = holding(found), holding([*found, said(len(found), "evk-04", word)])
    assert set(before.held_by) <= set(after.held_by) <= {*before.held_by, "evk-04"}
    assert before.current < after.current


def test_the_state_is_the_furthest_that_anybody_is() -> None:
    assert holding([]).state == "open"
    assert holding([said(1, "ta-08", "not-ours"), said(2, "takk", "decline")]).state == "declined"
    assert holding([said(1, "ta-08", "not-ours"), said(2, "takk", "claim")]).state == "claimed"
    assert holding([said(1, "ta-08", "claim"), said(2, "takk", "in-progress"), said(3, "ta-39", "done")]).state == "in-progress"
    assert holding([said(1, "ta-08", "in-progress"), said(2, "ta-08", "done")]).state == "done"
    both = holding([said(1, "ta-08", "claim"), said(2, "ta-39", "claim")])
    assert (both.state, both.held_by) == ("claimed", ("ta-08", "ta-39"))
    given_up = holding([said(1, "ta-08", "claim"), said(2, "ta-08", "decline")])
    assert (given_up.state, given_up.held_by) == ("declined", ())


def test_every_word_has_its_words_in_three_languages() -> None:
    assert set(WORDS) == set(WORD)
    assert all(names.fi and names.sv and names.en for names in WORDS.values())
