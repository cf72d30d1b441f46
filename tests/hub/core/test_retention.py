"""How long things are kept: by what they are, by kind and by access; the strictest holds."""

from datetime import UTC, date, datetime

import pytest

from hub.core import retention
from hub.core.retention import FIRST_OF_NOTICES, RULES, Told, rules_of
from schemas.topics import EVENTS

OPEN = Told("notice", "recruitment")
DOWNSIZING = Told("notice", "downsizing", stage="negotiations", access="open", employer_kind="company", legal_form="osakeyhtiö")


def names(*steps: Told) -> list[str]:
    return [rule.name for rule in rules_of(steps)]


CASES = [
    ("an open notice", OPEN, "notice", 400),
    ("an open downsizing", DOWNSIZING, "notice", 400),
    ("restricted", Told("notice", "recruitment", access="restricted"), "notice-restricted", 180),
    ("embargoed", Told("release", "development", access="embargoed"), "notice-restricted", 180),
    ("a restricted downsizing", Told("notice", "downsizing", "decision", "restricted"), "downsizing-restricted", 270),
    ("an early signal", Told("notice", "downsizing", "early-signal"), "notice-early-signal", 180),
    ("a restricted early signal", Told("notice", "downsizing", "early-signal", "restricted"), "notice-early-signal", 180),
    ("a starter", Told("notice", "development", employer_kind="starter"), "notice-person", 180),
    ("a household", Told("correction", "recruitment", employer_kind="household"), "notice-person", 180),
    ("a sole trader", Told("notice", "recruitment", legal_form="Yksityinen elinkeinonharjoittaja"), "notice-person", 180),
    ("a withdrawal", Told("withdrawal", "recruitment"), "notice-ended", 90),
    ("a move", Told("moved", "downsizing"), "notice-ended", 90),
]


@pytest.mark.parametrize(("step", "name", "days"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_how_long_a_step_is_kept(step: Told, name: str, days: int) -> None:
    (rule,) = rules_of([step])
    assert (rule.name, rule.days) == (name, days)


def test_what_a_later_step_says_holds_for_the_earlier_ones_and_never_the_other_way_round() -> None:
    closed, early = Told("correction", "downsizing", access="restricted"), Told("notice", "downsizing", "early-signal")
    assert names(DOWNSIZING, closed) == ["downsizing-restricted"] * 2
    assert names(closed, DOWNSIZING) == ["downsizing-restricted", "notice"]
    assert names(early, DOWNSIZING) == ["notice-early-signal", "notice"]
    assert names(DOWNSIZING, DOWNSIZING, Told("withdrawal", "downsizing")) == ["notice-ended"] * 3


def test_a_moved_notice_ends_under_its_old_employer_and_is_kept_under_the_new_one() -> None:
    assert names(OPEN, Told("moved", "recruitment"), OPEN) == ["notice-ended", "notice-ended", "notice"]


def test_later_steps_never_lengthen_the_time_of_an_earlier_one() -> None:
    """So that what was found to be past its time still is when it is erased, whatever comes between."""
    every = [case[1] for case in CASES]
    for first in every:
        for later in every:
            assert rules_of([first, later])[0].days <= rules_of([first])[0].days


def test_a_thing_is_there_for_its_whole_days() -> None:
    before = retention.BODY.before(date(2026, 3, 31))
    assert before == datetime(2026, 3, 1, tzinfo=UTC)


def test_masked_bodies_go_first_and_nothing_about_a_notice_outlives_the_log() -> None:
    assert RULES[0] is retention.BODY
    assert retention.BODY.days == min(rule.days for rule in RULES)
    about_notices = RULES[: RULES.index(retention.NOTICE) + 1]
    assert max(rule.days for rule in about_notices) == EVENTS.kept_days
    assert FIRST_OF_NOTICES.days <= min(rule.days for _, step, _, _ in CASES for rule in rules_of([step]))


def test_what_is_erased_is_remembered_for_longer_than_the_log_could_bring_it_back() -> None:
    assert min(retention.ERASED.days, retention.REQUESTED.days) > EVENTS.kept_days


def test_every_rule_has_a_name_of_its_own_and_a_reason() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.why for rule in RULES)
