"""Employers of other countries: one key for one number however it is written, and never one for two."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from hub.core.numbers import key_of
from hub.core.reading import read_notice, read_said
from schemas.errors import Finding, PersonalCode, Refusal
from schemas.ids import EmployerKey
from tests.builders import a_correction, a_recruitment_notice, a_release, body_of

KEY: TypeAdapter[str] = TypeAdapter(EmployerKey)


def abroad(country: str, number: str) -> dict[str, Any]:
    return a_recruitment_notice(employer={"business_id": None, "foreign": {"country": country, "number": number}})


def findings(said: dict[str, Any]) -> tuple[Finding, ...]:
    try:
        read_said(body_of(said))
    except Refusal as refusal:
        return refusal.findings
    return ()


def rules(said: dict[str, Any]) -> dict[str, str]:
    return {finding.place: finding.rule for finding in findings(said)}


ONE_EMPLOYER = [
    ("se", "1234567897", ["123456-7897", "123456.7897", "SE123456789701", "SE-123456-7897-01", "SEBOLREG.1234567897"]),
    ("no", "988077917", ["988.077.917", "NO988077917MVA", "no988077917mva", "988077917MVA", "NOFOR.988077917"]),
    ("dk", "13585628", ["DK13585628", "13-58-56-28", "dk-13585628", "DKCVR.13585628"]),
    ("ee", "12345678", ["EE12345678", "EEARIREG.12345678"]),
    ("de", "HRB-1234", ["hrb-1234", "Hrb-1234"]),
]
WRITTEN = [(country, one, other) for country, one, others in ONE_EMPLOYER for other in (one, *others)]


@pytest.mark.parametrize(("country", "number", "written"), WRITTEN, ids=[f"{row[0]}:{row[2]}" for row in WRITTEN])
def test_one_number_is_one_key_however_it_is_written(country: str, number: str, written: str) -> None:
    assert key_of(f"{country}:{written}") == f"{country}:{number}"
    assert rules(abroad(country, written)) == {}


def test_the_same_digits_in_two_countries_are_two_employers() -> None:
    assert len({key_of(f"{country}:12345678") for country in ("ee", "dk", "lt", "us")}) == 4


def test_where_nobody_knows_the_register_no_sign_is_passed_over() -> None:
    written = ("12-345678", "1-2345678", "12345678", "CIK.12345678", "DE12345678")
    assert len({key_of(f"us:{number}") for number in written}) == len(written)


WRONG = [
    ("se", "123456-7898"),
    ("se", "123456789701"),
    ("se", "NO988077917MVA"),
    ("se", "SE123456789702"),
    ("no", "988077918"),
    ("no", "12345678"),
    ("dk", "13585627"),
    ("dk", "03585628"),
    ("ee", "12345679"),
    ("ee", "EE100931558"),
]


@pytest.mark.parametrize(("country", "number"), WRONG)
def test_a_number_that_its_register_cannot_have_is_refused(country: str, number: str) -> None:
    (finding,) = findings(abroad(country, number))
    assert (finding.rule, finding.place) == ("foreign-number", "/employer/foreign/number")
    assert number not in finding.message
    assert key_of(f"{country}:{number}") == f"{country}:{number}", "what was taken before keeps its key"


def test_the_head_of_a_group_is_tested_like_its_companies() -> None:
    wrong = {"group": {"foreign": {"country": "ee", "number": "12345679"}}}
    assert rules(a_recruitment_notice(employer=wrong)) == {"/employer/group/foreign/number": "foreign-number"}
    person = {"group": {"foreign": {"country": "se", "number": "121212-1212"}}}
    assert "personal-code" in rules(a_recruitment_notice(employer=person)).values()


def test_a_correction_is_tested_like_its_notice_and_a_release_gets_through() -> None:
    embargoed = {"access": {"level": "embargoed", "until_event": "The staff has been told."}}
    wrong = abroad("ee", "12345679") | embargoed
    assert rules(a_correction(abroad("ee", "12345678"), employer=wrong["employer"])) == {
        "/notice/employer/foreign/number": "foreign-number"
    }
    assert rules(a_release(wrong)) == {}, "an embargo from before ends all the same"


@pytest.mark.parametrize("number", ["121212-1212", "SE121212121201", "12121212-12"])
def test_a_swedish_sole_trader_s_number_is_a_person_s(number: str) -> None:
    with pytest.raises(PersonalCode) as refused:
        read_notice(body_of(abroad("se", number)))
    assert [finding.rule for finding in refused.value.findings] == ["personal-code"]
    assert number not in str(refused.value.findings)


@pytest.mark.parametrize(("country", "right"), [("uk", "gb"), ("el", "gr")])
def test_a_country_has_one_code(country: str, right: str) -> None:
    (finding,) = findings(abroad(country, "1234"))
    assert (finding.rule, finding.place) == ("unknown-country", "/employer/foreign/country")
    assert finding.message.endswith(right)


@pytest.mark.parametrize("key", ["fi:0112038-9", "fi:x", "ref:ta-39:a.2e1", "", "x", "a:b", "FI:1", "se\\xff:1"])
def test_other_keys_stay_as_they_are(key: str) -> None:
    assert key_of(key) == key


@given(st.from_regex(r"[a-z]{2}:[A-Za-z0-9][A-Za-z0-9._-]{0,59}", fullmatch=True))
def test_a_key_is_a_key_and_stays_the_same(key: str) -> None:
    once = key_of(key)
    assert KEY.validate_python(once) == once == key_of(once)
    assert once[:2] == key[:2]
