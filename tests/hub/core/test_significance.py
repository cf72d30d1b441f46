"""What is significant: the defaults of domain 1.11, by the low end of a count, with the expert's word above them."""

from typing import Any

import pytest

from hub.core.facts import facts_of
from hub.core.reading import read_notice
from hub.core.significance import significance
from tests.builders import (
    DAY,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_small_registry,
    body_of,
)


def rules(notice: dict[str, Any]) -> tuple[str, ...]:
    read = read_notice(body_of(notice))
    return significance(facts_of(read, a_small_registry(), DAY), read)


def cut_of(count: Any, measure: str = "dismissal", **more: Any) -> dict[str, Any]:
    return a_downsizing_notice(measures=[{"measure": measure, "planned": count}], **more)


def hire_of(count: Any, **more: Any) -> dict[str, Any]:
    return a_recruitment_notice(posts=count, occupations=None, hard_to_fill=None, **more)


def development(**more: Any) -> dict[str, Any]:
    plain = {"segment": "DOMESTIC"}
    return a_development_notice(employer=plain, needs=None, investment_eur=None, **{"subject": "staff", **more})


CASES = [
    ("10 dismissals", cut_of(10), ("dismissals-10", "reductions-10")),
    ("9 dismissals", cut_of(9), ()),
    ("10 lay-offs", cut_of(10, "layoff"), ("reductions-10",)),
    ("the low end of a range decides", cut_of({"said": "range", "low": 9, "high": 90}), ()),
    ("a range above the limit", cut_of({"said": "range", "low": 10, "high": 90}), ("dismissals-10", "reductions-10")),
    ("at most 10, as negotiations say it", cut_of({"said": "at-most", "high": 10}), ("dismissals-10", "reductions-10")),
    ("at most 9", cut_of({"said": "at-most", "high": 9}), ()),
    ("unknown reaches nothing", cut_of({"said": "unknown"}), ()),
    ("a closure of any size", cut_of(2, closure=True), ("closure",)),
    ("a bankruptcy of unknown size", cut_of({"said": "unknown"}, bankruptcy=True), ("bankruptcy",)),
    ("10 posts", hire_of(10), ("posts-10",)),
    ("9 posts", hire_of(9), ()),
    ("1 post, hard to fill", hire_of(1) | {"hard_to_fill": True}, ("hard-to-fill",)),
    ("staff development", development(), ()),
    ("an expansion", development(subject="expansion"), ("expansion",)),
    ("a location", development(subject="location"), ("location",)),
    ("international business", development(subject="business", international=True), ("international-growth",)),
    ("a company growing abroad", a_development_notice(subject="business"), ("international-growth-segment",)),
    ("a recruitment that tells of an expansion too", hire_of(3, needs=[{"code": "N_EXPANSION"}]), ("expansion",)),
    ("ticked", hire_of(1, significant=True), ("ticked-by-expert",)),
    ("ticked and large", hire_of(30, significant=True), ("ticked-by-expert", "posts-10")),
    ("ticked as not significant", hire_of(300, significant=False), ()),
]


@pytest.mark.parametrize(("notice", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_significance(notice: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert rules(notice) == expected
