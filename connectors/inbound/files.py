"""Bytes to rows: JSON with a list of objects, and CSV parted by commas. A flaw costs its row, never the rows beside it.

Bytes that are no UTF-8 stay in their cell as half characters, so that `persons.text_flaws` can name row and field.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from connectors.inbound.row import Row
from connectors.inbound.taken import NotTaken
from hub.core.reading import finding_at

FILE = "file"
_UTF_8_MARK = b"\xef\xbb\xbf"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class _Unreadable(Exception):
    """Nothing of the file can be read."""

    def __init__(self, rule: str, message: str, where: str = "") -> None:
        super().__init__(message)
        place = f"{FILE}/{where}" if where else FILE
        self.not_taken = NotTaken(FILE, "refused", (finding_at(rule, place, message),))


def json_rows(body: bytes, name: str) -> Iterator[Row | NotTaken]:
    """The objects of the list of that name in a JSON object; the place of a row is its JSON pointer."""
    try:
        found = _list_in(_tree_of(_text_of(body)), name)
    except _Unreadable as error:
        yield error.not_taken
        return
    for index, values in enumerate(found):
        yield _json_row(f"/{name}/{index}", values)


def _json_row(place: str, values: Any) -> Row | NotTaken:
    if isinstance(values, dict):
        return Row(place, values)
    return NotTaken(place, "refused", (finding_at("not-an-object", place, "a row is a JSON object"),))


def csv_rows(body: bytes, columns: Iterable[str]) -> Iterator[Row | NotTaken]:
    """The rows of a table with at least these columns; the place of a row is the line on which it begins."""
    try:
        reader = csv.reader(StringIO(_text_of(body), newline=""), strict=True)
        header = _header(reader, columns)
    except _Unreadable as error:
        yield error.not_taken
        return
    while True:
        place = f"line {reader.line_num + 1}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _quoted_wrong(place, header[0], reader.line_num, "end of data" in str(error))
            continue
        if cells:  # a blank line is no row
            yield _csv_row(place, header, cells)


def _csv_row(place: str, header: list[str], cells: list[str]) -> Row | NotTaken:
    if len(cells) == len(header):
        return Row(place, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    short = len(cells) < len(header)
    where = f"{place}/{header[len(cells)] if short else header[-1]}"
    hint = "the file may be cut off here" if short else "a cell may hold a comma without quotes"
    message = f"{len(cells)} cells where the header has {len(header)}: {hint}"
    return NotTaken(place, "refused", (finding_at("cells", where, message),))


def _quoted_wrong(place: str, first: str, last_line: int, cut_off: bool) -> NotTaken:
    """Everything from the row's first line to that line is lost to quotes that do not fit."""
    rule = "truncated" if cut_off else "quotes"
    hint = "a cell is never closed, the file may be cut off" if cut_off else "a quote is missing or stands inside a cell"
    message = f"the quotes do not fit together up to line {last_line}: {hint}"
    return NotTaken(place, "refused", (finding_at(rule, f"{place}/{first}", message),))


# Text


def _text_of(body: bytes) -> str:
    if not body.strip():
        raise _Unreadable("empty", "the file is empty")
    if body.startswith(_UTF_16_MARKS) or b"\x00" in body:
        raise _Unreadable("not-utf-8", "the file is UTF-16 or no text; save it as UTF-8")
    return body.removeprefix(_UTF_8_MARK).decode("utf-8", "surrogateescape")


# JSON


def _tree_of(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    except (RecursionError, ValueError):
        raise _Unreadable("not-json", "nested too deep, or a number too long") from None
    if cut_off:
        raise _Unreadable("truncated", "the file ends too early; nothing of it is taken", place)
    raise _Unreadable("not-json", "this is no JSON", place)


def _list_in(tree: Any, name: str) -> list[Any]:
    found = tree.get(name) if isinstance(tree, dict) else None
    if not isinstance(found, list):
        raise _Unreadable("not-this-format", "the file has no such list; is the format right?", name)
    return found


# CSV


def _header(reader: Iterator[list[str]], columns: Iterable[str]) -> list[str]:
    try:
        header = [name.strip().encode("utf-8", "replace").decode() for name in next(reader, [])]
    except csv.Error:
        raise _Unreadable("quotes", "the quotes of the header do not fit together", "line 1") from None
    if len(header) == 1:
        _refuse_other_delimiter(header[0])
    missing = [name for name in columns if name not in header]
    if missing:
        raise _Unreadable("missing-column", f"the header lacks {', '.join(missing)}; is the format right?", "line 1")
    if len(set(header)) < len(header):
        raise _Unreadable("duplicate-column", "the header names a column twice", "line 1")
    return header


def _refuse_other_delimiter(header: str) -> None:
    for delimiter, word in _OTHER_DELIMITERS.items():
        if delimiter in header:
            raise _Unreadable("wrong-delimiter", f"the cells are parted by {word}; save the table with commas", "line 1")
