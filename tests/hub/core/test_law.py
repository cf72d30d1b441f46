"""The law by the day it is asked for: which act, how long the talks last, what follows from the number of dismissals."""

from datetime import date
from typing import Any

import pytest

from hub.core.facts import Facts, facts_of
from hub.core.law import (
    Ruling,
    collective_redundancy,
    dismissal_notice_due,
    negotiation_period,
    negotiation_regime,
    plan_required,
    standstill_until,
    talks_end_earliest,
)
from hub.core.reading import read_notice
from schemas.count import UNKNOWN, Count, exactly
from tests.builders import DAY, a_downsizing_notice, a_small_registry, body_of

OLD, NEW = date(2025, 6, 30), date(2025, 7, 1)


def between(low: int, high: int) -> Count:
    return Count(said="range", low=low, high=high)


def facts(*measures: tuple[str, Any], days: int | None = None, kind: str = "company") -> Facts:
    told = [{"measure": measure, "planned": planned, "duration_days": days} for measure, planned in measures]
    told = [{name: value for name, value in measure.items() if value is not None} for measure in told]
    notice = read_notice(body_of(a_downsizing_notice(measures=told, employer={"kind": kind})))
    return facts_of(notice, a_small_registry(), DAY)


FORTY = facts(("dismissal", 40))

REGIMES = [
    ("50 or more", FORTY, None, exactly(50), NEW, "co-operation"),
    ("49 since the amendment, 40 concerned", FORTY, None, exactly(49), NEW, "co-operation-20-49"),
    ("49 before it", FORTY, None, exactly(49), OLD, "co-operation"),
    ("20 before it", facts(("layoff", 1)), None, exactly(20), OLD, "co-operation"),
    ("19 before it", FORTY, None, exactly(19), OLD, "none"),
    ("19 since", FORTY, None, exactly(19), NEW, "none"),
    ("20-49, 20 concerned", facts(("dismissal", 20)), None, exactly(30), NEW, "co-operation-20-49"),
    ("20-49, 19 concerned", facts(("dismissal", 19)), None, exactly(30), NEW, "none"),
    ("20-49, only short lay-offs", facts(("layoff", 30), days=90), None, exactly(30), NEW, "none"),
    ("20-49, lay-offs of unknown length", facts(("layoff", 30)), None, exactly(30), NEW, None),
    ("20-49, unknown number", facts(("dismissal", {"said": "at-most", "high": 25})), None, exactly(30), NEW, None),
    ("unknown headcount", FORTY, None, UNKNOWN, NEW, None),
    ("about the limit", FORTY, None, between(45, 55), NEW, None),
    ("a range above the limit", FORTY, None, between(50, 500), NEW, "co-operation"),
    ("at most 15", FORTY, None, Count(said="at-most", high=15), NEW, "none"),
    ("a city", FORTY, "Kaupunki", exactly(900), NEW, "municipal"),
    ("a wellbeing services county", FORTY, "hyvinvointialue", exactly(9), NEW, "municipal"),
    ("a co-operative is no municipality", FORTY, "Osuuskunta", exactly(60), NEW, "co-operation"),
    ("a housing company is no city", FORTY, "Bostadsaktiebolag", exactly(60), NEW, "co-operation"),
    ("a state agency", FORTY, "Valtion virasto", exactly(900), NEW, "state"),
    ("public, of which kind is not told", facts(("dismissal", 40), kind="public"), None, exactly(60), NEW, None),
    ("before the first act", FORTY, None, exactly(60), date(2007, 6, 30), None),
]


@pytest.mark.parametrize(
    ("found", "form", "headcount", "day", "regime"), [case[1:] for case in REGIMES], ids=[case[0] for case in REGIMES]
)
def test_which_act(found: Facts, form: str | None, headcount: Count, day: date, regime: str | None) -> None:
    ruling = negotiation_regime(found, form, headcount, day)
    assert ruling.value == regime
    assert ruling.reason
    assert ruling.source


