"""US WARN notices: 448 real rows of eight states, of which some lack a count or a date and many amend another one."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.inbound import Known, Ready
from connectors.inbound.warn import COLUMNS, read
from hub.core.admission import employer_key
from hub.core.reading import read_notice
from tests.connectors.inbound.given import body_of, file, outcomes, refused_at_the_door, registry, rules, table, written

NAME = "linked_notices_sample.csv"
ROWS = table(NAME)
BY_KEY = {row["dedupe_key"]: row for row in ROWS}


def _says_update(row: dict[str, str]) -> bool:
    return re.search("updat|supplement", row["employer_name"], re.IGNORECASE) is not None


def _row(**changes: str) -> dict[str, str]:
    base = next(row for row in ROWS if row["employees_affected"] == "27" and row["layoff_type"] == "closure")
    return base | changes


def _read(*rows: dict[str, str]) -> tuple[list[Ready], list[tuple[str, str, str]]]:
    taken, not_taken = outcomes(read, written(rows, ROWS[0]).encode())
    return taken, rules(not_taken)


def _notice(**changes: str) -> dict[str, Any]:
    taken, not_taken = _read(_row(**changes))
    assert not_taken == []
    return body_of(taken[0])


def _lines() -> Iterator[tuple[str, dict[str, str]]]:
    """No cell of the file holds a line break, so that row n stands on line n + 1."""
    assert not any("\n" in cell for row in ROWS for cell in row.values())
    yield from ((f"line {number}", row) for number, row in enumerate(ROWS, start=2))


def test_how_many_are_taken() -> None:
    taken, not_taken = outcomes(read, file(NAME))
    complete = [row for row in ROWS if row["employees_affected"] and row["notice_date"] and row["is_amendment"] == "0"]
    fresh = [row for row in complete if not _says_update(row)]
    assert (len(ROWS), len(complete), len(fresh)) == (448, 338, 290)
    assert [each.id for each in taken] == [row["dedupe_key"] for row in fresh]
    assert len(taken) + len(not_taken) == len(ROWS)


def test_why_the_others_are_held() -> None:
    expected = Counter()
    for line, row in _lines():
        expected[line, "no-count", "employees_affected"] += not row["employees_affected"]
        expected[line, "no-date", "notice_date"] += not row["notice_date"]
        flagged = row["is_amendment"] == "1"
        expected[line, "amendment", "is_amendment"] += flagged
        expected[line, "amendment", "employer_name"] += _says_update(row) and not flagged
    not_taken = outcomes(read, file(NAME))[1]
    places = [(finding.place.split("/"), finding.rule) for each in not_taken for finding in each.findings]
    found = Counter((line, rule, column) for (line, column), rule in places)
    assert found == +expected
    assert Counter(rule for _, rule, _ in found.elements()) == {"no-count": 44, "no-date": 5, "amendment": 141}
    assert {each.outcome for each in not_taken} == {"held"}


def test_each_taken_one_is_admitted_from_its_state_and_from_finland() -> None:
    taken, _ = outcomes(read, file(NAME))
    assert len(taken) == 290
    for notice in taken:
        assert refused_at_the_door(notice, f"us-{BY_KEY[notice.id]['state'].lower()}") == ()
        assert refused_at_the_door(notice, "business-finland") == ()


def test_numbers_days_and_places_are_those_of_the_rows() -> None:
    for notice in outcomes(read, file(NAME))[0]:
        row, body = BY_KEY[notice.id], body_of(notice)
        assert [(each["measure"], each["planned"]) for each in body["measures"]] == [
            ("dismissal", int(row["employees_affected"]))
        ]
        assert body["authority_notified_on"] == row["notice_date"]
        assert [each["on"] for each in body.get("end_dates", [])] == ([row["effective_date"]] if row["effective_date"] else [])
        assert body["workplaces"][0]["area"] == f"us:state:{row['state']}"
        assert body["workplaces"][0].get("name", "") == row["location"]
        assert body["closure"] == (row["layoff_type"] == "closure")
        assert body["employer"]["name"] == row["employer_name"]


def test_employers_that_the_register_tells_apart_stay_apart() -> None:
    sender = registry().agency("us-co")
    assert sender is not None
    keys = {
        (BY_KEY[each.id]["employer_key"], employer_key(read_notice(each.body.encode()), sender))
        for each in outcomes(read, file(NAME))[0]
    }
    assert len(keys) > 100
    assert len({theirs for theirs, _ in keys}) == len({ours for _, ours in keys}) == len(keys)


def test_a_layoff_that_had_begun_is_flagged_with_both_days_kept() -> None:
    late = {row["dedupe_key"] for row in ROWS if row["effective_date"] and row["effective_date"] < row["notice_date"]}
    taken = outcomes(read, file(NAME))[0]
    flagged = {each.id for each in taken if "late-notice" in [remark.rule for remark in each.remarks]}
    assert flagged == late & {each.id for each in taken}
    assert len(flagged) == 34


def test_an_employer_known_by_name_only_is_flagged() -> None:
    taken = outcomes(read, file(NAME))[0]
    flagged = [each.id for each in taken if "employer-by-name" in [remark.rule for remark in each.remarks]]
    assert flagged == [each.id for each in taken if BY_KEY[each.id]["employer_key"].startswith("n:")]
    assert 0 < len(flagged) < len(taken)


def test_industry_only_where_the_state_said_it() -> None:
    for notice in outcomes(read, file(NAME))[0]:
        row, industry = BY_KEY[notice.id], body_of(notice)["employer"].get("industry")
        said = row["naics_basis"] == "source" and row["naics"].isdigit()
        assert industry == ({"code": row["naics"], "edition": "NAICS"} if said else None)


def test_a_table_in_which_rows_lack_employer_count_or_date() -> None:
    taken, not_taken = _read(
        _row(dedupe_key="a"),
        _row(dedupe_key="b", employer_name="", employer_key=""),
        _row(dedupe_key="c", employees_affected=""),
        _row(dedupe_key="d", notice_date=""),
        _row(dedupe_key="e", employees_affected="0"),
        _row(dedupe_key="f", state=""),
    )
    assert [each.id for each in taken] == ["a"]
    assert not_taken == [
        ("held", "no-employer", "line 3/employer_name"),
        ("held", "no-employer", "line 3/employer_key"),
        ("held", "no-count", "line 4/employees_affected"),
        ("held", "no-date", "line 5/notice_date"),
        ("held", "nobody", "line 6/employees_affected"),
        ("held", "no-place", "line 7/state"),
    ]


@pytest.mark.parametrize(
    ("changes", "rule", "field"),
    [
        ({"employees_affected": "2 5s1ta"}, "unreadable-count", "employees_affected"),
        ({"employees_affected": "61 total, 4 in CO"}, "unreadable-count", "employees_affected"),
        ({"employees_affected": "9,236 Nationwide"}, "unreadable-count", "employees_affected"),
        ({"notice_date": "3/4/2020"}, "value-error", "notice_date"),
        ({"notice_date": "2020-02-30"}, "value-error", "notice_date"),
        ({"effective_date": "2032"}, "value-error", "effective_date"),
        ({"state": "Colorado"}, "area-code", "state"),
        ({"dedupe_key": ""}, "missing", "dedupe_key"),
        ({"employer_name": "x" * 201}, "string-too-long", "employer_name"),
    ],
)
def test_what_is_wrong_refuses_the_row(changes: dict[str, str], rule: str, field: str) -> None:
    assert _read(_row(**changes)) == ([], [("refused", rule, f"line 2/{field}")])


@pytest.mark.parametrize(
    "name", ["Acme (Update)", "Acme - Amended", "Acme Revised Notice", "Acme, WARN RESCINDED", "Acme Cancelled"]
)
def test_an_amendment_is_no_new_layoff(name: str) -> None:
    assert _read(_row(employer_name=name))[1] == [("held", "amendment", "line 2/employer_name")]


def test_a_name_that_only_looks_like_it_is_taken() -> None:
    assert _notice(employer_name="Updike Supply Inc")["employer"]["name"] == "Updike Supply Inc"


def test_only_a_layoff_that_is_said_to_end_is_a_temporary_one() -> None:
    assert [_notice(is_temporary=said)["measures"][0]["measure"] for said in ("", "0", "1")] == [
        "dismissal",
        "dismissal",
        "layoff",
    ]


@pytest.mark.parametrize(
    ("cell", "planned"),
    [
        ("1,529", 1529),
        ("40-60", {"said": "range", "low": 40, "high": 60}),
        ("Up to 300", {"said": "at-most", "high": 300}),
        ("100+", {"said": "at-least", "low": 100}),
        ("200 +/-", {"said": "about", "low": 200, "high": 200}),
        ("TBD", {"said": "unknown"}),
        ("9999999", {"said": "unknown"}),
    ],
)
def test_counts_keep_what_was_said(cell: str, planned: Any) -> None:
    assert _notice(employees_affected=cell)["measures"][0]["planned"] == planned


def test_a_long_or_strange_key_is_still_one_number() -> None:
    keys = ("n:" + "long " * 20 + "a", "n:" + "long " * 20 + "b", "n:mäkelä & sons", "n:m kel  & sons")
    numbers = [_notice(employer_key=key)["employer"]["foreign"]["number"] for key in keys]
    assert len(set(numbers)) == len(keys)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", number) for number in numbers)


def test_history_is_said_to_be_history() -> None:
    archived, _ = outcomes(read, file(NAME), Known(historic=True))
    current, _ = outcomes(read, file(NAME))
    assert all(body_of(each)["historic"] is True for each in archived)
    assert not any("historic" in body_of(each) for each in current)


def test_read_again_nothing_is_new() -> None:
    first, second = outcomes(read, file(NAME)), outcomes(read, file(NAME))
    assert first == second
    assert len({(each.source, each.id) for each in first[0]}) == len(first[0])


def test_the_columns_read_are_in_the_file_and_a_table_without_one_is_not_this_format() -> None:
    with_fewer = [name for name in ROWS[0] if name not in ("dedupe_key", "notice_date")]
    body = written([{name: row[name] for name in with_fewer} for row in ROWS[:3]], with_fewer).encode()
    assert set(COLUMNS) <= set(next(csv.reader([file(NAME).decode().splitlines()[0]])))
    taken, not_taken = outcomes(read, body)
    assert taken == []
    assert rules(not_taken) == [("refused", "missing-column", "file/line 1")]
    assert "notice_date, dedupe_key" in not_taken[0].findings[0].message
