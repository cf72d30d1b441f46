"""What is never carried over: personal identity codes (they refuse the row), and contacts in a text that would be kept."""

import re
from collections.abc import Iterator
from typing import Any

from stdnum.no import fodselsnummer
from stdnum.us import ssn

from hub.core.masking import personal_codes

_NORWEGIAN = re.compile(r"(?<!\w)\d{6}[ -]?\d{5}(?!\w)")
_AMERICAN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_CONTACT = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w|(?<!\w)\+?\d(?:[ ()/-]?\d){6,}(?!\w)")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

_NOT_UTF_8 = "there are bytes here that are no UTF-8 (Windows-1252?); save the file as UTF-8"
_CODE = "a personal identity code stands here; a notice is never about a person"


def text_flaws(values: Any, field: str = "") -> Iterator[tuple[str, str, str]]:
    """Field, rule and message of each text in the row that must not be read: carried over or not, it would be kept."""
    if isinstance(values, dict):
        for name, below in values.items():
            shown = str(name).encode("utf-8", "replace").decode()
            yield from text_flaws(below, f"{field}/{shown}" if field else shown)
    elif isinstance(values, list):
        for index, below in enumerate(values):
            yield from text_flaws(below, f"{field}/{index}")
    elif isinstance(values, str):
        if _HALF_CHARACTER.search(values):
            yield field, "not-utf-8", _NOT_UTF_8
        if has_personal_code(values):
            yield field, "personal-code", _CODE


def has_personal_code(text: str) -> bool:
    """Whether a Finnish, Norwegian or American number of a person stands in the text (check digits and dates are right)."""
    return (
        bool(personal_codes(text))
        or any(fodselsnummer.is_valid(found) for found in _NORWEGIAN.findall(text))
        or any(ssn.is_valid(found) for found in _AMERICAN.findall(text))
    )


def names_a_contact(text: str) -> bool:
    """Whether an e-mail address or something like a phone number stands in the text."""
    return _CONTACT.search(text) is not None
