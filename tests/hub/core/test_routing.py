"""Who is told and why; what is kept, held or nobody's."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.registry import FINLAND, Registry
from hub.core.routing import with_former
from hub.data.load import load_registry
from tests.builders import (
    AT,
    DAY,
    HELSINKI,
    KANGASALA,
    LAPPI,
    TAMPERE,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_small_registry,
)
from tests.hub.core.deciding import only, routed, told, with_agency

CONTENT = load_registry("fi")
FINNISH = Registry.of(3, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)
TOWNS = FINNISH.municipalities_in(FINLAND, DAY)


# Territory


def test_a_large_downsizing_reaches_the_own_area_and_the_group() -> None:
    found = routed(a_downsizing_notice())
    assert found.outcome == "routed"
    assert told(found) == {"ta-39": ["workplace-area"], "evk-04": ["takes-kind"]}
    assert (found.registry_revision, found.decided_as_of, found.step) == (7, AT, 1)


def test_below_significance_it_stays_with_the_own_area() -> None:
    found = routed(a_downsizing_notice(measures=[{"measure": "dismissal", "planned": 3}]))
    assert (found.outcome, found.significance) == ("kept", ())
    assert told(found) == {"ta-39": ["workplace-area"]}
    assert found.outcome_reason is not None
    assert found.outcome_reason.en == "Below the limit of significance"


def test_the_authority_of_every_workplace_is_told_once() -> None:
    places = [{"area": area} for area in (HELSINKI, TAMPERE, KANGASALA)]
    found = routed(a_downsizing_notice(workplaces=places))
    assert told(found) == {"ta-08": ["workplace-area"], "ta-39": ["workplace-area"], "evk-04": ["takes-kind"]}
    assert only(found, "ta-39").why[0].detail.en == "Area of the workplace: Tampere, Kangasala"


def test_a_measure_that_names_another_place_counts_as_a_workplace() -> None:
    measures = [{"measure": "dismissal", "planned": 2, "area": HELSINKI}]
    assert "ta-08" in told(routed(a_downsizing_notice(measures=measures)))


def test_the_authorities_of_the_homes_are_told() -> None:
    found = routed(a_downsizing_notice(homes=[{"area": HELSINKI, "count": 3}, {"area": KANGASALA, "count": 4}]))
    assert told(found)["ta-08"] == ["home-municipality"]
    assert told(found)["ta-39"] == ["workplace-area", "home-municipality"]


def test_a_home_that_is_told_twice_is_named_once() -> None:
    homes = [{"area": HELSINKI, "count": 3}, {"area": HELSINKI, "count": 4}]
    assert only(routed(a_downsizing_notice(homes=homes)), "ta-08").why[0].detail.en == "Home municipality: Helsinki"


def test_authorities_of_the_workplaces_come_first_whatever_else_concerns_them() -> None:
    places = [{"area": TAMPERE}, {"area": HELSINKI}]
    found = routed(a_downsizing_notice(workplaces=places, homes=[{"area": HELSINKI, "count": 3}]))
    assert list(told(found)) == ["ta-08", "ta-39", "evk-04"]


def test_where_only_a_region_is_known_all_inside_it_are_told() -> None:
    found = routed(a_development_notice(workplaces=[{"area": "fi:maakunta:06"}]), FINNISH)
    assert {"ta-06", "ta-21", "ta-39", "evk-04", "business-tampere"} <= set(told(found))


def test_many_places_are_named_up_to_five() -> None:
    places = [{"area": code} for code in FINNISH.municipalities_in("fi:tyollisyysalue:39", DAY)]
    detail = only(routed(a_recruitment_notice(workplaces=places), FINNISH), "ta-39").why[0].detail
    assert detail.en is not None
    assert detail.en.endswith(f" +{len(places) - 5}")


@given(st.sampled_from(TOWNS), st.sampled_from([a_downsizing_notice, a_recruitment_notice, a_development_notice]))
def test_every_municipality_gets_its_authority(town: str, notice: Any) -> None:
    found = routed(notice(workplaces=[{"area": town}]), FINNISH)
    (authority,) = FINNISH.authorities_for(town, DAY)
    assert found.recipients[0].agency == authority.id
    assert found.recipients[0].why[0].role == "own-area"


# Interest


def test_partners_are_told_of_the_needs_that_they_take() -> None:
    assert told(routed(a_recruitment_notice()))["takk"] == ["takes-need"]
    assert "business-tampere" not in told(routed(a_recruitment_notice()))
    found = routed(a_development_notice())
    assert told(found) == {
        "ta-39": ["workplace-area"],
        "evk-04": ["takes-kind"],
        "finnvera": ["takes-need"],
        "business-tampere": ["takes-need"],
    }
    assert only(found, "finnvera").why[0].detail.en == "Takes the need: N_INVEST, Tampere"


def test_every_place_in_which_an_agency_takes_it_is_named() -> None:
    found = routed(a_downsizing_notice(workplaces=[{"area": TAMPERE}, {"area": KANGASALA}]))
    assert only(found, "evk-04").why[0].detail.en == "Takes the kind: downsizing, Tampere, Kangasala"


def test_partners_of_other_places_are_not_told() -> None:
    found = told(routed(a_recruitment_notice(workplaces=[{"area": KANGASALA}])))
    assert found == {"ta-39": ["workplace-area"]}


def test_a_significant_notice_that_nobody_else_takes_says_so() -> None:
    found = routed(a_recruitment_notice(workplaces=[{"area": KANGASALA}]))
    assert (found.outcome, found.significance) == ("routed", ("posts-10", "hard-to-fill"))
    assert found.outcome_reason is not None
    assert found.outcome_reason.en == "No other agency takes this in this area"


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"significant": False}, "kept", "An expert ticked it as not significant"),
        ({"access": {"level": "restricted"}}, "routed", "Restricted to responsible authorities"),
        ({"stage": "early-signal", "access": {"level": "restricted"}}, "routed", "The consent reaches no further"),
    ],
)
def test_what_bounds_a_notice_is_said(changes: dict[str, Any], outcome: str, reason: str) -> None:
    found = routed(a_downsizing_notice(**changes))
    assert (found.outcome, found.outcome_reason and found.outcome_reason.en) == (outcome, reason)
    assert set(told(found)) == {"ta-39"}


def test_a_need_of_another_kind_reaches_who_takes_that_kind() -> None:
    """One contact with an employer is one notice, with needs of several kinds (domain, fact 5)."""
    found = routed(a_recruitment_notice(needs=[{"code": "N_STAFF_DEV"}]))
    assert told(found)["evk-04"] == ["takes-need"]
    assert "evk-04" not in told(routed(a_recruitment_notice()))


@pytest.mark.parametrize(
    "notice",
    [
        a_downsizing_notice(needs=[{"code": "N_INVEST"}]),
        a_downsizing_notice(needs=[{"code": "N_INVEST"}], bankruptcy=True),
        a_development_notice(employer={"in_difficulty": True}),
    ],
)
def test_finnvera_does_not_hear_of_downsizing_or_trouble_by_routing(notice: dict[str, Any]) -> None:
    assert "finnvera" not in told(routed(notice))


def test_a_hundred_dismissals_reach_the_ministry() -> None:
    assert "tem" in told(routed(a_downsizing_notice(measures=[{"measure": "dismissal", "planned": 100}])))


def test_a_partner_whose_agreement_ran_out_is_not_told() -> None:
    takk = a_small_registry().agency("takk")
    assert takk is not None
    ended = takk.model_copy(update={"agreement_until": date(2026, 3, 1)})
    assert "takk" not in told(routed(a_recruitment_notice(), with_agency(ended)))


# Sender, fallback, abroad, former recipients


def test_the_sender_gets_no_copy_unless_it_is_responsible() -> None:
    assert "evk-04" not in told(routed(a_downsizing_notice(), sender="evk-04"))
    assert "ta-39" in told(routed(a_downsizing_notice(), sender="ta-39"))


def test_who_was_told_and_says_something_itself_hears_nothing_of_its_own() -> None:
    """A partner makes a notice of its own from one that it received: whom it concerns gets it, the partner not again."""
    assert "takk" in told(routed(a_recruitment_notice(), sender="ta-39"))
    own = told(routed(a_recruitment_notice(id="T-1", source="takk"), sender="takk"))
    assert "ta-39" in own
    assert "takk" not in own


@pytest.mark.parametrize("area", [FINLAND, LAPPI, "us:state:VT"])
def test_where_nobody_is_responsible_the_fallback_is_told(area: str) -> None:
    found = routed(a_recruitment_notice(workplaces=[{"area": area}]))
    assert found.outcome == "fallback"
    assert told(found) == {"fallback": ["nobody-responsible"]}
    assert found.outcome_reason is not None
    name = a_small_registry().areas[area].names.fi
    assert only(found, "fallback").why[0].detail.en == f"Nobody is responsible: {name}"


def test_where_an_authority_of_the_homes_is_told_it_is_not_left_to_the_fallback_alone() -> None:
    found = routed(a_downsizing_notice(workplaces=[{"area": LAPPI}], homes=[{"area": HELSINKI, "count": 3}]))
    assert told(found) == {"ta-08": ["home-municipality"], "fallback": ["nobody-responsible"]}
    assert found.outcome == "routed"


def test_a_place_that_is_nobodys_is_seen_also_beside_others() -> None:
    found = routed(a_recruitment_notice(workplaces=[{"area": TAMPERE}, {"area": "us:state:VT"}]))
    assert found.outcome == "routed"
    assert told(found)["fallback"] == ["nobody-responsible"]


def test_abroad_the_foreign_agency_of_the_area_is_told() -> None:
    found = routed(a_downsizing_notice(workplaces=[{"area": "us:state:AZ"}]), sender="az-des")
    assert told(found) == {"az-des": ["workplace-area"]}
    assert found.outcome == "routed"


def test_who_was_told_before_and_has_no_right_now_gets_a_stub() -> None:
    found = with_former(routed(a_downsizing_notice()), ["ta-39", "ta-08", "takk"], a_small_registry(), DAY)
    assert told(found) == {
        "ta-39": ["workplace-area"],
        "evk-04": ["takes-kind"],
        "ta-08": ["told-before"],
        "takk": ["told-before"],
    }
    assert only(found, "takk").why[0].role == "former-recipient"


# Determinism


@given(st.lists(st.sampled_from(TOWNS), min_size=1, max_size=12, unique=True), st.booleans())
def test_the_same_again_gives_the_same(towns: list[str], turned: bool) -> None:
    notice = a_development_notice(workplaces=[{"area": town} for town in towns])
    again = Registry.of(3, CONTENT.areas[::-1], CONTENT.agencies[::-1], ()) if turned else FINNISH
    assert routed(notice, FINNISH) == routed(notice, again)


@given(st.permutations(TOWNS[:9]))
def test_the_order_of_workplaces_does_not_matter_to_who_is_told(towns: list[str]) -> None:
    first = routed(a_development_notice(workplaces=[{"area": town} for town in TOWNS[:9]]), FINNISH)
    other = routed(a_development_notice(workplaces=[{"area": town} for town in towns]), FINNISH)
    assert [recipient.agency for recipient in first.recipients] == [recipient.agency for recipient in other.recipients]
