"""Every service has a rule that some notice meets, or a written reason why it is never attached by itself."""

from datetime import date
from itertools import cycle, product
from typing import Any, get_args

import pytest

from hub.core.registry import FINLAND, Registry
from hub.data.load import load_registry
from schemas.notice import NEEDS
from schemas.offering import Offering, Segment
from tests.builders import DAY, a_condition, an_offering
from tests.hub.core.reaching import a_notice, offered, reached, unreachable

CONTENT = load_registry()
REGISTRY = Registry.of(3, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)
NEVER = {"R17", "D04", "D14", "A04"}
ATTACHED = [offering for offering in CONTENT.offerings if offering.never is None]


def with_offerings(*offerings: Offering) -> Registry:
    return Registry.of(4, CONTENT.areas, CONTENT.agencies, offerings)


def test_the_page_has_62_services_of_which_four_are_never_attached() -> None:
    assert (len(CONTENT.offerings), len(ATTACHED)) == (62, 58)
    assert {offering.code for offering in CONTENT.offerings} - {offering.code for offering in ATTACHED} == NEVER


@pytest.mark.parametrize("offering", ATTACHED, ids=lambda offering: offering.code)
def test_a_notice_reaches_the_service_with_every_condition_met(offering: Offering) -> None:
    assert reached(offering, REGISTRY)


@pytest.mark.parametrize(
    ("offering", "answer"),
    [(offering, answer) for offering in ATTACHED for answer in offering.answers],
    ids=lambda value: getattr(value, "code", value),
)
def test_each_answer_of_a_service_leads_to_it(offering: Offering, answer: str) -> None:
    alone = offering.model_copy(update={"answers": (answer,)})
    assert reached(alone, with_offerings(alone), with_open_conditions=True)


# Never by itself


@pytest.mark.parametrize("code", sorted(NEVER))
def test_a_service_that_is_never_attached_says_why(code: str) -> None:
    offering = REGISTRY.all_offerings[code]
    assert offering.never is not None
    assert offering.never.fi.strip()
    assert (offering.never.en or "").strip()
    assert not offering.answers


STAGES = ("negotiations", "decision", "dismissals", "closed", "withdrawn")
SITUATIONS: list[tuple[str, dict[str, Any]]] = [
    ("recruitment", {"hard_to_fill": True, "pay_subsidy": True, "eures": True, "trainable": True, "entrepreneur_posts": True}),
    *(("downsizing", {"stage": stage, "dismissals": 250, "layoffs": 30, "over_55": 3}) for stage in STAGES),
    *((subject, {"international": True, "investment_eur": 1}) for subject in ("development:staff", "development:business")),
    *((subject, {"international": True, "growth_plans": True}) for subject in ("development:starting", "development:expansion")),
    *((subject, {"company_age_years": 4}) for subject in ("development:location", "development:ownership-change")),
]
TOWNS = cycle(REGISTRY.municipalities_in(FINLAND, DAY))


@pytest.mark.parametrize(("situation", "told"), SITUATIONS, ids=[f"{name} {told.get('stage', '')}" for name, told in SITUATIONS])
def test_no_notice_is_offered_what_is_never_attached(situation: str, told: dict[str, Any]) -> None:
    codes = set[str]()
    for segment, need, employer in product((*get_args(Segment), None), (*NEEDS, None), ("company", "public", "starter")):
        more = {"segment": segment, "needs": (need,) if need else (), "employer_kind": employer}
        found = offered(a_notice(situation, told | more, next(TOWNS), DAY), REGISTRY, DAY)
        codes.update(service.code for service in found)
    assert codes
    assert not codes & NEVER


# The test itself: it finds what no notice can reach


def asks(*conditions: tuple[str, str, Any], **rule: Any) -> dict[str, Any]:
    return {"conditions": tuple(a_condition(*condition) for condition in conditions), **rule}


STAFF, LAYOFFS, HIRING = ("development:staff",), ("downsizing",), ("recruitment",)
CASES: list[tuple[str, tuple[str, ...], dict[str, Any], bool]] = [
    ("no condition", STAFF, {}, True),
    ("one number is left", STAFF, asks(("people_max", ">=", 10), ("people_max", "<=", 10)), True),
    ("numbers apart", STAFF, asks(("people_max", ">=", 10), ("people_max", "<", 10)), False),
    ("two ends of one number", STAFF, asks(("headcount_min", "<", 10), ("headcount_max", ">", 20)), False),
    ("a part larger than the whole", LAYOFFS, asks(("people_max", "<", 9), ("dismissals_max", ">=", 10)), False),
    ("yes and no", LAYOFFS, asks(("closure", "==", True), ("closure", "!=", True)), False),
    ("a segment that is excluded", STAFF, asks(("segment", "!=", "LARGE"), segments=("LARGE",)), False),
    ("a stage of a recruitment", HIRING, asks(("stage", "==", "closed")), False),
    ("a stage that the door lets in restricted only", LAYOFFS, asks(("stage", "==", "early-signal")), False),
    ("the same, restricted", LAYOFFS, asks(("stage", "==", "early-signal"), ("access_level", "==", "restricted")), True),
    ("its own need excluded", ("N_RND",), asks(("needs", "none-of", ["N_RND"])), False),
    ("a region that there is", STAFF, asks(("regions", "any-of", ["fi:maakunta:19"])), True),
    ("a region that there is not", STAFF, asks(("regions", "any-of", ["fi:maakunta:03"])), False),
    ("from a day on", STAFF, asks(("as_of", ">=", "2027-01-01")), True),
    ("after its last day", STAFF, asks(("as_of", ">=", "2027-01-01"), valid_to=date(2026, 12, 31)), False),
    ("ended before there were authorities", STAFF, {"valid_to": date(2011, 1, 1)}, False),
    ("given by agencies that are gone", STAFF, {"providers": ("ely",)}, False),
    ("an answer that nobody asks", ("development:nothing",), {}, False),
    ("no answer", (), {}, False),
]


@pytest.mark.parametrize(("answers", "rule", "reachable"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_no_notice_can_reach_is_found(answers: tuple[str, ...], rule: dict[str, Any], reachable: bool) -> None:
    offering = an_offering("X", answers=answers, **rule)
    assert unreachable(with_offerings(ATTACHED[0], offering)) == (set() if reachable else {"X"})


def test_one_service_of_the_page_that_contradicts_itself_is_found() -> None:
    young = a_condition("company_age_years", "<", 3)
    broken = [
        offering.model_copy(update={"conditions": (*offering.conditions, young)} if offering.code == "D16" else {})
        for offering in CONTENT.offerings
    ]
    assert unreachable(with_offerings(*broken)) == {"D16"}
