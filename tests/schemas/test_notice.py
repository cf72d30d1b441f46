"""The words at the door: what a notice may say, and what is refused."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.count import Count, exactly, total
from schemas.ids import receipt_of
from schemas.notice import NOTICE
from schemas.wire import findings_of

DOWNSIZING: dict[str, Any] = {
    "kind": "downsizing",
    "id": "2026-17",
    "source": "ura",
    "stage": "negotiations",
    "employer": {"business_id": "9000000-3", "name": "Esimerkki Oy", "headcount": 120},
    "workplaces": [{"area": "fi:kunta:837"}],
    "measures": [{"measure": "dismissal", "planned": 40}],
    "talks_start_on": "2026-03-02",
}


def read(**changes: Any) -> Any:
    return NOTICE.validate_json(json.dumps(DOWNSIZING | changes))


def test_a_notice_is_the_same_after_writing_and_reading() -> None:
    assert NOTICE.validate_json(NOTICE.dump_json(read())) == read()


@pytest.mark.parametrize("number", ["9000000-3", "9000001-1", "9100020-8", "9543210-4", "9876543-0"])
def test_right_business_ids_are_taken(number: str) -> None:
    assert read(employer={"business_id": number}).employer.business_id == number


@pytest.mark.parametrize("number", ["9000000-4", "9000002-0", "9100021-8", "900001-5", "90000011"])
def test_wrong_business_ids_are_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        read(employer={"business_id": number})


@pytest.mark.parametrize(
    "change",
    [
        {"talks_start_on": "2026-02-30"},
        {"talks_start_on": "2026-03-02T00:00:00"},
        {"talks_start_on": 5},
        {"proposal_given_on": "2026-03-09"},
        {"end_dates": [{"on": "2026-02-01"}]},
        {"access": {"level": "embargoed", "until": "2026-03-02T10:00:00"}},
        {"access": {"level": "embargoed"}},
        {"historic": "yes"},
        {"posts": 3},
        {"workplaces": []},
        {"employer": {"business_id": "9000000-3", "referral_number": "7"}},
        {"employer": {"referral_number": "7", "kind": "household", "name": "Maija Meikäläinen"}},
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(**change)


@pytest.mark.parametrize("number", [12.0, 12.7, "12", True, -1, 9_999_999, None])
def test_a_headcount_is_a_whole_number_and_nothing_else(number: Any) -> None:
    with pytest.raises(ValidationError):
        read(employer={"business_id": "9000000-3", "headcount": number})


def test_findings_name_rule_and_place_and_never_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        read(stage="SECRET-VALUE", employer={"business_id": "9000000-4"})
    found = findings_of(caught.value)
    assert [finding.place for finding in found] == ["/employer/business_id", "/stage"]
    assert "SECRET-VALUE" not in repr(found)


def test_an_unknown_kind_is_not_repeated_in_the_finding() -> None:
    with pytest.raises(ValidationError) as caught:
        read(kind="SECRET-VALUE")
    assert "SECRET-VALUE" not in repr(findings_of(caught.value))


def test_a_sum_is_as_sure_as_its_least_sure_part() -> None:
    about = Count(said="about", low=200, high=200)
    at_most = Count(said="at-most", high=300)
    assert total((exactly(3), exactly(4))) == exactly(7)
    assert total((exactly(3), about)) == Count(said="range", low=203, high=203)
    assert total((exactly(3), at_most)) == Count(said="range", low=3, high=303)
    assert total(()).said == "unknown"
    assert total((exactly(5), Count(said="unknown"))).at_least == 5


def test_one_identity_has_one_receipt() -> None:
    assert receipt_of("ta-39", "ura", "1") == receipt_of("ta-39", "ura", "1")
    assert len({receipt_of("ta-39", "ura", "1"), receipt_of("ta-38", "ura", "1"), receipt_of("ta-39", "ura1", "")}) == 3
