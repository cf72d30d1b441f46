"""Whose subscriptions go on as another agency's, and how they are called there."""

from datetime import UTC, date, datetime

from hub.core.registry import Registry
from hub.core.subscriptions.inheriting import inherited, to_be_inherited
from hub.core.subscriptions.saving import Change
from schemas.subscription import LONGEST_NAME, MOST_SUBSCRIPTIONS, Filter, Subscription
from tests.builders import a_small_registry, an_agency

ENDS = date(2026, 12, 31)
BEFORE, AFTER = ENDS, date(2027, 1, 1)
AT = datetime(2027, 1, 1, tzinfo=UTC)
LAYOFFS, POSTS = Filter(kind=("downsizing",)), Filter(kind=("recruitment",))
OLD, HEIR = Change("ta-39", AT, "k1"), Change("ta-50", AT, "hub")


def registry() -> Registry:
    ends = {"ta-39": ("ta-50",), "kehy-b": ("ta-50",), "divided": ("ta-50", "ta-51"), "takk": ("ta-50",)}
    rings = {"takk": "partner"}
    gone = [an_agency(id, valid_to=ENDS, successors=heirs, ring=rings.get(id, "authority")) for id, heirs in ends.items()]
    gone.append(an_agency("not-renewed", agreement_until=ENDS, successors=("ta-50",)))
    return Registry.of(9, a_small_registry().areas.values(), [*gone, an_agency("ta-50"), an_agency("ta-51")], ())


def test_they_follow_the_only_heir_of_the_same_ring_from_the_day_on() -> None:
    owners = ["takk", "ta-39", "divided", "ta-50", "not-there", "not-renewed"]
    assert list(to_be_inherited(owners, registry(), BEFORE)) == []
    assert list(to_be_inherited(owners, registry(), AFTER)) == [("ta-39", "ta-50")]


def test_each_ends_there_and_goes_on_here_as_it_was() -> None:
    left = [OLD.added([], "large", LAYOFFS), OLD.added([], "posts", POSTS)]
    steps = list(inherited(HEIR, left, []))
    assert [(one.ended.agency, one.ended.id, one.ended.version, one.ended.filter) for one in steps] == [
        ("ta-39", before.id, 2, None) for before in left
    ]
    assert [(one.taken.agency, one.taken.name, one.taken.version, one.taken.filter) for one in steps] == [
        ("ta-50", "large", 1, LAYOFFS),
        ("ta-50", "posts", 1, POSTS),
    ]


def test_what_had_ended_stays_behind() -> None:
    before = OLD.added([], "large", LAYOFFS)
    assert list(inherited(HEIR, [OLD.changed([before], before.id, None)], [])) == []


def test_a_name_that_the_heir_uses_for_something_else_is_told_apart() -> None:
    longest = "x" * LONGEST_NAME
    mine = [HEIR.added([], "large", POSTS), HEIR.added([], "large (ta-39)", POSTS), HEIR.added([], longest, POSTS)]
    left = [OLD.added([], "large", LAYOFFS), OLD.added([], longest, LAYOFFS)]
    names = [one.taken.name for one in inherited(HEIR, left, mine)]
    assert names == ["large (ta-39, 2)", longest[: LONGEST_NAME - len(" (ta-39)")] + " (ta-39)"]


def test_what_the_heir_asks_for_already_is_no_new_version() -> None:
    mine = HEIR.added([], "large", LAYOFFS)
    (step,) = inherited(HEIR, [OLD.added([], "large", LAYOFFS)], [mine])
    assert step.taken is mine


def test_one_that_the_heir_has_ended_is_not_taken_up_again() -> None:
    """An endpoint of the heir may still name it, and waits there for what the heir itself asks for."""
    first = HEIR.added([], "large", POSTS)
    (step,) = inherited(HEIR, [OLD.added([], "large", LAYOFFS)], [HEIR.changed([first], first.id, None)])
    assert (step.taken.name, step.taken.version, step.taken.filter) == ("large (ta-39)", 1, LAYOFFS)


def test_a_name_is_the_same_however_its_letters_are_put_together() -> None:
    whole, parts = "Pirkanma\u00e4", "Pirkanmaa\u0308"
    (step,) = inherited(HEIR, [OLD.added([], parts, LAYOFFS)], [HEIR.added([], whole, POSTS)])
    assert step.taken.name == f"{parts} (ta-39)"


def test_an_heir_may_have_more_than_an_agency_may_save() -> None:
    mine: list[Subscription] = []
    for number in range(MOST_SUBSCRIPTIONS):
        mine.append(HEIR.added(mine, f"mine {number}", POSTS))
    (step,) = inherited(HEIR, [OLD.added([], "large", LAYOFFS)], mine)
    assert step.taken.filter == LAYOFFS
