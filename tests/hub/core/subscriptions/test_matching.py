"""What meets a filter, clause by clause, and to whom later steps go."""

from datetime import date
from typing import Any

import pytest

from hub.core.registry import Registry
from hub.core.subscriptions.matching import asked_by, followed, meets
from hub.core.subscriptions.told import EMPTY, told_in
from hub.core.views import stub
from tests.builders import (
    DAY,
    HELSINKI,
    KANGASALA,
    LAPPI,
    TAMPERE,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    an_event,
)
from tests.hub.core.subscriptions.asking import REGISTRY, a_copy, a_filter, codes, judged

DOWNSIZING, RECRUITMENT, DEVELOPMENT = (
    a_copy(notice) for notice in (a_downsizing_notice(), a_recruitment_notice(), a_development_notice())
)

MET: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("kind", DOWNSIZING, ["downsizing", "development"], ["recruitment"]),
    ("stage", DOWNSIZING, ["negotiations"], ["decision", "closed"]),
    ("area", DOWNSIZING, [TAMPERE, HELSINKI], [HELSINKI]),
    ("area", DOWNSIZING, ["fi:maakunta:06"], ["fi:maakunta:01", KANGASALA, LAPPI]),
    ("area", DOWNSIZING, ["fi:maa:FI"], ["us:state:AZ"]),
    ("industry", DOWNSIZING, ["28"], ["29"]),
    ("industry", DOWNSIZING, ["28.99"], ["28.991", "28.9901"]),
    ("industry", DOWNSIZING, ["C"], ["D"]),
    ("occupation", RECRUITMENT, ["72", "1"], ["71", "2"]),
    ("occupation", DOWNSIZING, ["7212"], ["7213"]),
    ("size", DOWNSIZING, [{"least": 220, "most": 220}], [{"least": 221}, {"most": 219}]),
    ("count", DOWNSIZING, [{"least": 40}], [{"least": 41}, {"most": 39}]),
    ("count", RECRUITMENT, [{"least": 500}, {"most": 40}], [{"most": 39}]),
    ("need", RECRUITMENT, ["N_RECRUIT_HARD"], ["N_STAFF_DEV"]),
    ("need", DEVELOPMENT, ["N_PREMISES"], ["N_FUNDING"]),
    ("need", DEVELOPMENT, ["N_EXPANSION"], ["N_TAKEOVER"]),
    ("employer", DOWNSIZING, ["9000000-3"], ["9000001-1", "ref:ta-39:1"]),
    ("employer", DOWNSIZING, ["fi:9000000-3", "se:123456-7897"], ["se:123456-7897"]),
    ("language", DOWNSIZING, ["sv", "fi"], ["sv"]),
]


@pytest.mark.parametrize(("clause", "told", "met", "not_met"), MET, ids=[f"{row[0]}-{row[2][0]}" for row in MET])
def test_one_alternative_of_a_clause_is_enough(clause: str, told: Any, met: list[Any], not_met: list[Any]) -> None:
    assert codes(told, **{clause: met}) == {clause: "met"}
    assert codes(told, **{clause: not_met}) == {clause: "not-met"}
    assert judged(told, **{clause: met}).matches
    assert not judged(told, **{clause: not_met}).matches


def test_every_clause_has_to_hold() -> None:
    clauses = {"kind": ["downsizing"], "area": [TAMPERE], "count": [{"least": 10}]}
    assert judged(DOWNSIZING, **clauses).code == "met"
    told = judged(DOWNSIZING, **clauses | {"area": [HELSINKI]})
    assert (told.matches, told.code) == (False, "not-met")
    assert [(one.clause, one.met) for one in told.clauses] == [("kind", True), ("area", False), ("count", True)]


def test_a_filter_without_clauses_takes_everything_that_has_content() -> None:
    assert all(judged(told).matches for told in (DOWNSIZING, RECRUITMENT, DEVELOPMENT))
    assert judged(EMPTY).code == "no-content"


