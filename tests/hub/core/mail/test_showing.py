"""What a mail may show: nothing of what is not open, nothing of a person."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from hub.core.mail.letters import Place, about
from hub.core.mail.showing import shown, why_closed
from schemas.count import exactly
from tests.builders import a_small_registry

DAY = date(2026, 11, 25)
COMPANY = {"business_id": "9000000-3", "kind": "company", "name": "Esimerkki Oy"}
OPEN: dict[str, Any] = {
    "kind": "recruitment",
    "id": "R-1",
    "access": {"level": "open"},
    "employer": COMPANY,
    "workplaces": [{"area": "fi:kunta:837"}, {"area": "xx:nowhere:1"}],
    "posts": {"said": "exact", "low": 40, "high": 40},
    "text": "Kuvaus",
}


def copy_of(notice: dict[str, Any]) -> dict[str, Any]:
    return {"receipt": "r", "step": 2, "kind": "recruitment", "notice": notice}


def test_what_is_open_is_told_in_short() -> None:
    found = shown("id", "notice", copy_of(OPEN), a_small_registry(), DAY)
    assert (found.closed, found.kind, found.receipt, found.step) == (None, "recruitment", "r", 2)
    assert found.employer == "Esimerkki Oy"
    assert [names.fi for names in found.places] == ["Tampere"]
    assert found.count == exactly(40)
    assert "Kuvaus" not in str(found), "no free text goes by mail"
    assert "9000000-3" not in str(found)


def test_of_an_answer_to_a_notice_a_mail_says_that_it_came_and_no_more() -> None:
    copy = {"receipt": "r", "answers": 2, "agency": "ta-39", "by": "ta-08", "answer": "decline", "reason": "Syy"}
    found = shown("id", "answer", copy, a_small_registry(), DAY)
    assert (found.closed, found.kind, found.step, found.employer) == ("access-not-told", None, 2, None)
    (block,) = about([found], "sv", Place("https://hub.example")).blocks
    assert block.heading.startswith("Svar på en anmälan")
    assert "Syy" not in str(block)
    assert block.link == ("Läs", "https://hub.example/v1/notices/r")


CLOSED = {
    "restricted": {"access": {"level": "restricted"}},
    "embargoed": {"access": {"level": "embargoed", "until": "2026-12-01T00:00:00Z"}},
    "access-not-told": {"access": None},
    "early-signal": {"stage": "early-signal"},
    "no-name": {"employer": {"business_id": "9000000-3"}},
    "over": {"no_longer_concerns_you": True},
}
PERSONS = [
    {"legal_form": "Yksityinen elinkeinonharjoittaja (toiminimi)"},
    {"legal_form": "Enskild firma"},
    {"kind": "starter"},
    {"kind": "household"},
]


def closed() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((why, OPEN | change) for why, change in CLOSED.items())
    yield from (("person", OPEN | {"employer": COMPANY | person}) for person in PERSONS)
    yield "access-not-told", {}
    yield "access-not-told", {"access": "open", "employer": COMPANY}
    yield "access-not-told", OPEN | {"access": {"level": "OPEN"}}
    yield "no-name", OPEN | {"employer": "Esimerkki Oy"}
    yield "no-name", OPEN | {"employer": COMPANY | {"name": ["Esimerkki Oy"]}}


@pytest.mark.parametrize(("why", "notice"), closed())
def test_what_is_not_open_or_about_a_person_says_only_that_it_came(why: str, notice: dict[str, Any]) -> None:
    found = shown("id", "notice", copy_of(notice), a_small_registry(), DAY)
    assert why_closed(notice) == found.closed == why
    assert (found.employer, found.stage, found.places, found.count.said) == (None, None, (), "unknown")


def test_a_kind_that_is_none_is_not_repeated() -> None:
    copy = copy_of({"kind": "Esimerkki Oy"}) | {"kind": "Esimerkki Oy"}
    assert shown("id", "notice", copy, a_small_registry(), DAY).kind is None
    assert shown("id", "alert", {"receipt": "r", "step": 1}, a_small_registry(), DAY).kind == "downsizing"
