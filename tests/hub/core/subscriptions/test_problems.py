"""What is wrong with a filter is said at once, each thing at its clause."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hub.core.subscriptions.problems import LOOKED_AT, not_permitted, problems, remarks, seen_by
from hub.core.views import ALLOWED
from schemas.agency import Agency
from schemas.subscription import CLAUSES, MOST_ALTERNATIVES, MOST_EMPLOYERS
from tests.builders import DAY, HELSINKI, TAMPERE, an_agency
from tests.hub.core.subscriptions.asking import REGISTRY, a_filter


def agency(id: str = "ta-39") -> Agency:
    found = REGISTRY.agency(id)
    assert found is not None
    return found


def found(id: str = "ta-39", day: date = DAY, **clauses: Any) -> list[tuple[str, str]]:
    return [(one.place, one.rule) for one in problems(a_filter(**clauses), agency(id), REGISTRY, day)]


GOOD: list[dict[str, Any]] = [
    {},
    {"kind": ["downsizing"], "stage": ["negotiations"]},
    {"stage": ["closed"]},
    {"kind": ["recruitment", "downsizing"], "stage": ["closed"]},
    {"area": [TAMPERE, "fi:maakunta:06", "us:state:AZ", "fi:maa:FI"]},
    {"industry": ["C", "28", "28.99", "28990"]},
    {"occupation": ["0", "01", "0110", "7212"]},
    {"size": [{"least": 250}], "count": [{"least": 0, "most": 0}, {"most": 9}]},
    {"employer": ["0112038-9", "fi:0112038-9", "se:123456-7897", "de:HRB.1", "ref:ta-39:S-17"]},
    {"need": ["N_RECRUIT"], "language": ["fi", "sv", "sme"]},
]
BAD: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("a reversed range", {"count": [{"least": 1}, {"least": 9, "most": 8}]}, [("/filter/count/1", "never-matches")]),
    ("a reversed size", {"size": [{"least": 9, "most": 8}]}, [("/filter/size/0", "never-matches")]),
    ("a stage of what has none", {"kind": ["recruitment"], "stage": ["closed"]}, [("/filter/stage", "never-matches")]),
    ("an unknown area", {"area": [TAMPERE, "fi:kunta:999"]}, [("/filter/area/1", "unknown-area")]),
    ("an area that is no more", {"area": ["fi:kunta:289"]}, [("/filter/area/0", "area-not-in-force")]),
    ("an area without a place", {"area": ["fi:maakunta:19"]}, [("/filter/area/0", "never-matches")]),
    ("an unknown division", {"industry": ["28", "34.1"]}, [("/filter/industry/1", "unknown-industry")]),
    ("a division of TOL 2008", {"industry": ["45"]}, [("/filter/industry/0", "unknown-industry")]),
    ("an unknown occupation", {"occupation": ["110"]}, [("/filter/occupation/0", "unknown-occupation")]),
    ("an unknown need", {"need": ["N_MONEY"]}, [("/filter/need/0", "unknown-need")]),
    ("a wrong check digit", {"employer": ["0112038-9", "0112038-8"]}, [("/filter/employer/1", "business-id")]),
    ("no Business ID", {"employer": ["fi:x"]}, [("/filter/employer/0", "business-id")]),
    ("a wrong number abroad", {"employer": ["se:123456-7898"]}, [("/filter/employer/0", "foreign-number")]),
    ("a country that is none", {"employer": ["uk:1"]}, [("/filter/employer/0", "unknown-country")]),
    ("a Swede's personal number", {"employer": ["se:121212-1212"]}, [("/filter/employer/0", "personal-code")]),
    ("a reference of nobody", {"employer": ["ref:nobody:1"]}, [("/filter/employer/0", "unknown-employer")]),
    ("too many areas", {"area": [TAMPERE] * (MOST_ALTERNATIVES + 1)}, [("/filter/area", "too-costly")]),
    ("too many employers", {"employer": ["0112038-9"] * (MOST_EMPLOYERS + 1)}, [("/filter/employer", "too-costly")]),
]  # fmt: skip


@pytest.mark.parametrize("clauses", GOOD, ids=lambda clauses: "+".join(clauses) or "everything")
def test_a_filter_that_can_stand(clauses: dict[str, Any]) -> None:
    assert found(**clauses) == []


@pytest.mark.parametrize(("clauses", "wanted"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_filter_that_cannot_stand_is_told_with_the_clause(clauses: dict[str, Any], wanted: list[tuple[str, str]]) -> None:
    assert found(**clauses) == wanted


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = found(kind=["recruitment"], stage=["closed"], area=["fi:kunta:289"], count=[{"least": 2, "most": 1}])
    assert [place for place, _ in wrong] == ["/filter/stage", "/filter/area/0", "/filter/count/0"]


def test_as_many_as_are_allowed_are_allowed() -> None:
    assert found(area=[TAMPERE] * MOST_ALTERNATIVES, employer=["0112038-9"] * MOST_EMPLOYERS) == []


@pytest.mark.parametrize(
    "clauses",
    [
        {"kind": []},
        {"kind": ["layoff"]},
        {"count": [{}]},
        {"count": [{"least": -1}]},
        {"count": [{"least": 9_999_999}]},
        {"count": [{"least": 1, "more": 2}]},
        {"industry": ["2"]},
        {"area": ["837"]},
        {"employer": ["0112038"]},
        {"headcount": [{"least": 1}]},
    ],
)
def test_a_filter_that_is_none(clauses: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_filter(**clauses)


# Rights


def test_every_clause_looks_at_fields_that_are_decided() -> None:
    assert set(LOOKED_AT) == set(CLAUSES)
    assert all(fields <= ALLOWED["authority"] for fields in LOOKED_AT.values())


def test_who_may_not_see_a_field_may_not_ask_for_it() -> None:
    assert found("business-tampere", size=[{"least": 250}], area=[TAMPERE]) == [("/filter/size", "not-permitted")]
    assert found("evk-04", size=[{"least": 250}]) == []
    nobody = an_agency("nobody", ring="none")
    everything = a_filter(
        kind=["downsizing"], stage=["closed"], area=[TAMPERE], industry=["C"], occupation=["7"], size=[{"least": 1}],
        count=[{"least": 1}], need=["N_REDUCE"], employer=["0112038-9"], language=["fi"],
    )  # fmt: skip
    refused = {one.place.removeprefix("/filter/") for one in not_permitted(everything, nobody)}
    assert refused == {"stage", "occupation", "size", "need", "employer", "language"}


def test_an_agency_sees_what_its_best_role_sees() -> None:
    assert seen_by(agency("ta-39")) == ALLOWED["authority"]
    assert seen_by(agency("fallback")) == ALLOWED["authority"]
    assert seen_by(agency("az-des")) == ALLOWED["partner"]


# Remarks


def noted(id: str = "ta-39", day: date = DAY, **clauses: Any) -> list[tuple[str, str]]:
    return [(one.place, one.rule) for one in remarks(a_filter(**clauses), agency(id), REGISTRY, day)]


def test_an_area_outside_the_territory_is_allowed_and_noted() -> None:
    """A notice that names Tampere may name Helsinki too."""
    assert found(area=[HELSINKI]) == []
    assert noted(area=[TAMPERE, HELSINKI, "fi:maakunta:06", "fi:maa:FI"]) == [("/filter/area/1", "outside-territory")]
    assert noted("tem", area=[HELSINKI]) == []


def test_a_need_of_another_kind_is_allowed_and_noted() -> None:
    """One contact with an employer is one notice: who recruits may need training, too."""
    assert found(kind=["recruitment"], need=["N_STAFF_DEV"]) == []
    assert noted(kind=["recruitment"], need=["N_RECRUIT", "N_STAFF_DEV"]) == [("/filter/need/1", "need-of-another-kind")]
    assert noted(need=["N_STAFF_DEV"]) == []


def test_an_area_is_judged_by_the_day() -> None:
    last = date(2000, 12, 31)
    assert found(day=last, area=["fi:kunta:289"]) == []
    assert found(day=last + timedelta(days=1), area=["fi:kunta:289"]) == [("/filter/area/0", "area-not-in-force")]
