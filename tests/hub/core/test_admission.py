"""The one door rule: what bytes are a notice, and what is said about those that are none."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.admission import admit, digest, read_notice
from hub.core.registry import Registry
from hub.data.load import load_registry
from schemas.errors import Refusal

NOTICE: dict[str, Any] = {
    "kind": "recruitment",
    "id": "7",
    "source": "ura",
    "employer": {"business_id": "9000000-3"},
    "workplaces": [{"area": "fi:kunta:837"}],
    "posts": 40,
}
GOOD = json.dumps(NOTICE).encode()


def body(**changes: Any) -> bytes:
    return json.dumps(NOTICE | changes).encode()


def test_a_good_notice_is_read() -> None:
    assert read_notice(GOOD).id == "7"


BAD = {
    "empty": b"",
    "blank": b"  ",
    "truncated": GOOD[:-5],
    "not utf-8": GOOD.replace(b"ura", b"\xc3\x28"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "utf-16": GOOD.decode().encode("utf-16"),
    "NaN": GOOD.replace(b"40", b"NaN"),
    "infinity": GOOD.replace(b"40", b"-Infinity"),
    "too large a number": GOOD.replace(b"40", b"1e400"),
    "duplicate keys": GOOD.replace(b'"id": "7"', b'"id": "7", "id": "8"'),
    "deep nesting": b"[" * 100_000,
    "deep nesting in a notice": GOOD.replace(b"40", b"[" * 5_000 + b"]" * 5_000),
    "null byte": body(id="a\x00b"),
    "raw null byte": GOOD.replace(b"ura", b"u\x00a"),
    "too large": body(text="x" * 300_000),
    "a list": b"[]",
    "another kind's fields": body(stage="negotiations"),
    "unknown field": body(salary=1),
    "wrong check digit": body(employer={"business_id": "9000000-4"}),
    "personal code in text": body(text="soita 131052-308T"),
    "personal code in a nested name": body(employer={"business_id": "9000000-3", "name": "131052-308T"}),
    "personal code in the id": body(id="131052-308T"),
    "a fraction": body(posts=12.0),
    "a text": body(posts="12"),
    "a truth value": body(posts=True),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_findings_that_never_repeat_a_personal_code(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_notice(BAD[name])
    assert caught.value.findings
    assert "131052" not in repr(caught.value.findings) + str(caught.value)


def test_all_findings_are_told_at_once() -> None:
    with pytest.raises(Refusal) as caught:
        read_notice(body(employer={"business_id": "9000000-4"}, posts="12"))
    assert {finding.place.split("/")[1] for finding in caught.value.findings} == {"employer", "posts"}


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_notice_or_a_refusal(given_bytes: bytes) -> None:
    with pytest.raises(Refusal):
        read_notice(given_bytes)


CONTENT = load_registry()
REGISTRY = Registry.of(1, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)
TODAY = date(2026, 6, 30)


def said(**changes: Any) -> list[str]:
    sender = REGISTRY.agency("ta-39")
    assert sender is not None
    return [f"{found.place} {found.message}" for found in admit(read_notice(body(**changes)), sender, REGISTRY, TODAY)]


def test_a_notice_of_a_known_municipality_is_admitted() -> None:
    assert said() == []


def test_an_unknown_municipality_is_refused_and_a_merged_one_names_its_successor() -> None:
    assert said(workplaces=[{"area": "fi:kunta:999"}])[0].startswith("/workplaces/0/area")
    assert "fi:kunta:214" in said(workplaces=[{"area": "fi:kunta:099"}])[0]


def test_a_notice_cannot_have_been_noted_in_the_future() -> None:
    assert said(noted_on="2026-07-30")[0].startswith("/noted_on")


def test_nobody_speaks_for_another_agency() -> None:
    assert said(on_behalf_of="ta-08")[0].startswith("/on_behalf_of")


def test_the_digest_is_of_the_content_not_of_its_spelling() -> None:
    composed, decomposed = ({"business_id": "9000000-3", "name": name} for name in ("H\u00e4me Oy", "Ha\u0308me Oy"))
    assert digest(read_notice(body(employer=composed))) == digest(read_notice(body(employer=decomposed)))
    assert digest(read_notice(body(posts=40))) == digest(read_notice(body(posts={"said": "exact", "low": 40, "high": 40})))
    assert digest(read_notice(body(posts=40))) != digest(read_notice(body(posts=41)))