PERIODS = [
    ("10 dismissals", facts(("dismissal", 10)), "long"),
    ("9 dismissals", facts(("dismissal", 9)), "short"),
    ("30 lay-offs of 90 days", facts(("layoff", 30), days=90), "short"),
    ("30 lay-offs of 91 days", facts(("layoff", 30), days=91), None),
    ("10 dismissals and lay-offs", facts(("dismissal", 10), ("layoff", 30)), "long"),
    ("at most 30", facts(("dismissal", {"said": "at-most", "high": 30})), None),
    ("nothing told", facts(), None),
]


@pytest.mark.parametrize(("found", "period"), [case[1:] for case in PERIODS], ids=[case[0] for case in PERIODS])
def test_which_period(found: Facts, period: str | None) -> None:
    ruling = negotiation_period(found)
    assert (ruling.value, ruling.certainty) == (period, "memory")


@pytest.mark.parametrize(
    ("people", "start", "end"),
    [
        (40, date(2025, 6, 30), date(2025, 8, 11)),
        (40, date(2025, 7, 1), date(2025, 7, 22)),
        (4, date(2025, 6, 30), date(2025, 7, 14)),
        (4, date(2025, 7, 1), date(2025, 7, 8)),
    ],
)
def test_the_day_on_which_talks_may_end(people: int, start: date, end: date) -> None:
    found = facts(("dismissal", people))
    regime = negotiation_regime(found, None, exactly(220), start)
    assert talks_end_earliest(regime, negotiation_period(found), start).value == end


def test_talks_of_a_municipality_kept_their_length() -> None:
    regime = negotiation_regime(FORTY, "kunta", UNKNOWN, NEW)
    ruling = talks_end_earliest(regime, negotiation_period(FORTY), date(2026, 3, 2))
    assert (ruling.value, ruling.certainty) == (date(2026, 4, 13), "memory")


def test_no_day_is_made_up() -> None:
    period = negotiation_period(FORTY)
    unknown = negotiation_regime(FORTY, None, UNKNOWN, NEW)
    assert talks_end_earliest(unknown, period, NEW).reason == "the headcount is not told"
    act = negotiation_regime(FORTY, None, exactly(60), NEW)
    assert talks_end_earliest(act, period, None).value is None
    assert talks_end_earliest(act, negotiation_period(facts()), NEW).value is None
    state = negotiation_regime(FORTY, "valtion virasto", UNKNOWN, NEW)
    assert talks_end_earliest(state, period, NEW).value is None


@pytest.mark.parametrize(
    ("planned", "required"),
    [(10, True), (9, False), ({"said": "at-most", "high": 9}, False), ({"said": "at-most", "high": 12}, None)],
)
def test_an_action_plan_is_due_from_ten_dismissals(planned: Any, required: bool | None) -> None:
    found = facts(("dismissal", planned))
    act: Ruling[Any] = negotiation_regime(found, None, exactly(220), DAY)
    assert plan_required(found, act).value is required
    assert dismissal_notice_due(found, DAY).value is required


def test_what_hangs_on_an_unknown_act_is_unknown() -> None:
    assert plan_required(FORTY, negotiation_regime(FORTY, None, UNKNOWN, DAY)).value is None
    assert plan_required(FORTY, negotiation_regime(FORTY, "kunta", UNKNOWN, DAY)).value is None
    assert dismissal_notice_due(FORTY, date(2018, 1, 1)).value is None


@pytest.mark.parametrize(
    ("planned", "establishment", "collective"),
    [
        (20, UNKNOWN, True),
        (19, UNKNOWN, None),
        (9, exactly(50), False),
        (10, exactly(21), True),
        (10, exactly(20), None),
        (10, exactly(99), True),
        (10, exactly(100), True),
        (15, exactly(150), True),
        (15, exactly(151), None),
        (15, between(90, 140), True),
        (12, between(90, 140), None),
        ({"said": "at-most", "high": 300}, exactly(50), None),
    ],
)
def test_collective_redundancy(planned: Any, establishment: Count, collective: bool | None) -> None:
    assert collective_redundancy(facts(("dismissal", planned)), establishment).value is collective


def test_the_thirty_days_after_the_notice_to_the_authority() -> None:
    assert standstill_until(date(2026, 2, 27)).value == date(2026, 3, 29)
    assert standstill_until(None).value is None
