"""Which services are attached, why, what is left to check, who gives them, and who is told of them."""

from typing import Any

import pytest

from hub.core.enrichment import condition_holds, offerings, offers_for
from hub.core.facts import facts_of
from hub.core.registry import FINLAND, Registry
from hub.core.routing import route
from hub.data.load import load_registry
from schemas.messages import OfferedService
from schemas.offering import Offering
from tests.builders import (
    DAY,
    HELSINKI,
    TAMPERE,
    a_condition,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_small_registry,
    an_agency,
    an_offering,
    taken,
)

CONTENT = load_registry("fi")
FINNISH = Registry.of(3, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)


def offered(notice: dict[str, Any], registry: Registry | None = None) -> tuple[OfferedService, ...]:
    registry = registry or a_small_registry()
    event, read = taken(notice, registry=registry)
    return offerings(facts_of(read, registry, DAY), route(event, read, registry, DAY), registry, DAY)


def codes(notice: dict[str, Any], registry: Registry | None = None) -> set[str]:
    return {service.code for service in offered(notice, registry)}


def only(offering: Offering, notice: dict[str, Any]) -> tuple[OfferedService, ...]:
    base = a_small_registry()
    return offered(notice, Registry.of(8, base.areas.values(), base.all_agencies.values(), (offering,)))


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (a_downsizing_notice(), {"V01", "V03"}),
        (a_downsizing_notice(measures=[{"measure": "dismissal", "planned": 9}]), {"V01"}),
        (a_recruitment_notice(), {"R06"}),
        (a_recruitment_notice(hard_to_fill=False), set()),
        (a_development_notice(), {"D06"}),
        (a_development_notice(subject="business"), set()),
    ],
)
def test_a_service_needs_an_answer_and_no_broken_condition(notice: dict[str, Any], expected: set[str]) -> None:
    assert codes(notice) == expected


def test_a_condition_met_is_a_reason_and_an_unknown_one_is_left_to_check() -> None:
    (met,) = offered(a_recruitment_notice())
    assert [why.en for why in met.why] == ["The employer recruits", "hard_to_fill == True (en)"]
    assert met.to_check == ()
    (unknown,) = offered(a_recruitment_notice(hard_to_fill=None))
    assert [why.en for why in unknown.why] == ["The employer recruits"]
    assert [check.sv for check in unknown.to_check] == ["hard_to_fill == True (sv)"]


def test_segments_are_respected_when_known_and_checked_when_not() -> None:
    offering = an_offering("D03", answers=("recruitment",), segments=("LARGE",))
    assert only(offering, a_recruitment_notice()) == ()
    assert len(only(offering, a_recruitment_notice(employer={"segment": "LARGE"}))) == 1
    (service,) = only(offering, a_recruitment_notice(employer={"segment": None}))
    assert "segment" in str(service.to_check[0].en)


def test_what_is_for_every_segment_asks_for_none() -> None:
    (service,) = only(an_offering("D02", answers=("recruitment",)), a_recruitment_notice(employer={"segment": None}))
    assert service.to_check == ()


@pytest.mark.parametrize("line", ["line-1", "line-2", None])
def test_the_line_that_gives_the_service_is_told(line: str | None) -> None:
    (service,) = only(an_offering("V01", answers=("recruitment",), line=line), a_recruitment_notice())
    assert service.line == line


def test_the_need_that_it_answers_is_the_reason() -> None:
    (service,) = only(an_offering("D10", answers=("N_PREMISES", "development")), a_development_notice())
    assert [why.en for why in service.why] == ["The employer's need: N_PREMISES"]
    (service,) = only(an_offering("D10", answers=("development", "N_PREMISES")), a_development_notice())
    assert [why.en for why in service.why] == ["The employer develops"]


def test_a_service_that_is_never_attached_is_not_even_if_it_answers() -> None:
    never = an_offering("X01", answers=("recruitment",)).model_copy(update={"never": an_offering("X").names})
    assert only(never, a_recruitment_notice()) == ()


@pytest.mark.parametrize(("op", "value"), [("!=", "early-signal"), ("not-in", ["early-signal", "closed"])])
def test_a_stage_asks_nothing_of_a_notice_without_stages(op: str, value: Any) -> None:
    offering = an_offering("V07", answers=("recruitment",), conditions=(a_condition("stage", op, value),))
    (service,) = only(offering, a_recruitment_notice())
    assert (len(service.why), service.to_check) == (1, ())
    staged = an_offering("V07", answers=("recruitment",), conditions=(a_condition("stage", "==", "closed"),))
    (service,) = only(staged, a_recruitment_notice())
    assert [check.en for check in service.to_check] == ["stage == closed (en)"]


# Who gives it


def test_every_agency_that_gives_it_where_it_happens_is_named() -> None:
    found = offered(a_downsizing_notice(workplaces=[{"area": TAMPERE}, {"area": HELSINKI}]))
    assert [(service.code, service.provider) for service in found] == [
        ("V01", "ta-08"), ("V01", "ta-39"), ("V03", "ta-08"), ("V03", "ta-39"),
    ]  # fmt: skip


