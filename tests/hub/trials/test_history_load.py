"""The load of the history and its model: the same from one seed, mixed enough, and what is told of each step said by hand."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from hub.core.reading import read_said
from hub.core.steps import change_in, named_in
from hub.trials.load import Item
from hub.trials.soak.history.log import Mode
from hub.trials.soak.history.model import History, Step, Told, follow
from hub.trials.soak.history.sayings import CONTENTS, Saying, generate
from hub.trials.soak.history.turns import TURNS, after
from hub.trials.soak.places import Places, read_places
from schemas.ids import AgencyId

PLACES = read_places()
SAYINGS = generate(1_500, PLACES)
HOME = next(saying.item for saying in SAYINGS if saying.item.employer.town.authority == "ta-02")
SOMEWHERE = HOME.employer
ELSEWHERE = replace(SOMEWHERE, town=next(town for town in PLACES.towns if town.authority == "ta-10"))
OTHER = next(saying.item.employer for saying in SAYINGS if saying.item.employer.business_id != SOMEWHERE.business_id)


def said(act: str, situation: str = "few-posts", change: str = "", **about: object) -> Saying:
    item: Item = replace(HOME, situation=situation, **{"employer": SOMEWHERE} | about)  # type: ignore[arg-type]
    return Saying(item, act, change)  # type: ignore[arg-type]


def steps_of(*sayings: Saying) -> list[Step]:
    history = History()
    return [step for saying in sayings for step in history.take(saying)[1]]


def told(*sayings: Saying, by: dict[int, list[Places]] | None = None) -> list[Told]:
    steps = steps_of(*sayings)
    return list(follow(steps, by or {step.number: [PLACES] for step in steps}))


def modes(one: Told, agency: AgencyId) -> dict[str, Mode]:
    """By lane, what the agency is told with that step."""
    return {lane: word.mode for words in one.all for (lane, name), word in words.items() if name == agency}


def test_one_seed_gives_one_load() -> None:
    assert generate(100, PLACES) == generate(100, PLACES)
    assert generate(100, PLACES, seed=2) != generate(100, PLACES)


def test_everything_comes_that_can_be_said() -> None:
    history = History()
    taken = [(saying, *history.take(saying)) for saying in SAYINGS]
    assert {saying.item.situation for saying in SAYINGS} == set(CONTENTS)
    found = Counter((saying.act, verdict) for saying, verdict, _ in taken)
    assert len(found) == 9, "notice, correction and withdrawal: accepted, repeated, refused"
    assert min(found.values()) > 5
    types = Counter(step.type for *_, steps in taken for step in steps)
    assert set(types) == {"notice", "correction", "moved", "withdrawal"}
    assert any(step.silent for *_, steps in taken for step in steps)


def test_what_is_said_of_a_notice_stays_in_its_order() -> None:
    """A change is numbered when it is made up, so that a lower one first said after a higher one was swapped."""
    known, last = set[str](), dict[int, str]()
    for saying in SAYINGS:
        if saying.change and saying.change not in known:
            known.add(saying.change)
            assert last.get(saying.item.number, "") < saying.change
            last[saying.item.number] = saying.change


def test_the_hub_can_read_what_is_not_spoilt_and_it_names_its_notice() -> None:
    for saying in SAYINGS[:600]:
        if saying.act == "withdrawal" or saying.situation.verdict == "accepted":
            read = read_said(saying.item.body.encode())
            assert named_in(read) == (saying.item.author.source, f"n-{saying.item.number:07d}")
            change = change_in(read)
            assert (change.id if change else "") == saying.change


# Verdicts and steps


ABROAD = said("correction", "from-abroad", "c1")


@pytest.mark.parametrize(
    ("sayings", "verdicts"),
    [
        ([said("notice"), said("notice")], "accepted repeat"),
        ([said("notice"), ABROAD, ABROAD], "accepted accepted repeat"),
        ([said("notice"), said("correction", "few-posts", "c1")], "accepted repeat"),
        ([said("correction", "few-posts", "c1"), said("notice")], "refused accepted"),
        ([said("notice"), said("correction", "unknown-town", "c1")], "accepted refused"),
        ([said("notice"), said("withdrawal", change="c1"), said("correction", "from-abroad", "c2")], "accepted accepted refused"),
        ([said("notice"), said("withdrawal", change="c1"), said("withdrawal", change="c2")], "accepted accepted repeat"),
        ([said("withdrawal", change="c1"), said("notice"), said("correction", "from-abroad", "c2")], "refused accepted refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_the_verdict_on_each(sayings: list[Saying], verdicts: str) -> None:
    history = History()
    assert " ".join(history.take(saying)[0] for saying in sayings) == verdicts


def test_a_move_is_two_steps_under_two_employers() -> None:
    _, away, here = steps_of(said("notice"), said("correction", change="c1", employer=OTHER))
    assert (away.number, away.type, away.employer) == (2, "moved", f"fi:{SOMEWHERE.business_id}")
    assert (here.number, here.type, here.employer) == (3, "correction", f"fi:{OTHER.business_id}")


# Who is told


def test_who_had_it_and_has_no_right_any_more_hears_that_once() -> None:
    first, second, third = told(
        said("notice"),
        said("correction", "few-posts", "c1", employer=ELSEWHERE),
        said("correction", "from-abroad", "c2", employer=ELSEWHERE),
    )
    before = SOMEWHERE.town.authority
    assert [modes(one, before) for one in (first, second, third)] == [{"notice": "shown"}, {"notice": "over"}, {}]
    assert modes(second, "ta-10") == {"notice": "shown"}


def test_a_withdrawal_is_told_in_both_lanes_and_a_withdrawn_one_to_nobody() -> None:
    first, second = told(said("notice", "many-dismissals"), said("withdrawal", change="c1"))
    for _, agency in first.alerts:
        assert modes(second, agency) == {"notice": "withdrawn", "alert": "withdrawn"}
    (silent,) = told(said("withdrawal", change="c1"), said("notice", "many-dismissals"))
    assert not any(silent.all)


def test_whom_a_step_only_alerts_hears_of_the_end_when_it_comes() -> None:
    steps = told(
        said("notice", "many-dismissals"), said("correction", "embargoed", "c1"), said("correction", "posts-under-embargo", "c2")
    )
    assert [modes(one, SOMEWHERE.town.authority) for one in steps] == [
        {"notice": "shown", "alert": "shown"},
        {"alert": "shown"},
        {"notice": "over", "alert": "calmed"},
    ]


def test_the_registry_of_the_decision_tells_who_is_reached() -> None:
    sayings = [said("notice", "from-abroad"), said("correction", "hard-to-fill", "c1")]
    wide, without = after(PLACES, TURNS[:1]), after(PLACES, TURNS)
    first, second = told(*sayings, by={1: [wide], 2: [without]})
    assert (modes(first, "helsinki-partners"), modes(second, "helsinki-partners")) == ({"notice": "shown"}, {"notice": "over"})


def test_what_was_decided_twice_is_told_by_both_and_known_by_both() -> None:
    sayings = [said("notice", "from-abroad"), said("withdrawal", change="c1")]
    by = {1: [after(PLACES, TURNS[:1]), after(PLACES, TURNS)], 2: [after(PLACES, TURNS)]}
    first, second = told(*sayings, by=by)
    assert modes(first, "helsinki-partners") == {"notice": "shown"}
    assert modes(second, "helsinki-partners") == {"notice": "withdrawn"}


def test_each_role_is_named() -> None:
    (one,) = told(said("notice", "many-dismissals"))
    roles = {agency: word.role for (_, agency), word in one.decided[0].items()}
    assert roles[SOMEWHERE.town.authority] == "own-area"
    assert {roles[home.authority] for home in SOMEWHERE.homes} <= {"own-area", "home-area"}
    assert "tem-group" in roles.values()


def test_each_turn_changes_what_it_says() -> None:
    at = [{body.id: body for body in after(PLACES, TURNS[:number]).bodies} for number in range(len(TURNS) + 1)]
    assert all(before != later for before, later in pairwise(at))
    assert not at[1]["helsinki-partners"].areas
    assert "keha" not in at[3]
    assert at[6]["keha"].kinds == {"recruitment"}