@pytest.mark.parametrize(
    ("said", "asked", "code"),
    [
        (40, {"least": 40}, "met"),
        ({"said": "about", "low": 40, "high": 40}, {"least": 41}, "not-met"),
        ({"said": "range", "low": 30, "high": 60}, {"least": 50}, "may-be"),
        ({"said": "range", "low": 30, "high": 60}, {"least": 30, "most": 60}, "met"),
        ({"said": "range", "low": 30, "high": 60}, {"least": 61}, "not-met"),
        ({"said": "at-most", "high": 40}, {"least": 40}, "may-be"),
        ({"said": "at-most", "high": 40}, {"least": 41}, "not-met"),
        ({"said": "at-least", "low": 10}, {"least": 500}, "may-be"),
        ({"said": "at-least", "low": 10}, {"most": 9}, "not-met"),
        ({"said": "unknown"}, {"least": 10}, "may-be"),
        ({"said": "unknown"}, {"least": 10, "unknown": False}, "not-told"),
        ({"said": "at-least", "low": 10}, {"least": 500, "unknown": False}, "may-be"),
    ],
)
def test_a_number_that_is_not_exact_matches_where_it_may_lie(said: Any, asked: dict[str, Any], code: str) -> None:
    told = a_copy(a_recruitment_notice(posts=said, occupations=[{"isco": "7212"}]))
    assert codes(told, count=[asked]) == {"count": code}
    assert judged(told, count=[asked]).matches == (code in ("met", "may-be"))


def test_posts_that_are_told_by_occupation_only_are_summed() -> None:
    told = a_copy(a_recruitment_notice(posts=None, occupations=[{"isco": "7212", "count": 4}, {"isco": "7213", "count": 5}]))
    assert codes(told, count=[{"least": 9, "most": 9}]) == {"count": "met"}


def test_what_a_copy_does_not_tell_meets_no_clause_that_asks_for_it() -> None:
    plain = a_copy(a_development_notice())
    assert codes(plain, industry=["28"], occupation=["7"], stage=["closed"]) == {
        "industry": "not-told",
        "occupation": "not-told",
        "stage": "not-told",
    }
    older = a_copy(a_downsizing_notice(employer={"industry": {"code": "28.990", "edition": "TOL2008"}}))
    assert codes(older, industry=["28"]) == {"industry": "other-edition"}
    assert not judged(older, industry=["28"]).matches


def test_a_copy_without_any_place_meets_no_area_and_every_filter_that_asks_for_none() -> None:
    nowhere = told_in({"notice": {"kind": "recruitment", "posts": 40}}, "fi:9000001-1", REGISTRY)
    for area in (LAPPI, HELSINKI, "fi:maa:FI"):
        assert codes(nowhere, area=[area]) == {"area": "not-told"}
        assert not meets(asked_by(a_filter(area=[area]), REGISTRY, DAY), nowhere)
    assert meets(asked_by(a_filter(kind=["recruitment"]), REGISTRY, DAY), nowhere)


def test_what_was_cut_from_a_copy_no_filter_finds() -> None:
    """A partner sees no headcount, and not where people live."""
    homes = a_downsizing_notice(homes=[{"area": HELSINKI, "count": 3}])
    seen, cut = a_copy(homes), a_copy(homes, "partner")
    assert codes(seen, size=[{"least": 200, "unknown": False}], area=[HELSINKI]) == {"size": "met", "area": "met"}
    assert codes(cut, size=[{"least": 200, "unknown": False}], area=[HELSINKI]) == {"size": "not-told", "area": "not-met"}
    nobody = a_copy(homes, "statistics")
    assert codes(nobody, employer=["9000000-3"], language=["fi"]) == {"employer": "not-told", "language": "not-told"}


def test_a_place_known_only_by_a_wider_area_is_not_one_of_its_towns() -> None:
    told = a_copy(a_recruitment_notice(workplaces=[{"area": "fi:maakunta:06"}]))
    assert codes(told, area=["fi:maakunta:06"]) == {"area": "met"}
    assert codes(told, area=[TAMPERE]) == {"area": "not-met"}


def test_a_merged_town_is_found_in_what_it_became_and_its_subscription_goes_on() -> None:
    told = a_copy(a_recruitment_notice(workplaces=[{"area": "fi:kunta:289"}], historic=True))
    assert codes(told, area=["fi:maakunta:06"]) == {"area": "met"}
    assert codes(a_copy(a_recruitment_notice()), area=["fi:kunta:289"]) == {"area": "met"}