def test_a_service_that_no_agency_gives_there_is_not_offered() -> None:
    offering = an_offering("D09", answers=("recruitment",), providers=("development-company",))
    assert only(offering, a_recruitment_notice(workplaces=[{"area": HELSINKI}])) == ()
    assert len(only(offering, a_recruitment_notice())) == 1


def test_a_service_given_outside_the_hub_has_no_provider() -> None:
    (service,) = only(an_offering("V09", answers=("recruitment",), providers=("employer",)), a_recruitment_notice())
    assert service.provider is None


@pytest.mark.parametrize("providers", [("employment-area", "employer", "evk"), ("evk", "employment-area", "national-phone")])
def test_the_agencies_that_give_it_are_named_by_id_before_anyone_outside(providers: tuple[str, ...]) -> None:
    found = only(an_offering("V09", answers=("recruitment",), providers=providers), a_recruitment_notice())
    assert [service.provider for service in found] == ["evk-04", "ta-39"]


def test_in_the_whole_country_only_national_agencies_give_services() -> None:
    found = offered(a_development_notice(workplaces=[{"area": FINLAND}]), FINNISH)
    assert {"finnvera", "business-finland"} <= {service.provider for service in found}
    assert not any(str(service.provider).startswith(("ta-", "evk-")) for service in found)


# Who is told


def test_an_authority_is_told_of_all_but_other_authorities_services() -> None:
    found = offered(a_downsizing_notice(workplaces=[{"area": TAMPERE}, {"area": HELSINKI}]), FINNISH)
    told = {service.provider for service in offers_for(FINNISH.agency("ta-39"), found, "authority", FINNISH)}
    assert "ta-39" in told
    assert "ta-08" not in told
    assert {"business-tampere", "helsinki-partners"} <= told


@pytest.mark.parametrize(("agency", "purpose"), [("evk-04", "authority"), ("business-tampere", "partner")])
def test_others_are_told_of_their_own_services(agency: str, purpose: str) -> None:
    found = offered(a_development_notice(), FINNISH)
    told = offers_for(FINNISH.agency(agency), found, purpose, FINNISH)
    assert {service.provider for service in told} == {agency}


def test_statistics_and_strangers_are_told_of_none() -> None:
    found = offered(a_downsizing_notice())
    assert offers_for(an_agency("ta-39"), found, "statistics", a_small_registry()) == ()
    assert offers_for(None, found, "authority", a_small_registry()) == ()


# Conditions

FACTS = {"people_max": 10, "needs": ("N_START", "N_FUNDING"), "segment": "LOCAL", "as_of": "2026-03-02", "eures": None}


@pytest.mark.parametrize(
    ("field", "op", "value", "holds"),
    [
        ("people_max", ">=", 10, True),
        ("people_max", ">", 10, False),
        ("people_max", "<=", 10, True),
        ("people_max", "<", 10, False),
        ("segment", "==", "LOCAL", True),
        ("segment", "!=", "LOCAL", False),
        ("segment", "in", ["LOCAL", "LARGE"], True),
        ("segment", "not-in", ["LOCAL"], False),
        ("needs", "any-of", ["N_START", "N_RND"], True),
        ("needs", "any-of", ["N_RND"], False),
        ("needs", "none-of", ["N_START"], False),
        ("needs", "none-of", ["N_RND"], True),
        ("as_of", ">=", "2025-07-01", True),
        ("eures", "==", True, None),
        ("no_such_fact", "==", True, None),
        ("segment", ">=", 3, None),
    ],
)
def test_conditions(field: str, op: str, value: Any, holds: bool | None) -> None:
    assert condition_holds(a_condition(field, op, value), FACTS) is holds


# The real catalogue, by hand from domain 5

SMALL_DOWNSIZING = a_downsizing_notice(measures=[{"measure": "layoff", "planned": 4, "duration_days": 60}])


@pytest.mark.parametrize(
    ("notice", "there", "not_there"),
    [
        (a_downsizing_notice(), {"V01", "V02", "V03", "V04", "V06", "V09"}, {"V08", "V10", "V11", "V12", "R01", "A01"}),
        (SMALL_DOWNSIZING, {"V01", "V08"}, {"V02", "V03", "V06"}),
        (a_downsizing_notice(bankruptcy=True), {"V01", "V10"}, {"D01", "V05"}),
        (a_downsizing_notice(measures=[{"measure": "dismissal", "planned": 240}]), {"V11", "V12"}, set()),
        (a_recruitment_notice(), {"R01", "R02", "R03", "R06"}, {"R17", "V01"}),
        (a_recruitment_notice(fulfilment=["self-service"]), {"R01"}, {"R02"}),
        (
            a_development_notice(subject="starting", employer={"founded_on": "2025-06-01", "segment": "STARTING"}),
            {"A01", "A03", "A07"},
            {"D16"},
        ),
        (a_development_notice(), {"D06", "D09", "D10", "D17"}, {"D14", "A04", "R01"}),
    ],
)
def test_services_of_the_page(notice: dict[str, Any], there: set[str], not_there: set[str]) -> None:
    found = codes(notice, FINNISH)
    assert there <= found
    assert not found & not_there
