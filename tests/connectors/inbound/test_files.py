"""Files that are cut off, wrongly saved or wrongly parted: a clear error with row and field, and no guess."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.inbound import NotTaken, Ready, formats
from hub.core.reading import read_notice
from tests.connectors.inbound.given import file, outcomes, rules, table, tree, written

FILES = {
    "job-market-finland": "tmt_job_market_finland_response.json",
    "testbed": "testbed_job_postings.json",
    "nav": "ads_page1.json",
    "warn": "linked_notices_sample.csv",
}
JSON_FORMATS = [name for name in FILES if name != "warn"]
WARN, NAV = formats["warn"], formats["nav"]
ROWS = table("linked_notices_sample.csv")
ADS = tree("ads_page1.json")["content"]
PLAIN = [row for row in ROWS if row["employees_affected"] and row["notice_date"] and row["is_amendment"] == "0"]


def _warn(*rows: dict[str, str], delimiter: str = ",") -> str:
    return written(rows, ROWS[0], delimiter)


def _nav(*ads: dict[str, Any]) -> str:
    return json.dumps({"content": ads}, ensure_ascii=False)


def test_every_format_has_a_file_and_reads_it() -> None:
    assert formats.keys() == FILES.keys()
    for name, reader in formats.items():
        assert all(found.place != "file" for found in reader(file(FILES[name]))), name


# Byte order mark, encodings


@pytest.mark.parametrize("name", FILES)
def test_a_byte_order_mark_changes_nothing(name: str) -> None:
    body = file(FILES[name])
    assert not body.startswith(b"\xef\xbb\xbf")
    assert list(formats[name](b"\xef\xbb\xbf" + body)) == list(formats[name](body))


@pytest.mark.parametrize("name", FILES)
def test_utf_16_is_refused_as_a_whole(name: str) -> None:
    taken, not_taken = outcomes(formats[name], file(FILES[name]).decode().encode("utf-16"))
    assert taken == []
    assert rules(not_taken) == [("refused", "not-utf-8", "file")]


def test_windows_1252_in_a_table_costs_the_rows_it_spoils_and_names_the_cell() -> None:
    rows = [PLAIN[0], PLAIN[1] | {"employer_name": "Café Nord Oy", "dedupe_key": "x"}, PLAIN[2]]
    taken, not_taken = outcomes(WARN, _warn(*rows).encode("cp1252"))
    assert rules(not_taken) == [("refused", "not-utf-8", "line 3/employer_name")]
    assert "Windows-1252" in not_taken[0].findings[0].message
    assert [each.place for each in taken] == ["line 2", "line 4"]
    assert outcomes(WARN, _warn(*rows).encode())[1] == []


def test_windows_1252_in_json_names_the_field() -> None:
    taken, not_taken = outcomes(NAV, _nav(ADS[2], ADS[3]).encode("cp1252"))
    assert "Å" in json.dumps(ADS[2]["employer"], ensure_ascii=False)
    assert "/content/0/employer/name" in [place for _, _, place in rules(not_taken)]
    assert {rule for _, rule, _ in rules(not_taken)} == {"not-utf-8"}
    assert {each.place for each in [*taken, *not_taken]} == {"/content/0", "/content/1"}


def test_half_a_character_written_as_an_escape_is_refused_too() -> None:
    body = _nav(ADS[0] | {"title": "X"}).replace('"X"', '"\\ud800"').encode()
    assert rules(outcomes(NAV, body)[1]) == [("refused", "not-utf-8", "/content/0/title")]


# Cut off


@pytest.mark.parametrize("name", JSON_FORMATS)
@pytest.mark.parametrize("part", [0.2, 0.6, 0.99])
def test_of_a_cut_off_json_file_nothing_is_taken(name: str, part: float) -> None:
    body = file(FILES[name]).rstrip()
    taken, not_taken = outcomes(formats[name], body[: int(len(body) * part)])
    assert taken == []
    assert [(each.place, each.findings[0].rule) for each in not_taken] == [("file", "truncated")]
    assert not_taken[0].findings[0].place.startswith("file/line ")


def test_of_a_cut_off_table_the_last_row_is_refused() -> None:
    body = file(FILES["warn"])
    cut = body[: int(len(body) * 0.6)]
    whole = cut.count(b"\n") - 1  # no cell holds a line break, and the first line is the header
    assert not cut.endswith(b"\n")
    found = list(WARN(cut))
    assert len(found) == whole + 1
    assert found[:-1] == list(WARN(body))[:whole]
    last = found[-1]
    assert isinstance(last, NotTaken)
    cells = len(next(csv.reader([cut.splitlines()[-1].decode()])))
    assert (last.place, last.outcome) == (f"line {whole + 2}", "refused")
    assert last.findings[0].place == f"line {whole + 2}/{list(ROWS[0])[cells]}"
    assert "cut off" in last.findings[0].message


def test_quotes_that_are_never_closed() -> None:
    plain = [row for row in PLAIN if not any("," in cell for cell in row.values())]
    lines = _warn(*plain[:3]).splitlines()
    body = "\n".join([*lines[:2], '"' + lines[2], lines[3]])
    taken, not_taken = outcomes(WARN, body.encode())
    assert [each.place for each in taken] == ["line 2"]
    assert rules(not_taken) == [("refused", "truncated", "line 3/state")]


def test_quotes_that_do_not_fit_cost_what_they_swallow_and_say_how_far() -> None:
    plain = [row for row in PLAIN if not any("," in cell for cell in row.values())]
    lines = _warn(*plain[:4]).splitlines()
    swallowed = lines[2][:5] + '"' + lines[2][5:]  # the quote of line 2 ends here, and letters follow
    body = "\n".join([lines[0], '"' + lines[1], swallowed, *lines[3:]])
    taken, not_taken = outcomes(WARN, body.encode())
    assert rules(not_taken) == [("refused", "quotes", "line 2/state")]
    assert "up to line 3" in not_taken[0].findings[0].message
    assert [each.place for each in taken] == ["line 4", "line 5"]


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", FILES)
def test_an_empty_file(name: str, body: bytes) -> None:
    found = rules(outcomes(formats[name], body)[1])
    assert len(found) == 1
    assert found[0][0] == "refused"
    assert found[0][2].startswith("file")


# Another form


@pytest.mark.parametrize(("delimiter", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_a_wrong_delimiter_is_named(delimiter: str, word: str) -> None:
    taken, not_taken = outcomes(WARN, _warn(*PLAIN[:3], delimiter=delimiter).encode())
    assert taken == []
    assert rules(not_taken) == [("refused", "wrong-delimiter", "file/line 1")]
    assert word in not_taken[0].findings[0].message


def test_one_format_is_not_taken_for_another() -> None:
    for name, reader in formats.items():
        for other in FILES.keys() - {name}:
            taken, not_taken = outcomes(reader, file(FILES[other]))
            assert taken == []
            assert [each.place for each in not_taken] == ["file"], (name, other)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b'{"content": {}}', "not-this-format"),
        (b"[]", "not-this-format"),
        (b'{"content": [}]', "not-json"),
        (b"<html>", "not-json"),
        (b'{"content": ' + b"[" * 200_000, "not-json"),
        (b'{"content": [' + b"9" * 5_000 + b"]}", "not-json"),
    ],
)
def test_what_is_no_page_of_ads(body: bytes, rule: str) -> None:
    assert [found[1] for found in rules(outcomes(NAV, body)[1])] == [rule]


def test_rows_that_are_no_objects_cost_themselves_only() -> None:
    body = json.dumps({"content": [None, ADS[0], "x"]}).encode()
    taken, not_taken = outcomes(NAV, body)
    assert [each.place for each in taken] == ["/content/1"]
    assert rules(not_taken) == [("refused", "not-an-object", "/content/0"), ("refused", "not-an-object", "/content/2")]


def test_a_row_with_a_cell_too_many_and_blank_lines() -> None:
    lines = _warn(PLAIN[0], PLAIN[1]).splitlines()
    body = "\n".join([lines[0], "", lines[1], "", lines[2] + ",more"]).encode()
    taken, not_taken = outcomes(WARN, body)
    assert [each.place for each in taken] == ["line 3"]
    assert rules(not_taken) == [("refused", "cells", f"line 5/{list(ROWS[0])[-1]}")]


def test_a_column_that_stands_twice() -> None:
    body = _warn(PLAIN[0]).replace("ticker", "state", 1).encode()
    assert rules(outcomes(WARN, body)[1]) == [("refused", "duplicate-column", "file/line 1")]


def test_a_cell_over_several_lines_counts_from_its_first_line() -> None:
    body = _warn(PLAIN[0] | {"location": "Denver\nColorado"}, PLAIN[1] | {"notice_date": ""}).encode()
    taken, not_taken = outcomes(WARN, body)
    assert [each.place for each in taken] == ["line 2"]
    assert [place for _, _, place in rules(not_taken)] == ["line 4/notice_date"]


# Repeats


def test_the_same_row_again_is_a_repeat_and_told() -> None:
    taken, not_taken = outcomes(WARN, _warn(PLAIN[0], PLAIN[1], PLAIN[0]).encode())
    assert not_taken == []
    assert (taken[2].source, taken[2].id, taken[2].body) == (taken[0].source, taken[0].id, taken[0].body)
    assert [(each.place, each.rule) for each in taken[2].remarks if each.rule == "repeated-row"] == [("line 4", "repeated-row")]
    assert "line 2" in taken[2].remarks[-1].message
    assert not any(each.rule == "repeated-row" for ready in taken[:2] for each in ready.remarks)


def test_the_same_id_with_another_content_is_refused() -> None:
    taken, not_taken = outcomes(WARN, _warn(PLAIN[0], PLAIN[0] | {"employees_affected": "77"}).encode())
    assert [each.place for each in taken] == ["line 2"]
    assert rules(not_taken) == [("refused", "same-id", "line 3")]
    assert "line 2" in not_taken[0].findings[0].message


# Persons


@pytest.mark.parametrize("code", ["131052-308T", "15108695088", "536-90-4399"])
def test_a_personal_code_anywhere_refuses_the_row_and_is_not_repeated(code: str) -> None:
    ad = ADS[0] | {"properties": ADS[0]["properties"] | {"adtext": f"<p>Ring {code}</p>"}}
    taken, not_taken = outcomes(NAV, _nav(ad, ADS[2]).encode())
    assert [each.place for each in taken] == ["/content/1"]
    assert rules(not_taken) == [("refused", "personal-code", "/content/0/properties/adtext")]
    assert code not in repr(not_taken)


def test_numbers_that_only_look_like_a_personal_code_do_not() -> None:
    texts = {"adtext": "15108695089, 131052-308U, 000-12-3456, 2018-11-29, 040 123 4567, 978-0-306-40615-7"}
    taken, not_taken = outcomes(NAV, _nav(ADS[0] | {"properties": ADS[0]["properties"] | texts}).encode())
    assert (len(taken), not_taken) == (1, [])


# Anything at all


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(FILES)), st.data())
def test_whatever_comes_is_taken_or_told(name: str, data: st.DataObject) -> None:
    body = bytearray(file(FILES[name])[:6_000] if name == "warn" else file(FILES[name]))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    for found in formats[name](bytes(body)):
        if isinstance(found, Ready):
            assert read_notice(found.body.encode()).id == found.id
        else:
            assert found.findings
            assert all(each.place.startswith(found.place) and each.message for each in found.findings)


def test_cells_are_read_as_csv_reads_them() -> None:
    plain = list(csv.reader(StringIO(file(FILES["warn"]).decode(), newline="")))
    assert len(list(WARN(file(FILES["warn"])))) == len(plain) - 1
