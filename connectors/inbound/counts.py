"""Numbers of people as feeds write them: kept as said, never guessed."""

import re
from collections.abc import Callable
from typing import Any

from connectors.inbound.row import Row
from schemas.count import UNKNOWN, Count, exactly

_UNKNOWN = {"unknown", "tbd", "t/b/c", "n/a", "na", "not stated", "not reported", "?", "-", "--", "---", "flere", "ukjent"}
_NO_NUMBER = 9_999_999
"""How some registers write "unknown" where only a number fits."""

_N = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("N", _N), re.IGNORECASE)


_FORMS: tuple[tuple[re.Pattern[str], Callable[..., Count]], ...] = (
    (_pattern(r"\*?N\*?"), exactly),
    (_pattern(r"N ?(?:-|–|to) ?N"), lambda low, high: Count(said="range", low=low, high=high)),
    (_pattern(r"(?:up to|at most|max\.?|maximum|inntil|<=) ?N"), lambda high: Count(said="at-most", high=high)),
    (_pattern(r"(?:at least|minimum|min\.?|>=) ?N|N ?\+"), lambda low: Count(said="at-least", low=low)),
    (_pattern(r"(?:about|approx\.?|approximately|circa|ca\.?|~|est\.?) ?N|N ?(?:\+/-|±)"), lambda n: _about(n)),
)


def _about(number: int) -> Count:
    return Count(said="about", low=number, high=number)


def count_of(text: str) -> Count:
    """The count in a text such as `1,529`, `40-60`, `up to 300`, `approx. 200`, `100+`, `TBD`. ValueError for any other."""
    plain = " ".join(text.split())
    if plain.casefold() in _UNKNOWN:
        return UNKNOWN
    for pattern, count in _FORMS:
        if found := pattern.fullmatch(plain):
            numbers = [int(re.sub(r"\D", "", group)) for group in found.groups() if group]
            return UNKNOWN if numbers == [_NO_NUMBER] else count(*numbers)
    raise ValueError("this is no number of people")


def people(row: Row, field: str, given: Any) -> Any:
    """The count (a number or a text) in that field as it stands in a notice. Where there is none, or zero, the row is held."""
    text = "" if given is None else str(given).strip()
    if not text:
        row.lacks(field, "no-count", "how many people is not said; nobody may guess it")
        return None
    try:
        found = count_of(text)
    except ValueError:
        row.wrong(field, "unreadable-count", "this is no number of people; a part or a total of elsewhere is not taken")
        return None
    if found.high == 0:
        row.lacks(field, "nobody", "the count is zero: whether there is anything to tell, a person has to say")
    return found.low if found.said == "exact" else found.model_dump(exclude_none=True)
