"""Who is told and why; what is kept, held or nobody's."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.registry import FINLAND, Registry
from hub.core.routing import route, with_former
from hub.data.load import load_registry
from schemas.messages import Recipient, RoutedNotice
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
    an_agency,
    taken,
)

CONTENT = load_registry("fi")
FINNISH = Registry.of(3, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)
TOWNS = FINNISH.municipalities_in(FINLAND, DAY)


def routed(notice: dict[str, Any], registry: Registry | None = None, at: datetime = AT, **event: Any) -> RoutedNotice:
    registry = registry or a_small_registry()
    return route(*taken(notice, registry=registry, **event), registry, DAY, decided_as_of=at)


def told(found: RoutedNotice) -> dict[str, list[str]]:
    return {recipient.agency: [why.rule for why in recipient.why] for recipient in found.recipients}


def only(found: RoutedNotice, agency: str) -> Recipient:
    (recipient,) = [recipient for recipient in found.recipients if recipient.agency == agency]
    return recipient


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


def test_partners_of_other_places_are_not_told() -> None:
    found = told(routed(a_recruitment_notice(workplaces=[{"area": KANGASALA}])))
    assert found == {"ta-39": ["workplace-area"]}


def test_a_significant_notice_that_nobody_else_takes_is_kept_and_says_so() -> None:
    found = routed(a_recruitment_notice(workplaces=[{"area": KANGASALA}]))
    assert (found.outcome, found.significance) == ("kept", ("posts-10", "hard-to-fill"))
    assert found.outcome_reason is not None
    assert found.outcome_reason.en == "No other agency takes this in this area"


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
    base = a_small_registry()
    ended = an_agency("takk", kind="education-provider", ring="partner", areas=(TAMPERE,), needs=("N_RECRUIT_HARD",))
    ended = ended.model_copy(update={"agreement_until": date(2026, 3, 1)})
    agencies = [agency for agency in base.all_agencies.values() if agency.id != "takk"]
    registry = Registry.of(8, base.areas.values(), [*agencies, ended], ())
    assert "takk" not in told(routed(a_recruitment_notice(), registry))


# Lines and competences


@pytest.mark.parametrize(
    ("notice", "line", "competence"),
    [
        (a_downsizing_notice(), "line-1", "change-security"),
        (a_recruitment_notice(), "line-1", "recruitment"),
        (a_recruitment_notice(eures=True), "line-1", "eures"),
        (a_recruitment_notice(posts=1, occupations=None, hard_to_fill=None, tailored=True), "line-3", "tailored-jobs"),
        (a_development_notice(subject="starting"), "line-1", "starters"),
        (a_development_notice(subject="staff", needs=None, investment_eur=None), "line-2", "training"),
        (a_development_notice(subject="staff"), "line-1", "training"),
        (a_development_notice(), "line-1", "business-development"),
    ],
)
def test_line_and_competence_follow_from_the_need(notice: dict[str, Any], line: str, competence: str) -> None:
    recipient = only(routed(notice), "ta-39")
    assert (recipient.line, recipient.competence) == (line, competence)


def test_further_lines_and_eures_stand_among_the_reasons() -> None:
    notice = a_recruitment_notice(international=True, needs=[{"code": "N_STAFF_DEV"}])
    recipient = only(routed(notice), "ta-39")
    roles = [(why.role, why.rule) for why in recipient.why]
    assert roles == [("own-area", "line-2"), ("own-area", "workplace-area"), ("eures", "eures-competence")]


# Access


def consent(scope: str, **more: Any) -> dict[str, Any]:
    return {"given_by_role": "toimitusjohtaja", "given_on": "2026-02-01", "scope": scope, **more}


def early(**access: Any) -> dict[str, Any]:
    homes = [{"area": HELSINKI, "count": 1}]
    return a_downsizing_notice(stage="early-signal", access={"level": "open", **access}, homes=homes)


OWN, HOMES, GROUP = {"ta-39"}, {"ta-39", "ta-08"}, {"ta-39", "ta-08", "evk-04"}
ACCESS = [
    ("restricted", a_downsizing_notice(access={"level": "restricted"}, homes=[{"area": HELSINKI, "count": 1}]), HOMES),
    ("early signal without consent", early(level="restricted"), OWN),
    ("early signal for the own authority", early(consent=consent("own-authority")), OWN),
    ("early signal for the group", early(consent=consent("tem-group")), GROUP),
    ("early signal, consent for all", early(consent=consent("all")), GROUP),
    ("early signal restricted, consent for all", early(level="restricted", consent=consent("all")), HOMES),
    ("consent withdrawn", early(level="restricted", consent=consent("all", withdrawn_on="2026-03-01")), OWN),
    ("a consent that ends tomorrow", early(consent=consent("all", withdrawn_on="2026-03-03")), GROUP),
    ("recruitment for the group", a_recruitment_notice(access={"consent": consent("tem-group")}), OWN),
    ("recruitment for all", a_recruitment_notice(access={"consent": consent("all")}), {"ta-39", "takk"}),
]


@pytest.mark.parametrize(("notice", "expected"), [case[1:] for case in ACCESS], ids=[case[0] for case in ACCESS])
def test_access_and_consent_bound_who_is_told(notice: dict[str, Any], expected: set[str]) -> None:
    assert set(told(routed(notice))) == expected


def test_an_embargo_holds_until_its_time() -> None:
    notice = a_downsizing_notice(access={"level": "embargoed", "until": "2026-03-05T08:00:00Z"})
    held = routed(notice)
    assert (held.outcome, held.recipients) == ("held", ())
    assert held.held_until is not None
    assert held.held_until.isoformat() == "2026-03-05T08:00:00+00:00"
    released = routed(notice, at=held.held_until)
    assert (released.outcome, released.held_until) == ("routed", None)


def test_an_embargo_until_an_event_holds_this_step_for_ever() -> None:
    notice = a_downsizing_notice(access={"level": "embargoed", "until_event": "pörssitiedote"})
    assert routed(notice, at=datetime.fromisoformat("2030-01-01T00:00:00+00:00")).outcome == "held"


def test_history_is_told_to_nobody() -> None:
    for found in (routed(a_downsizing_notice(historic=True)), routed(a_downsizing_notice(), historic=True)):
        assert (found.outcome, found.recipients) == ("kept", ())


# Sender, fallback, abroad, former recipients


def test_the_sender_gets_no_copy_unless_it_is_responsible() -> None:
    assert "evk-04" not in told(routed(a_downsizing_notice(), sender="evk-04"))
    assert "ta-39" in told(routed(a_downsizing_notice(), sender="ta-39"))


@pytest.mark.parametrize("area", [FINLAND, LAPPI, "us:state:VT"])
def test_where_nobody_is_responsible_the_fallback_is_told(area: str) -> None:
    found = routed(a_recruitment_notice(workplaces=[{"area": area}]))
    assert found.outcome == "fallback"
    assert told(found) == {"fallback": ["nobody-responsible"]}
    assert found.outcome_reason is not None


def test_a_place_that_is_nobodys_is_seen_also_beside_others() -> None:
    found = routed(a_recruitment_notice(workplaces=[{"area": TAMPERE}, {"area": "us:state:VT"}]))
    assert found.outcome == "routed"
    assert told(found)["fallback"] == ["nobody-responsible"]


def test_abroad_the_foreign_agency_of_the_area_is_told() -> None:
    found = routed(a_downsizing_notice(workplaces=[{"area": "us:state:AZ"}]), sender="az-des")
    assert told(found) == {"az-des": ["workplace-area"]}
    assert found.outcome == "kept"


def test_who_was_told_before_and_has_no_right_now_gets_a_stub() -> None:
    found = with_former(routed(a_downsizing_notice()), ["ta-39", "ta-08", "takk"])
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
