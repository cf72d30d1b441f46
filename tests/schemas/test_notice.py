"""The words at the door: what a notice may say, and what is refused."""

import json
import unicodedata
import uuid
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.ids import event_id_of, receipt_of
from schemas.notice import NOTICE, EndDate
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


@pytest.mark.parametrize("founded", ["1649-01-01", "1898-05-12", "1989-12-31", "2026-11-24"])
def test_an_employer_may_be_of_any_age(founded: str) -> None:
    employer = {"business_id": "9000000-3", "founded_on": founded}
    assert read(employer=employer).employer.founded_on == date.fromisoformat(founded)


@pytest.mark.parametrize("founded", ["0198-05-12", "1599-12-31", "2100-01-02"])
def test_a_year_of_founding_that_is_a_slip_is_refused(founded: str) -> None:
    with pytest.raises(ValidationError):
        read(employer={"business_id": "9000000-3", "founded_on": founded})


@pytest.mark.parametrize(
    "number",
    [
        "9000000-4",
        "9000002-0",
        "9100021-8",
        "900001-5",
        "90000011",
        "９００００００-3",
        "9000000-３",
        "٩٠٠٠٠٠٠-3",
        "9000000-3\n4",
    ],
)
def test_wrong_business_ids_are_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        read(employer={"business_id": number})


BOTH = {"business_id": "9000000-3", "foreign": {"country": "se", "number": "123456-7897"}}


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
        {"employer": {"referral_number": "7", "kind": "starter", "group": {"business_id": "9000000-3"}}},
        {"employer": {"business_id": "0112038-9", "group": {}}},
        {
            "employer": {
                "business_id": "0112038-9",
                "group": {"business_id": "9000000-3", "foreign": {"country": "se", "number": "1"}},
            }
        },
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


@pytest.mark.parametrize(
    "written",
    [
        *("2026-W05-1", "2026-W05", "2026-032", "20260202", "2026-2-2", "2026-02-2", "26-02-02", "2.2.2026", "02-02-2026"),
        *("2026-02-30", "2026-13-01", "0000-00-00", "-026-02-02", "2026/02/02", "２０２６-02-02", "2026-02-02Z", ""),
        *(20260202, 1.5, True, ["2026-02-02"]),
    ],
)
def test_a_day_is_written_in_one_way_and_never_repeated(written: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        read(talks_start_on=written)
    (finding,) = findings_of(caught.value)
    assert (finding.place, finding.message) == ("/talks_start_on", "a day is written YYYY-MM-DD and stands in the calendar")


def test_a_day_may_come_as_a_date_but_not_as_a_moment() -> None:
    day, moment = date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)
    assert EndDate(on=day).on == read(talks_start_on="2026-03-02").talks_start_on == day
    with pytest.raises(ValidationError):
        EndDate(on=moment)


@pytest.mark.parametrize("until", ["20260305", "1772000000", "2026-03-05", "2026-W10-4T08:00:00Z", "08:00", 1772000000])
def test_an_embargo_ends_at_a_moment_that_is_written_as_one(until: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        read(access={"level": "embargoed", "until": until})
    assert str(until) not in repr(findings_of(caught.value))


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-00:01"])
def test_a_moment_that_utc_has_no_year_for_is_refused(until: str) -> None:
    with pytest.raises(ValidationError, match="outside the calendar"):
        read(access={"level": "embargoed", "until": until})


@pytest.mark.parametrize("until", ["2026-03-05T10:00:00+02:00", "2026-03-05T08:00Z", "2026-03-05 08:00:00.000Z"])
def test_a_moment_may_be_written_with_any_offset(until: str) -> None:
    assert read(access={"level": "embargoed", "until": until}).access.until == datetime(2026, 3, 5, 8, tzinfo=UTC)


def test_an_unknown_kind_is_not_repeated_in_the_finding() -> None:
    with pytest.raises(ValidationError) as caught:
        read(kind="SECRET-VALUE")
    assert "SECRET-VALUE" not in repr(findings_of(caught.value))


def test_one_identity_has_one_receipt() -> None:
    assert receipt_of("ta-39", "ura", "1") == receipt_of("ta-39", "ura", "1")
    assert len({receipt_of("ta-39", "ura", "1"), receipt_of("ta-38", "ura", "1"), receipt_of("ta-39", "ura1", "")}) == 3


def test_one_id_in_two_spellings_of_unicode_is_one_notice() -> None:
    assert receipt_of("ta-39", "ura", "H\u00e4me-1") == receipt_of("ta-39", "ura", "Ha\u0308me-1")


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_a_receipt_and_an_event_id_are_uuids_of_version_5_as_the_standard_library_makes_them(source: str, name: str) -> None:
    root = uuid.UUID("6f2c1d0e-7f0b-5b7e-9d0a-2f5b8c1e4a73")
    receipt = receipt_of("ta-39", source, name)
    assert receipt == str(uuid.uuid5(root, unicodedata.normalize("NFC", f"ta-39\x1f{source}\x1f{name}")))
    assert event_id_of(receipt, 2, "notice", name) == str(uuid.uuid5(root, f"{receipt}\x1f2\x1fnotice\x1f{name}"))
