"""What the registry and the day have to say at the door; the key and the hash of a notice."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from hub.core.admission import admit, digest, employer_key, notice_of, read_notice
from schemas.agency import Agency
from schemas.errors import Refusal
from schemas.ids import EmployerKey
from tests.builders import (
    DAY,
    HELSINKI,
    a_development_notice,
    a_downsizing_notice,
    a_recruitment_notice,
    a_small_registry,
    an_agency,
    an_event,
    body_of,
)

KEY: TypeAdapter[str] = TypeAdapter(EmployerKey)
KUOREVESI = "fi:kunta:289"


def sender(id: str = "ta-39") -> Agency:
    agency = a_small_registry().agency(id)
    assert agency is not None
    return agency


def found(notice: dict[str, Any], by: Agency | None = None, day: date = DAY) -> dict[str, str]:
    findings = admit(read_notice(body_of(notice)), by or sender(), a_small_registry(), day)
    return {finding.place: finding.rule for finding in findings}


@pytest.mark.parametrize("notice", [a_downsizing_notice(), a_recruitment_notice(), a_development_notice()])
def test_a_good_notice_is_admitted(notice: dict[str, Any]) -> None:
    assert found(notice) == {}


# Who sends


@pytest.mark.parametrize(
    ("agency", "admitted"),
    [
        (an_agency("ta-01"), True),
        (an_agency("evk-01", ring="tem-group"), True),
        (an_agency("prizz", ring="partner", agreement_until=DAY), True),
        (an_agency("prizz", ring="partner", agreement_until=date(2026, 3, 1)), False),
        (an_agency("us-warn", kind="foreign", ring="none"), True),
        (an_agency("fallback", kind="hub", ring="none"), False),
        (an_agency("te-01", kind="te-office", valid_to=date(2024, 12, 31)), False),
    ],
    ids=lambda value: value.id if isinstance(value, Agency) else "",
)
def test_who_may_publish(agency: Agency, admitted: bool) -> None:
    assert found(a_recruitment_notice(), agency) == ({} if admitted else {"": "may-not-publish"})


def test_nobody_publishes_for_another_agency() -> None:
    assert found(a_recruitment_notice(on_behalf_of="ta-39")) == {}
    assert found(a_recruitment_notice(on_behalf_of="ta-08")) == {"/on_behalf_of": "on-behalf-of"}


# Areas


def test_unknown_areas_are_refused_wherever_they_stand() -> None:
    notice = a_downsizing_notice(
        workplaces=[{"area": "fi:kunta:837"}, {"area": "fi:kunta:999"}],
        measures=[{"measure": "layoff", "planned": 3, "area": "fi:kunta:5"}],
        homes=[{"area": "se:kommun:2583", "count": 1}],
    )
    expected = dict.fromkeys(("/workplaces/1/area", "/measures/0/area", "/homes/0/area"), "unknown-area")
    assert found(notice) == expected


def test_a_municipality_code_without_its_zeros_is_refused_with_a_hint() -> None:
    notice = read_notice(body_of(a_recruitment_notice(workplaces=[{"area": "fi:kunta:5"}])))
    (finding,) = admit(notice, sender(), a_small_registry(), DAY)
    assert "fi:kunta:005" in finding.message


def test_a_merged_municipality_is_refused_and_its_successor_named() -> None:
    notice = read_notice(body_of(a_recruitment_notice(workplaces=[{"area": KUOREVESI}])))
    (finding,) = admit(notice, sender(), a_small_registry(), DAY)
    assert (finding.rule, finding.place) == ("merged-area", "/workplaces/0/area")
    assert "fi:kunta:837" in finding.message


def test_a_merged_municipality_is_right_before_its_merger_and_in_history() -> None:
    notice = a_recruitment_notice(workplaces=[{"area": KUOREVESI}], noted_on=None)
    assert found(notice, day=date(2000, 12, 31)) == {}
    assert found(notice | {"historic": True}) == {}


def test_areas_abroad_are_taken_where_the_registry_knows_them() -> None:
    assert found(a_recruitment_notice(workplaces=[{"area": "us:state:AZ"}])) == {}
    assert found(a_recruitment_notice(workplaces=[{"area": "us:state:CO"}])) == {"/workplaces/0/area": "unknown-area"}


# Days, words


@pytest.mark.parametrize("name", ["noted_on", "proposal_given_on", "authority_notified_on"])
def test_what_is_told_as_done_lies_in_no_later_day(name: str) -> None:
    start = {"talks_start_on": "2026-04-01"}
    assert found(a_downsizing_notice(**start, **{name: "2026-03-03"})) == {}, "a day of grace for time zones"
    assert found(a_downsizing_notice(**start, **{name: "2026-03-04"})) == {f"/{name}": "in-the-future"}


def test_talks_may_start_later() -> None:
    assert found(a_downsizing_notice(talks_start_on="2026-09-01")) == {}


def test_an_unknown_need_is_refused() -> None:
    assert found(a_recruitment_notice(needs=[{"code": "N_MAGIC"}])) == {"/needs/0/code": "unknown-need"}


def consent(**changes: Any) -> dict[str, Any]:
    return {"given_by_role": "toimitusjohtaja", "given_on": "2026-03-01", "scope": "tem-group"} | changes


EARLY = [
    ("restricted without consent", {"level": "restricted"}, {}),
    ("open with consent", {"level": "open", "consent": consent()}, {}),
    ("open without consent", {"level": "open"}, {"/access/level": "early-signal-access"}),
    (
        "embargoed without consent",
        {"level": "embargoed", "until_event": "pörssitiedote"},
        {"/access/level": "early-signal-access"},
    ),
    (
        "open with a consent withdrawn",
        {"level": "open", "consent": consent(withdrawn_on="2026-03-02")},
        {"/access/level": "early-signal-access"},
    ),
    (
        "a consent withdrawn before it was given",
        {"level": "restricted", "consent": consent(withdrawn_on="2026-02-01")},
        {"/access/consent/withdrawn_on": "consent-order"},
    ),
    (
        "a consent of tomorrow's tomorrow",
        {"level": "open", "consent": consent(given_on="2026-03-04")},
        {"/access/consent/given_on": "in-the-future"},
    ),
]


@pytest.mark.parametrize(("access", "expected"), [case[1:] for case in EARLY], ids=[case[0] for case in EARLY])
def test_early_signals_and_consent(access: dict[str, Any], expected: dict[str, str]) -> None:
    assert found(a_downsizing_notice(stage="early-signal", access=access)) == expected


@pytest.mark.parametrize("isco", ["110", "7299", "99"])
def test_a_code_that_isco_does_not_have_is_refused_with_a_hint(isco: str) -> None:
    """`110` lost the zero of `0110`: a commissioned officer is not to be taken for whatever comes near."""
    assert found(a_recruitment_notice(occupations=[{"isco": "7212"}, {"isco": isco}])) == {
        "/occupations/1/isco": "unknown-occupation"
    }
    assert found(a_downsizing_notice(measures=[{"measure": "layoff", "occupations": [{"isco": isco}]}])) == {
        "/measures/0/occupations/0/isco": "unknown-occupation"
    }


@pytest.mark.parametrize("isco", ["0", "01", "0110", "1", "11", "1111"])
def test_a_group_of_any_size_is_taken_by_its_code_with_its_zeros(isco: str) -> None:
    assert found(a_recruitment_notice(occupations=[{"isco": isco}])) == {}


@pytest.mark.parametrize(
    ("own", "head"),
    [
        ({"business_id": "0112038-9"}, {"business_id": "0112038-9"}),
        (
            {"business_id": None, "foreign": {"country": "se", "number": "123456-7897"}},
            {"foreign": {"country": "se", "number": "SE123456789701"}},
        ),
    ],
)
def test_a_head_of_a_group_is_not_in_its_own_group(own: dict[str, Any], head: dict[str, Any]) -> None:
    assert found(a_recruitment_notice(employer=own | {"group": head})) == {"/employer/group": "head-of-itself"}
    assert found(a_recruitment_notice(employer=own | {"group": {"business_id": "9000000-3"}})) == {}


def test_an_employer_has_one_key_only() -> None:
    foreign = {"business_id": None, "foreign": {"country": "fi", "number": "0112038-9"}}
    assert found(a_recruitment_notice(employer=foreign)) == {"/employer/foreign": "finnish-number"}
    head = {"group": {"foreign": {"country": "fi", "number": "0112038-9"}}}
    assert found(a_recruitment_notice(employer=head)) == {"/employer/group/foreign": "finnish-number"}
    blank = {"business_id": None, "name": None, "kind": "starter", "referral_number": "\u200b"}
    assert found(a_recruitment_notice(employer=blank)) == {"/employer/referral_number": "blank-reference"}


def test_all_findings_come_at_once() -> None:
    notice = a_recruitment_notice(
        on_behalf_of="ta-08", workplaces=[{"area": "fi:kunta:999"}], noted_on="2027-01-01", needs=[{"code": "N_NO"}]
    )
    places = {"/on_behalf_of", "/workplaces/0/area", "/noted_on", "/needs/0/code"}
    assert set(found(notice)) == places


# Key


def key_of(employer: dict[str, Any], by: str = "ta-39") -> str:
    return employer_key(read_notice(body_of(a_recruitment_notice(employer={"business_id": None, **employer}))), sender(by))


def starter(number: str) -> dict[str, Any]:
    return {"name": None, "kind": "starter", "referral_number": number}


@pytest.mark.parametrize(
    ("employer", "key"),
    [
        ({"business_id": "0112038-9"}, "fi:0112038-9"),
        ({"foreign": {"country": "us", "number": "WARN-2024.17"}}, "us:WARN-2024.17"),
        ({"foreign": {"country": "se", "number": "SE123456789701"}}, "se:1234567897"),
        (starter("2026-17"), "ref:ta-39:2026-17"),
        (starter("A 1/ä"), "ref:ta-39:A.201.2f.c3.a4"),
        (starter("A.1"), "ref:ta-39:A.2e1"),
    ],
)
def test_employer_keys(employer: dict[str, Any], key: str) -> None:
    assert key_of(employer) == key
    assert KEY.validate_python(key) == key


def test_the_same_referral_number_of_two_agencies_is_two_employers() -> None:
    assert key_of(starter("1"), "ta-39") != key_of(starter("1"), "ta-08")


REFERENCES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=128).filter(
    lambda text: text == text.strip() and any(character.isalnum() for character in text)
)


@given(REFERENCES)
def test_every_referral_number_gives_a_key_of_the_pattern(number: str) -> None:
    try:
        key = key_of(starter(number))
    except Refusal:
        return  # it held a character that no reference may hold
    assert KEY.validate_python(key) == key


# Hash


def test_the_hash_is_of_what_is_said_not_of_how_it_is_written() -> None:
    plain = a_recruitment_notice(employer={"name": "Hämeen Rekry Oy"})
    other = dict(reversed(list(plain.items()))) | {"posts": {"high": 40, "said": "exact", "low": 40}, "historic": False}
    decomposed = json.dumps(other).replace("\\u00e4", "a\\u0308").encode()
    assert digest(read_notice(body_of(plain))) == digest(read_notice(decomposed))


@pytest.mark.parametrize(
    "changes", [{"posts": 41}, {"posts": {"said": "about", "low": 40, "high": 40}}, {"workplaces": [{"area": HELSINKI}]}]
)
def test_another_content_has_another_hash(changes: dict[str, Any]) -> None:
    same, other = a_recruitment_notice(), a_recruitment_notice(**changes)
    assert digest(read_notice(body_of(same))) != digest(read_notice(body_of(other)))


# History


def test_a_notice_comes_back_out_of_the_history_as_it_was() -> None:
    notice = a_downsizing_notice(access={"level": "embargoed", "until": "2026-04-01T09:00:00+03:00"})
    assert notice_of(an_event(notice)) == read_notice(body_of(notice))


def test_a_field_of_a_later_version_is_left_out_when_history_is_read() -> None:
    event = an_event(a_downsizing_notice())
    later = event.model_copy(update={"notice": event.notice | {"new_field": {"a": 1}}})
    assert notice_of(later) == notice_of(event)
