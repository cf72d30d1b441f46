"""Bytes to notice: each flaw has its finding, all flaws come at once, no bytes break the reader."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.reading import MOST_FINDINGS, read_notice
from schemas.count import exactly
from schemas.errors import Finding, MalformedMessage, PersonalCode, Refusal
from tests.builders import a_development_notice, a_downsizing_notice, a_recruitment_notice, body_of

GOOD = body_of(a_recruitment_notice())
CODE = "131052-308T"


def with_posts(written: str) -> bytes:
    return GOOD.replace(b'"posts": 40', f'"posts": {written}'.encode())


def findings(body: bytes) -> tuple[Finding, ...]:
    with pytest.raises(Refusal) as refused:
        read_notice(body)
    return refused.value.findings


def outcome(body: bytes) -> object:
    """The notice, or the findings."""
    try:
        return read_notice(body)
    except Refusal as refused:
        return refused.findings


def rules(body: bytes) -> dict[str, str]:
    return {finding.place: finding.rule for finding in findings(body)}


@pytest.mark.parametrize("notice", [a_recruitment_notice(), a_downsizing_notice(), a_development_notice()])
def test_a_good_notice_is_read(notice: dict[str, Any]) -> None:
    assert read_notice(body_of(notice)).id == notice["id"]


MALFORMED = [
    ("empty", b"", "empty"),
    ("only blanks", b" \n\t", "empty"),
    ("larger than 256 KiB", b'{"text": "' + b"x" * 262_144 + b'"}', "too-large"),
    ("not UTF-8", '{"text": "Jämsä"}'.encode("latin-1"), "not-utf-8"),
    ("a byte order mark", b"\xef\xbb\xbf" + GOOD, "byte-order-mark"),
    ("UTF-16", GOOD.decode().encode("utf-16"), "byte-order-mark"),
    ("a null byte", GOOD.replace(b"Hitsaaja", b"Hit\x00saaja"), "null-byte"),
    ("cut off in an object", GOOD[:-30], "truncated"),
    ("cut off in a text", GOOD[:20], "truncated"),
    ("cut off in a character", '{"text": "ä'.encode()[:-1], "truncated"),
    ("no JSON", b"kind=recruitment", "not-json"),
    ("two bodies", GOOD + GOOD, "not-json"),
    ("a list", b"[" + GOOD + b"]", "not-an-object"),
    ("a text", b'"recruitment"', "not-an-object"),
    ("100,000 brackets", b"[" * 100_000, "too-deep"),
    ("33 levels", b'{"a":' * 33 + b"1" + b"}" * 33, "too-deep"),
    ("not a number", with_posts("NaN"), "not-a-number"),
    ("infinity", with_posts("-Infinity"), "not-a-number"),
    ("a number too large", with_posts("1e400"), "not-a-number"),
    ("5,000 digits", with_posts("9" * 5_000), "not-a-number"),
    ("a name twice", with_posts('40, "posts": 41'), "duplicate-name"),
    ("an escaped null", GOOD.replace(b"Hitsaaja", b"Hit\\u0000saaja"), "null-character"),
    ("half a character", GOOD.replace(b"Hitsaaja", b"\\ud83d"), "lone-surrogate"),
]


@pytest.mark.parametrize(("body", "rule"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
def test_bytes_that_are_no_message(body: bytes, rule: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        read_notice(body)
    assert rule in {finding.rule for finding in refused.value.findings}


def test_brackets_inside_texts_are_no_nesting() -> None:
    notice = a_recruitment_notice(text="[{" * 500 + '"\\' * 20)
    assert read_notice(body_of(notice)).text == notice["text"]


@pytest.mark.parametrize("written", ["12.0", "12.7", '"12"', "true", "-1", "9999999", "null", '{"said": "exact", "low": 4}'])
def test_a_count_is_a_whole_number_or_a_count(written: str) -> None:
    assert all(place.startswith("/posts") for place in rules(with_posts(written)))


@pytest.mark.parametrize("written", ["12", '{"said": "exact", "low": 12, "high": 12}'])
def test_the_two_ways_to_write_a_count(written: str) -> None:
    assert read_notice(with_posts(written)).posts == exactly(12)  # type: ignore[union-attr]


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\t"])
def test_blanks_are_no_id_and_no_number_of_an_employer(blank: str) -> None:
    starter = {"business_id": None, "name": None, "kind": "starter", "referral_number": blank}
    assert set(rules(body_of(a_recruitment_notice(id=blank, employer=starter)))) == {"/id", "/employer/referral_number"}


def test_a_zero_with_a_sign_is_zero() -> None:
    assert read_notice(with_posts("-0")).posts == exactly(0)  # type: ignore[union-attr]


def test_all_flaws_are_told_at_once_each_with_its_place() -> None:
    notice = a_downsizing_notice(
        employer={"business_id": "9000000-4", "headcount": -1},
        workplaces=[{"area": "Tampere"}],
        stage="soon",
        talks_start_on="27.2.2026",
        colour="red",
        posts=4,
        text=f"Ota yhteyttä: {CODE}",
    )
    assert rules(body_of(notice)) == {
        "/text": "personal-code",
        "/employer/business_id": "value-error",
        "/employer/headcount/low": "greater-than-equal",
        "/employer/headcount/high": "greater-than-equal",
        "/workplaces/0/area": "string-pattern-mismatch",
        "/workplaces": "too-short",
        "/stage": "literal-error",
        "/talks_start_on": "value-error",
        "/colour": "extra-forbidden",
        "/posts": "extra-forbidden",
    }


def test_a_field_of_another_kind_is_named_as_such() -> None:
    (finding,) = findings(body_of(a_recruitment_notice(stage="decision")))
    assert finding.message == "this field belongs to a notice of kind downsizing"


@pytest.mark.parametrize("wrong", ["9000000-4", "9000002-0", "9100021-8", "900001-5", "90000011", "９００００００-3"])
def test_a_wrong_business_id_is_refused(wrong: str) -> None:
    assert rules(body_of(a_recruitment_notice(employer={"business_id": wrong}))) == {"/employer/business_id": "value-error"}


PLACES = [
    ("a name", {"employer": {"name": f"Tmi {CODE}"}}, "/employer/name"),
    ("an id", {"id": CODE}, "/id"),
    ("a source", {"source": CODE}, "/source"),
    ("a reference", {"references": [{"system": "ura", "value": CODE}]}, "/references/0/value"),
    ("a title", {"occupations": [{"isco": "7212", "title": CODE}]}, "/occupations/0/title"),
    ("a detail of a need", {"needs": [{"code": "N_RECRUIT", "detail": CODE}]}, "/needs/0/detail"),
    ("an unknown field", {"hetu": {"deep": [CODE]}}, "/hetu/deep/0"),
]


@pytest.mark.parametrize(("changes", "place"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_a_personal_code_anywhere_is_refused_by_its_own_code(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(PersonalCode) as refused:
        read_notice(body_of(a_recruitment_notice(**changes)))
    assert refused.value.code == "personal-code"
    assert place in {finding.place for finding in refused.value.findings if finding.rule == "personal-code"}
    assert CODE not in repr((refused.value, refused.value.findings))


def test_a_personal_code_behind_escapes_is_found() -> None:
    body = body_of(a_recruitment_notice(text="131052-308T")).replace(b"131052-", b"\\u003131052\\u002d")
    assert rules(body) == {"/text": "personal-code"}


@pytest.mark.parametrize(
    "changes",
    [
        {CODE: 1},
        {"kind": CODE},
        {"starts_on": CODE[:10]},
        {"employer": {"business_id": CODE}},
        {"access": {"level": CODE, CODE: 2}},
    ],
)
def test_no_finding_repeats_a_value(changes: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refused:
        read_notice(body_of(a_recruitment_notice(**changes)))
    assert CODE[:10] not in repr((refused.value, refused.value.findings))


@pytest.mark.parametrize("body", [GOOD[:-3], b"\xff", body_of(a_recruitment_notice(text=CODE, starts_on=CODE))])
def test_a_refusal_carries_no_error_that_holds_the_body(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_notice(body)
    assert refused.value.__context__ is None


def test_findings_are_told_up_to_a_limit() -> None:
    found = findings(body_of(a_recruitment_notice(**{f"field{number}": 1 for number in range(1_000)})))
    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].message == "900 more findings are not listed"


def test_a_field_name_of_any_length_gives_a_short_place() -> None:
    assert max(len(finding.place) for finding in findings(body_of({"kind": "recruitment", "x" * 100_000: 1}))) < 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_give_a_notice_or_a_refusal(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_notice(body)
    assert refused.value.findings


@given(st.sampled_from(sorted(a_downsizing_notice())), JSON)
def test_any_value_in_any_field_gives_a_notice_or_a_refusal(name: str, value: Any) -> None:
    body = json.dumps(a_downsizing_notice() | {name: value}).encode("utf-8", "surrogatepass")
    assert outcome(body)


@given(st.integers(0, len(GOOD)), st.binary(max_size=3))
def test_a_damaged_notice_gives_a_notice_or_a_refusal(at: int, damage: bytes) -> None:
    assert outcome(GOOD[:at] + damage + GOOD[at + len(damage) :])


@pytest.mark.parametrize("unit", [b"[", b'{"a":', b'"', b'"\\', b"\\", b"1", b"13 10 52 ", b",", b'{"a":1},'])
def test_the_worst_bodies_are_refused_quickly(unit: bytes) -> None:
    body = (unit * 262_144)[:262_144]
    start = time.perf_counter()
    assert findings(body)
    assert time.perf_counter() - start < 2
