"""Counts, days, occupations, contacts: what is read, and what is not guessed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.inbound.counts import count_of, people
from connectors.inbound.days import helsinki_day, written_day
from connectors.inbound.isco import isco_of
from connectors.inbound.persons import names_a_contact
from connectors.inbound.row import Row, filled


@pytest.mark.parametrize(
    ("text", "said", "low", "high"),
    [
        ("43", "exact", 43, 43),
        ("1,529", "exact", 1529, 1529),
        ("*1689", "exact", 1689, 1689),
        (" 7 ", "exact", 7, 7),
        ("40-60", "range", 40, 60),
        ("40 – 60", "range", 40, 60),
        ("40 to 60", "range", 40, 60),
        ("Up to 1,300", "at-most", None, 1300),
        ("inntil 5", "at-most", None, 5),
        ("at least 12", "at-least", 12, None),
        ("100+", "at-least", 100, None),
        ("approx. 200", "about", 200, 200),
        ("ca 200", "about", 200, 200),
        ("200 +/-", "about", 200, 200),
        ("TBD", "unknown", None, None),
        ("?", "unknown", None, None),
        ("9999999", "unknown", None, None),
        ("flere", "unknown", None, None),
    ],
)
def test_a_count_as_it_is_written(text: str, said: str, low: int | None, high: int | None) -> None:
    found = count_of(text)
    assert (found.said, found.low, found.high) == (said, low, high)


@pytest.mark.parametrize(
    "text",
    [
        *("2 5s1ta", "61 total, 4 in CO", "97 (in MI)0 (in IN)", "120 (2 in ID)", "9,236 Nationwide; PA total pending"),
        *("approx. 22,00", "22,00", "1.5", "-4", "60-40", "80 100", "54 Union 3 Non Union", "additional 16", "5000001", "½", "٤"),
        *("", "124 2020", "forty"),
    ],
)
def test_no_count_is_made_of_anything_else(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        count_of(text)


@given(st.integers(0, 5_000_000))
def test_a_plain_number_is_itself(number: int) -> None:
    if number != 9_999_999:
        assert (count_of(str(number)).said, count_of(f"{number:,}").low) == ("exact", number)


@given(st.text(alphabet="0123456789,-+~ acTo.*", max_size=12))
def test_each_end_of_a_count_stands_in_the_text(text: str) -> None:
    try:
        found = count_of(text)
    except ValueError:
        return
    numbers = {int(number.replace(",", "")) for number in re.findall("[0-9,]*[0-9]", text)}
    assert {found.low, found.high} - {None} <= numbers
    assert found.said == "unknown" or numbers


@pytest.mark.parametrize("given_count", [True, 2.5, 10**30, [3], {}])
def test_a_value_of_another_type_is_no_count(given_count: Any) -> None:
    row = Row("line 2", {})
    assert people(row, "n", given_count) is None
    assert [(each.rule, each.place) for each in row.flaws] == [("unreadable-count", "line 2/n")]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2018-12-02T01:00", "2018-12-02"),
        ("2018-11-29T12:00:02.4", "2018-11-29"),
        ("2018-11-29", "2018-11-29"),
        ("21.11.2018", "2018-11-21"),
        ("\n\t\t\t\t\t07.12.2018", "2018-12-07"),
        ("1.3.2019", "2019-03-01"),
        ("29. november 2018", "2018-11-29"),
        ("1. Mai 2019", "2019-05-01"),
    ],
)
def test_a_local_day_in_each_spelling(text: str, day: str) -> None:
    assert written_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "Snarest",
        "Fortøpende",
        "30.2.2020",
        "31.12.18",
        "11/29/2018",
        "2018-W48-4",
        "20181129",
        "29. novembre 2018",
        "2018-11-29Z",
        "",
    ],
)
def test_no_day_is_made_of_anything_else(text: str) -> None:
    assert written_day(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-12-30T22:00:00Z", "2022-12-31"),
        ("2022-12-30T21:59:59Z", "2022-12-30"),
        ("2022-07-30T21:00:00+00:00", "2022-07-31"),
        ("2022-07-30T23:30:00+03:00", "2022-07-30"),
    ],
)
def test_the_day_in_finland(text: str, day: str) -> None:
    row = Row("line 2", {})
    assert helsinki_day(row, "t", text) == day
    assert row.flaws == []


@pytest.mark.parametrize("text", ["2022-12-30T22:00:00", "2022-12-30", "30.12.2022", "9999-12-31T23:30:00Z", "soon"])
def test_a_time_without_offset_is_refused(text: str) -> None:
    row = Row("line 2", {})
    assert helsinki_day(row, "t", text) is None
    assert [(each.rule, each.place) for each in row.flaws] == [("not-a-time", "line 2/t")]


@pytest.mark.parametrize(
    ("code", "isco"),
    [
        ("7411.01", "7411"),
        ("5321", "5321"),
        ("0110", "0110"),
        ("53", "53"),
        ("http://data.europa.eu/esco/isco/C2221", "2221"),
        ("2224.01", None),  # a purely Norwegian group
        ("110", None),  # lost its zero
        ("http://data.europa.eu/esco/occupation/8d3e8aaa-791b-4c75-a465-f3f827028f50", None),
        ("74111", None),
        ("INGEN", None),
        ("", None),
    ],
)
def test_a_group_of_isco(code: str, isco: str | None) -> None:
    assert isco_of(code) == isco


def test_the_groups_are_as_many_as_isco_has() -> None:
    found = [code for length in (1, 2, 3, 4) for code in (f"{number:0{length}}" for number in range(10**length)) if isco_of(code)]
    assert [sum(len(code) == length for code in found) for length in (1, 2, 3, 4)] == [10, 43, 130, 436]


@pytest.mark.parametrize("text", ["mail to hr@firma.no", "ring +47 400 00 123", "040-123 4567", "(040) 1234567"])
def test_a_contact_is_seen(text: str) -> None:
    assert names_a_contact(text)


@pytest.mark.parametrize(
    "text", ["ARIZONA@WORK - Maricopa County", "2 hoitajaa, 31.12.2026", "KMART - STORE #3671", "Hoitaja 40 h / vko"]
)
def test_other_texts_hold_none(text: str) -> None:
    assert not names_a_contact(text)


def test_what_says_nothing_is_left_out_and_a_no_stays() -> None:
    assert filled(a=None, b="", c=[], d={}, e=0, f=False, g="x") == {"e": 0, "f": False, "g": "x"}


def test_the_sources_of_the_files_are_told() -> None:
    folder = Path(__file__).parents[2] / "data" / "inputs"
    told = (folder / "README.md").read_text(encoding="utf-8")
    names = [path.name for path in folder.iterdir() if path.suffix in (".json", ".csv")]
    assert len(names) >= 4
    assert all(name in told for name in names)
    assert all(json.loads((folder / name).read_bytes()) for name in names if name.endswith(".json"))
