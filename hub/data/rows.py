"""Reading the files row by row, so that an error can name file and line."""

import csv
import json
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from io import StringIO
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from schemas.errors import Misconfigured

_Model = TypeVar("_Model", bound=BaseModel)
_NOTE = "note"
_OPTIONAL = ("valid_from", "valid_to", "languages", "mailbox", "agreement_until", "business_id")


class Place:
    """File and line of a row."""

    def __init__(self, file: Traversable, line: int) -> None:
        self.text = f"{file.name}, line {line}"

    def wrong(self, why: str) -> NoReturn:
        """Stop, saying where and why."""
        raise Misconfigured(f"{self.text}: {why}")


def csv_rows(file: Traversable, columns: tuple[str, ...]) -> Iterator[tuple[Place, dict[str, str]]]:
    """The rows of a table whose header has exactly these columns, in this order."""
    reader = csv.reader(StringIO(file.read_text(encoding="utf-8")))
    if tuple(next(reader, ())) != columns:
        Place(file, 1).wrong(f"the header has to be {','.join(columns)}")
    for cells in reader:
        place = Place(file, reader.line_num)
        if len(cells) != len(columns):
            place.wrong(f"{len(columns)} cells expected, {len(cells)} found")
        yield place, dict(zip(columns, cells, strict=True))


def json_rows(file: Traversable) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The objects of a JSON list, each with the line on which it starts."""
    text = file.read_text(encoding="utf-8")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        Place(file, error.lineno).wrong(f"this is no JSON: {error.msg}")
    decoder, at = json.JSONDecoder(), text.index("[") + 1 if "[" in text else len(text)
    while (start := text.find("{", at)) >= 0:
        row, at = decoder.raw_decode(text, start)
        yield Place(file, text.count("\n", 0, start) + 1), row


def common(cells: Mapping[str, str]) -> dict[str, Any]:
    """What all tables have: names, source, certainty, and those optional columns that are filled."""
    names = {language: cells[language] for language in ("fi", "sv", "en") if cells.get(language)}
    filled = {column: cells[column] for column in _OPTIONAL if cells.get(column)}
    return {"names": names, "source": cells["source"], "certainty": cells["certainty"]} | filled


def built(model: type[_Model], row: Mapping[str, Any], place: Place) -> _Model:
    """The row as a value of the model; a field that the model does not have (`note` apart) is an error too."""
    unknown = _unknown_keys(model, row)
    if unknown:
        place.wrong(f"unknown field {', '.join(sorted(unknown))}")
    try:
        return model.model_validate({key: value for key, value in row.items() if key != _NOTE})
    except ValidationError as error:
        first = error.errors()[0]
        place.wrong(f"{'.'.join(str(part) for part in first['loc']) or 'row'}: {first['msg']}")


def _unknown_keys(model: type[BaseModel], row: Mapping[str, Any]) -> set[str]:
    found = set(row) - set(model.model_fields) - {_NOTE}
    for name, value in row.items():
        inner = _INNER.get((model.__name__, name))
        parts = value if isinstance(value, list) else [value]
        found |= {f"{name}.{key}" for part in parts if inner and isinstance(part, dict) for key in set(part) - inner}
    return found


_NAMES = {"fi", "sv", "en"}
_INNER: dict[tuple[str, str], set[str]] = {
    ("Area", "names"): _NAMES,
    ("Agency", "names"): _NAMES,
    ("Agency", "coordinators"): {"person", "mailbox", "languages", "sample"},
    ("Offering", "names"): _NAMES,
    ("Offering", "never"): _NAMES,
    ("Offering", "conditions"): {"field", "op", "value", "explains", "source", "certainty", "valid_from", "valid_to"},
}