def test_areas_are_as_of_the_day() -> None:
    """Until its last day the old town is itself, afterwards it is the one that it was merged into."""
    filter = a_filter(area=["fi:kunta:289"])
    tampere = a_copy(a_recruitment_notice())
    assert not meets(asked_by(filter, REGISTRY, date(2000, 12, 31)), tampere)
    assert meets(asked_by(filter, REGISTRY, date(2001, 1, 1)), tampere)


@pytest.mark.parametrize("written", ["se:1234567897", "se:123456-7897", "se:SE123456789701"])
def test_an_employer_abroad_is_asked_for_however_its_number_is_written(written: str) -> None:
    abroad = {"business_id": None, "foreign": {"country": "se", "number": "123456-7897"}}
    assert codes(a_copy(a_recruitment_notice(employer=abroad)), employer=[written]) == {"employer": "met"}


def test_what_is_no_notice_at_all_is_empty_and_never_an_error() -> None:
    registry = Registry.of(0, (), (), ())
    odd: list[Any] = [{}, {"notice": None}, {"notice": []}, {"notice": {"kind": 7}}, {"notice": {}}]
    assert all(told_in(copy, None, registry).empty for copy in odd)
    wild = {
        "kind": "downsizing",
        "employer": [],
        "workplaces": {"area": 1},
        "measures": [3, {"planned": {"said": "x"}}],
        "needs": [{}],
    }
    told = told_in({"notice": wild}, None, registry)
    assert told.words["kind"] == {"downsizing"}
    assert told.numbers["count"].said == "unknown"
    assert told_in({"notice": {"kind": "other", "posts": True}}, "fi:x", registry).words["employer"] == frozenset()


# Later steps


def steps(*notices: Any) -> list[Any]:
    return [EMPTY if notice is None else a_copy(a_recruitment_notice(posts=notice)) for notice in notices]


@pytest.mark.parametrize(
    ("posts", "goes"),
    [
        ((40, None), (True, True)),
        ((5, None), (False, False)),
        ((5, 40, None), (False, True, True)),
        ((40, 5, None), (True, True, True)),
        ((None, 40), (False, True)),
    ],
)
def test_whoever_got_a_step_gets_every_later_one(posts: tuple[int | None, ...], goes: tuple[bool, ...]) -> None:
    asked = asked_by(a_filter(count=[{"least": 10}]), REGISTRY, DAY)
    assert tuple(followed(asked, steps(*posts))) == goes


@pytest.mark.parametrize("step", ["withdrawal", "moved", "correction"])
def test_a_stub_goes_to_whoever_got_an_earlier_step_and_to_nobody_else(step: str) -> None:
    event = an_event(a_recruitment_notice(), type=step, step=2)
    told = told_in({"notice": stub(event)}, event.employer_key, REGISTRY)
    assert judged(told, had=True, kind=["downsizing"]).model_dump() == {"matches": True, "code": "had-before", "clauses": ()}
    assert judged(told, had=False).model_dump() == {"matches": False, "code": "no-content", "clauses": ()}


def test_the_end_of_an_alert_is_a_step_without_content() -> None:
    """`hub.core.alerts` names the notice and nothing else where the notice itself goes on."""
    assert told_in({"stage": "ended", "notice": {"id": "D-1", "source": "s"}}, "fi:9000000-3", REGISTRY) == EMPTY


def test_a_correction_below_what_is_asked_for_says_why_it_comes_all_the_same() -> None:
    told = judged(a_copy(a_recruitment_notice(posts=3)), had=True, count=[{"least": 10}])
    assert (told.matches, told.code, told.clauses[0].code) == (True, "had-before", "not-met")


# Words


def test_a_verdict_is_told_in_three_languages() -> None:
    told = judged(DOWNSIZING, area=[HELSINKI, LAPPI], count=[{"least": 50, "most": 99}], size=[{"least": 100}])
    area, size, count = (one.words for one in told.clauses)
    assert area.en is not None
    assert area.en.startswith("Area: ")
    assert "Tampere (fi:kunta:837)" in area.en
    assert area.en.endswith(f"asked for is Helsinki ({HELSINKI}), {LAPPI}")
    assert size.fi == "Yrityksen henkilöstö: 220 kuuluu tilaukseen"
    assert count.sv == "Antal personer: 40, men prenumerationen gäller 50–99"


def test_many_names_are_counted() -> None:
    told = judged(DOWNSIZING, employer=[f"ref:ta-39:{number}" for number in range(8)])
    assert str(told.clauses[0].words.en).endswith(" +3")
