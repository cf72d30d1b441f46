"""What a notice says, as facts: counts keep their two ends, unknown stays unknown, needs follow from what is said."""

from datetime import date
from typing import Any

import pytest

from hub.core.facts import FACT_NAMES, Facts, facts_of
from hub.core.reading import read_notice
from hub.data.check import FACTS
from tests.builders import (
    DAY,
    HELSINKI,
    KANGASALA,
    TAMPERE,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_small_registry,
    body_of,
)

UNKNOWN = {"said": "unknown"}


def facts(notice: dict[str, Any], day: date = DAY) -> Facts:
    return facts_of(read_notice(body_of(notice)), a_small_registry(), day)


def dismissal(planned: Any = UNKNOWN, **more: Any) -> dict[str, Any]:
    return {"measure": "dismissal", "planned": planned, **more}


def test_the_facts_are_those_that_the_registry_of_services_knows() -> None:
    assert set(FACT_NAMES) == set(FACTS)
    for notice in (a_downsizing_notice(), a_recruitment_notice(), a_development_notice()):
        assert set(facts(notice)) == set(FACT_NAMES)


def test_facts_of_a_downsizing() -> None:
    found = facts(a_downsizing_notice())
    expected = {
        "kind": "downsizing", "stage": "negotiations", "needs": ("N_NEGOTIATIONS", "N_REDUCE"), "segment": "DOMESTIC",
        "employer_kind": "company", "headcount_min": 220, "headcount_max": 220, "people_min": 40, "people_max": 40,
        "dismissals_min": 40, "dismissals_max": 40, "layoffs_max": 0, "measures": ("dismissal",), "bankruptcy": False,
        "closure": False, "regions": ("fi:maakunta:06",), "languages": ("fi",), "access_level": "open",
        "as_of": "2026-03-02",
    }  # fmt: skip
    assert {name: value for name, value in found.items() if value is not None} == expected


def test_facts_of_a_recruitment() -> None:
    found = facts(a_recruitment_notice(eures=True, tailored=True, workplaces=[{"area": HELSINKI}], language="en"))
    assert found["needs"] == ("N_RECRUIT", "N_RECRUIT_HARD", "N_RECRUIT_INTL", "N_RECRUIT_LARGE", "N_TAILORED_JOB")
    assert found["fulfilment"] == ("candidates", "event")
    assert found["languages"] == ("en", "fi", "sv")
    assert (found["stage"], found["measures"], found["bankruptcy"]) == (None, None, None)


def test_facts_of_a_development() -> None:
    found = facts(a_development_notice(international=True, employer={"founded_on": "2023-03-03"}))
    assert found["needs"] == ("N_EXPANSION", "N_INTERNATIONAL", "N_INVEST", "N_PREMISES")
    assert (found["subject"], found["investment_eur"], found["company_age_years"]) == ("expansion", 2_000_000, 2)


@pytest.mark.parametrize(
    ("subject", "need"),
    [
        ("staff", "N_STAFF_DEV"),
        ("business", "N_BUSINESS_DEV"),
        ("starting", "N_START"),
        ("expansion", "N_EXPANSION"),
        ("location", "N_LOCATION"),
        ("ownership-change", "N_TAKEOVER"),
    ],
)
def test_the_subject_implies_a_need(subject: str, need: str) -> None:
    assert facts(a_development_notice(subject=subject, needs=None, investment_eur=None))["needs"] == (need,)


COUNTS = [
    ("planned", [dismissal(40)], (40, 40)),
    ("final supersedes planned", [dismissal(40, final=25)], (25, 25)),
    ("a final that is unknown does not", [dismissal(40, final=UNKNOWN)], (40, 40)),
    ("nobody in the end", [dismissal(40, final=0)], (0, 0)),
    ("a range", [dismissal({"said": "range", "low": 8, "high": 60})], (8, 60)),
    ("at most", [dismissal({"said": "at-most", "high": 300})], (None, 300)),
    ("about", [dismissal({"said": "about", "low": 200, "high": 200})], (200, 200)),
    ("unknown", [dismissal()], (None, None)),
    ("the sum of two", [dismissal(4), dismissal({"said": "range", "low": 3, "high": 5})], (7, 9)),
    ("one known, one not", [dismissal(4), dismissal()], (4, None)),
    ("by occupation only", [dismissal(occupations=[{"isco": "7212", "count": 3}, {"isco": "5", "count": 4}])], (7, 7)),
    ("no dismissal among the measures", [{"measure": "layoff", "planned": 30}], (0, 0)),
    ("no measure told of", [], (None, None)),
]


@pytest.mark.parametrize(("measures", "ends"), [case[1:] for case in COUNTS], ids=[case[0] for case in COUNTS])
def test_how_many_are_dismissed(measures: list[dict[str, Any]], ends: tuple[int | None, int | None]) -> None:
    found = facts(a_downsizing_notice(measures=measures))
    assert (found["dismissals_min"], found["dismissals_max"]) == ends


def test_a_count_for_several_workplaces_is_counted_once() -> None:
    everywhere = [{"area": area} for area in (TAMPERE, KANGASALA, HELSINKI)]
    found = facts(a_downsizing_notice(workplaces=everywhere, measures=[dismissal(97)]))
    assert (found["people_min"], found["dismissals_max"]) == (97, 97)
    assert facts(a_recruitment_notice(workplaces=everywhere))["people_max"] == 40


def test_people_are_all_measures_together() -> None:
    measures = [dismissal(10), {"measure": "layoff", "planned": 30, "duration_days": 60}, {"measure": "part-time"}]
    found = facts(a_downsizing_notice(measures=measures))
    assert (found["people_min"], found["people_max"], found["layoffs_max"]) == (40, None, 30)
    assert (found["longest_layoff_days"], found["measures"]) == (60, ("dismissal", "layoff", "part-time"))


def test_end_dates_and_homes_tell_how_many_where_no_measure_does() -> None:
    ends = [{"on": "2026-09-30", "count": 12}, {"on": "2026-12-31", "count": 3}]
    homes = [{"area": TAMPERE, "count": 7}]
    found = facts(a_downsizing_notice(measures=None, end_dates=ends, homes=homes))
    assert (found["people_max"], found["dismissals_max"]) == (15, 15)
    found = facts(a_downsizing_notice(measures=None, homes=homes))
    assert (found["people_max"], found["dismissals_max"]) == (7, None)


def test_a_hundred_dismissals_are_a_structural_change() -> None:
    assert "N_STRUCTURAL" in str(facts(a_downsizing_notice(measures=[dismissal(100)]))["needs"])
    assert "N_STRUCTURAL" not in str(facts(a_downsizing_notice(measures=[dismissal(99)]))["needs"])
    for high, reached in ((100, True), (99, False)):
        at_most = {"said": "at-most", "high": high}
        assert ("N_STRUCTURAL" in str(facts(a_downsizing_notice(measures=[dismissal(at_most)]))["needs"])) is reached


@pytest.mark.parametrize(
    ("founded", "day", "age"),
    [
        ("2021-03-02", date(2026, 3, 2), 5),
        ("2021-03-03", date(2026, 3, 2), 4),
        ("2024-02-29", date(2025, 2, 28), 0),
        ("2027-01-01", date(2026, 3, 2), None),
    ],
)
def test_full_years_of_a_company(founded: str, day: date, age: int | None) -> None:
    assert facts(a_recruitment_notice(employer={"founded_on": founded}), day)["company_age_years"] == age
