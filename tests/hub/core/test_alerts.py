"""Layoff alerts: every step, every coordinator concerned, whatever else fails."""

from typing import Any

import pytest

from hub.core.alerts import bare_alert, layoff_alerts
from hub.core.registry import FINLAND, Registry
from schemas.count import Count, exactly
from schemas.ids import event_id_of
from schemas.messages import LayoffAlert
from tests.builders import DAY, HELSINKI, KANGASALA, TAMPERE, a_downsizing_notice, a_small_registry, taken


def alerts(notice: dict[str, Any], **event: Any) -> dict[str, LayoffAlert]:
    found = layoff_alerts(*taken(notice, **event), a_small_registry(), DAY)
    assert [alert.agency for alert in found] == sorted({alert.agency for alert in found})
    return {alert.agency: alert for alert in found}


def one_person(**changes: Any) -> dict[str, Any]:
    return a_downsizing_notice(measures=[{"measure": "layoff", "planned": 1}], **changes)


def test_an_alert_tells_the_coordinators_what_and_why() -> None:
    alert = alerts(a_downsizing_notice())["ta-39"]
    assert alert.people == exactly(40)
    assert (alert.stage, alert.bare, alert.registry_revision) == ("negotiations", False, 7)
    assert alert.mailboxes == ("muutosturva@tampere.example",)
    assert [(why.role, why.rule) for why in alert.why] == [("coordinator", "workplace-area")]
    assert alert.why[0].detail.en == "Area of the workplace: Tampere"


@pytest.mark.parametrize("stage", ["early-signal", "negotiations", "decision", "dismissals", "closed", "withdrawn"])
def test_every_stage_alerts_whatever_the_size(stage: str) -> None:
    access = {"level": "restricted"}
    assert set(alerts(one_person(stage=stage, access=access))) == {"ta-39"}


@pytest.mark.parametrize(
    "changes",
    [
        {"significant": False},
        {"access": {"level": "restricted"}},
        {"access": {"level": "embargoed", "until": "2027-01-01T00:00:00Z"}},
        {"access": {"level": "embargoed", "until_event": "pörssitiedote"}},
        {"measures": []},
    ],
)
def test_neither_significance_nor_access_limits_an_alert(changes: dict[str, Any]) -> None:
    assert set(alerts(one_person() | changes)) == {"ta-39"}


def test_the_coordinators_of_all_workplaces_measures_and_homes_are_alerted() -> None:
    notice = a_downsizing_notice(
        workplaces=[{"area": TAMPERE}, {"area": KANGASALA}],
        homes=[{"area": HELSINKI, "count": 2}, {"area": TAMPERE, "count": 38}],
    )
    found = alerts(notice)
    assert set(found) == {"ta-39", "ta-08"}
    assert [why.rule for why in found["ta-39"].why] == ["workplace-area", "home-municipality"]
    assert [why.rule for why in found["ta-08"].why] == ["home-municipality"]


@pytest.mark.parametrize(
    ("scope", "concerned"), [(None, {"ta-39"}), ("own-authority", {"ta-39"}), ("tem-group", {"ta-39", "ta-08"})]
)
def test_an_early_signal_stays_within_the_consent(scope: str | None, concerned: set[str]) -> None:
    consent = {"given_by_role": "toimitusjohtaja", "given_on": "2026-02-01", "scope": scope}
    access = {"level": "restricted"} | ({"consent": consent} if scope else {})
    notice = one_person(stage="early-signal", access=access, homes=[{"area": HELSINKI, "count": 1}])
    assert set(alerts(notice)) == concerned


def test_the_sender_is_alerted_too() -> None:
    assert set(alerts(one_person(), sender="ta-39")) == {"ta-39"}


def test_history_alerts_nobody() -> None:
    assert alerts(a_downsizing_notice(historic=True)) == {}
    assert alerts(a_downsizing_notice(), historic=True) == {}


def test_ids_are_the_same_at_every_replay_and_differ_by_step_and_agency() -> None:
    notice = a_downsizing_notice(homes=[{"area": HELSINKI, "count": 2}])
    first, again, later = alerts(notice), alerts(notice), alerts(notice, step=2)
    assert first == again
    ids = {alert.event_id for found in (first, later) for alert in found.values()}
    assert len(ids) == 4
    alert = first["ta-39"]
    assert alert.event_id == event_id_of(alert.receipt, 1, "alert", "ta-39")


@pytest.mark.parametrize("area", [FINLAND, "us:state:VT", "fi:maakunta:19"])
def test_what_nobody_is_responsible_for_goes_to_the_fallback(area: str) -> None:
    (alert,) = alerts(a_downsizing_notice(workplaces=[{"area": area}])).values()
    assert (alert.agency, alert.mailboxes, alert.bare) == ("fallback", ("fallback@hub.example",), False)
    assert [(why.role, why.rule) for why in alert.why] == [("fallback", "nobody-responsible")]


def test_abroad_the_agency_of_the_area_is_alerted_with_a_partners_cut() -> None:
    alert = alerts(a_downsizing_notice(workplaces=[{"area": "us:state:AZ"}]))["az-des"]
    assert "grounds" not in alert.notice


@pytest.mark.parametrize(
    "count",
    [
        {"said": "at-most", "high": 300},
        {"said": "at-least", "low": 40},
        {"said": "about", "low": 200, "high": 200},
        {"said": "unknown"},
    ],
)
def test_people_are_told_as_the_sender_said_it(count: dict[str, Any]) -> None:
    alert = alerts(a_downsizing_notice(measures=[{"measure": "layoff", "planned": count}]))["ta-39"]
    assert alert.people == Count.model_validate(count)


def test_a_sum_with_an_unknown_part_has_no_upper_end() -> None:
    measures = [{"measure": "dismissal", "planned": 4}, {"measure": "layoff"}]
    people = alerts(a_downsizing_notice(measures=measures))["ta-39"].people
    assert people == Count(said="at-least", low=4)


class _Broken(Registry):
    def authorities_for(self, municipality: Any, day: Any) -> Any:
        raise KeyError(municipality)


def test_without_a_registry_the_bare_alert_leaves() -> None:
    event, notice = taken(a_downsizing_notice())
    broken = _Broken.of(7, a_small_registry().areas.values(), (), ())
    for registry in (None, broken):
        (alert,) = layoff_alerts(event, notice, registry, DAY)
        assert alert == bare_alert(event)
    assert (alert.agency, alert.bare, alert.registry_revision, alert.stage) == ("fallback", True, None, "negotiations")
    assert alert.notice["employer"]["business_id"] == "9000000-3"


def test_the_bare_alert_needs_no_readable_notice() -> None:
    event, _ = taken(a_downsizing_notice())
    assert bare_alert(event.model_copy(update={"notice": {"stage": ["?"], "employer": 7}})).bare
