"""Rights that were narrowed since a copy was written apply at each read; nothing is ever given back."""

from datetime import date, timedelta
from typing import Any

import pytest

from hub.core.recutting import is_told, recut
from hub.core.registry import Registry
from hub.core.views import Purpose, cut_for, purpose_for, stub
from schemas.messages import Role
from tests.builders import DAY, a_downsizing_notice, a_small_registry, an_agency, an_event

EVENT = an_event(a_downsizing_notice(text="Vain viranomaisille."))
SERVICES = [{"code": "V01", "provider": "ta-39"}, {"code": "D06", "provider": "evk-04"}]
BEFORE = a_small_registry()


def copy_of(agency: str, role: Role) -> dict[str, Any]:
    """A copy as enrichment wrote it, by the registry of before."""
    purpose = purpose_for(BEFORE.agency(agency), role)
    why = [{"role": role, "rule": "takes-kind", "detail": {"fi": "x"}}]
    return {"purpose": purpose, "why": why, "offerings": SERVICES, "notice": cut_for(EVENT.notice, purpose)}


def today(**changed: Any) -> Registry:
    """The registry with this agency changed."""
    agency = an_agency("evk-04", **({"kind": "evk", "ring": "tem-group", "areas": ("fi:evk:04",)} | changed))
    return Registry.of(8, BEFORE.areas.values(), [agency], ())


def test_rights_as_they_were_leave_a_copy_as_it_is() -> None:
    copy = copy_of("evk-04", "tem-group") | {"offerings": SERVICES[1:]}
    assert recut("evk-04", copy, BEFORE, DAY) is copy


def test_an_agency_of_a_narrower_ring_reads_less_of_the_same_copy() -> None:
    copy = copy_of("evk-04", "tem-group")
    found = recut("evk-04", copy, today(ring="partner"), DAY)
    assert found is not None
    assert (copy["notice"]["text"], "text" in found["notice"], found["purpose"]) == ("Vain viranomaisille.", False, "partner")
    assert found["notice"] == cut_for(EVENT.notice, "partner")
    assert [service["code"] for service in found["offerings"]] == ["D06"]
    statistics = recut("evk-04", copy, today(ring="none"), DAY)
    assert statistics is not None
    assert (statistics["purpose"], statistics["offerings"], "name" in statistics["notice"]["employer"]) == (
        "statistics",
        [],
        False,
    )


def test_an_authority_that_is_none_any_more_reads_nothing_of_homes_others_services_or_mailboxes() -> None:
    registry = Registry.of(8, BEFORE.areas.values(), [an_agency("ta-39", kind="employment-area", ring="partner")], ())
    why = [{"role": "home-area", "rule": "home-municipality", "detail": {"fi": "Kotikunta Lempäälä"}}]
    alert = copy_of("ta-39", "coordinator") | {"mailboxes": ["a@example.org"], "stage": "negotiations", "why": why}
    found = recut("ta-39", alert, registry, DAY)
    assert found is not None
    assert (found["mailboxes"], found["stage"], "Lempäälä" in str(found)) == ([], "negotiations", False)
    of_the_group = Registry.of(8, BEFORE.areas.values(), [an_agency("ta-39", kind="employment-area", ring="tem-group")], ())
    seen = recut("ta-39", copy_of("ta-39", "own-area"), of_the_group, DAY)
    assert seen is not None
    assert (seen["notice"]["text"], [one["code"] for one in seen["offerings"]]) == ("Vain viranomaisille.", ["V01"])


def test_a_wider_right_gives_nothing_back() -> None:
    copy = copy_of("evk-04", "tem-group")
    narrow = recut("evk-04", copy, today(ring="partner"), DAY)
    assert narrow is not None
    assert recut("evk-04", narrow, BEFORE, DAY) == narrow


@pytest.mark.parametrize(
    "changed", [{"valid_to": date(2026, 2, 28)}, {"agreement_until": date(2026, 3, 1)}, {"valid_from": date(2026, 3, 3)}]
)
def test_who_is_not_in_force_reads_nothing(changed: dict[str, Any]) -> None:
    assert recut("evk-04", copy_of("evk-04", "tem-group"), today(**changed), DAY) is None


@pytest.mark.parametrize("role", ["own-area", "home-area", "eures", "coordinator"])
def test_who_is_no_authority_any_more_reads_no_longer_as_one(role: Role) -> None:
    copy = copy_of("ta-39", role)
    now = Registry.of(8, BEFORE.areas.values(), [an_agency("ta-39", kind="development-company", ring="partner")], ())
    found = recut("ta-39", copy, now, DAY)
    assert found is not None
    assert (found["purpose"], "grounds" in copy["notice"], "grounds" in found["notice"]) == ("partner", True, False)


def test_who_is_unknown_reads_nothing() -> None:
    assert recut("evk-99", copy_of("evk-04", "tem-group"), BEFORE, DAY) is None


def test_an_alert_of_a_coordinator_and_a_stub_stay_as_they_are() -> None:
    alert = {"why": [{"role": "coordinator", "rule": "workplace-area"}], "notice": cut_for(EVENT.notice, "coordinator")}
    assert recut("ta-39", alert, BEFORE, DAY) is alert
    ended = copy_of("evk-04", "former-recipient") | {"notice": stub(EVENT)}
    assert recut("evk-04", ended, today(ring="none"), DAY) is ended


@pytest.mark.parametrize("ring", ["authority", "tem-group", "partner", "none"])
@pytest.mark.parametrize("role", ["own-area", "home-area", "eures", "tem-group", "partner", "subscription"])
def test_no_read_shows_a_field_that_todays_purpose_does_not_cover(ring: str, role: Role) -> None:
    copy = copy_of("evk-04", role)
    found = recut("evk-04", copy, today(ring=ring), DAY)
    assert found is not None
    purposes: set[Purpose] = {copy["purpose"], purpose_for(today(ring=ring).agency("evk-04"), role)}
    for purpose in purposes:
        assert cut_for(found["notice"], purpose) == found["notice"]


def test_an_agency_is_told_something_while_it_is_in_force_and_its_agreement_holds() -> None:
    yesterday = DAY - timedelta(days=1)
    assert is_told("evk-04", today(agreement_until=DAY), DAY)
    assert not is_told("evk-04", today(agreement_until=yesterday), DAY)
    assert not is_told("evk-04", today(valid_to=yesterday), DAY)
    assert not is_told("nobody", today(), DAY)


def test_what_authorities_hear_of_each_other_is_shown_only_to_who_is_one_still() -> None:
    def answer(rule: str) -> dict[str, Any]:
        return {"acknowledgement": "k", "agency": "evk-04", "by": "ta-08", "why": {"rule": rule, "detail": {"fi": "x"}}}

    shared, sent = answer("both-authorities"), answer("sender")
    assert recut("evk-04", shared, today(ring="authority"), DAY) is shared
    assert recut("evk-04", shared, today(), DAY) is None
    assert recut("evk-04", sent, today(), DAY) is sent, "the sender of the notice hears every answer"
    assert recut("evk-04", sent, today(valid_to=DAY - timedelta(days=1)), DAY) is None
    assert recut("takk", sent, BEFORE, DAY) is None, "another agency's"
    assert recut("evk-04", answer("made-up") | {"why": "by hand"}, today(ring="authority"), DAY) is None
