"""Finnish personal identity codes (henkilötunnus, hetu): find them in any text, and mask them. Pure.

No notice is about a person (domain, fact 8), so a code refuses a notice and is masked wherever a text is kept. Found are
all signs for the century (`+`, `-` and `Y`…`U`, `A`…`F` of the reform of 2023), temporary codes (900-999), and codes
written with blanks, other dashes, invisible characters or full-width letters. The check character and the date have to
be right, so that dates, phone numbers and Business IDs stay what they are. Nothing found is remembered.
"""

import re
import unicodedata
from collections.abc import Iterable

from stdnum.fi import hetu

from schemas.errors import Finding

Span = tuple[int, int]
MASK = "[personal code removed]"
LONGEST_KEPT = 64 * 1024
"""Characters of a refused body that are kept for its sender."""

_SOFT_HYPHEN = "\u00ad"
_BLANKS = "\\s\u200b-\u200f\u2060\ufeff"
_DASHES = "\\-\u2010-\u2015\u2043\u207b\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_GAP = f"[{_BLANKS}{_SOFT_HYPHEN}]{{0,2}}"
_SIGN = f"[+\uff0b{_DASHES}{_SOFT_HYPHEN}A-FU-Ya-fu-y\uff21-\uff26\uff35-\uff39\uff41-\uff46\uff55-\uff59]"
_CHECK = "[0-9A-Za-z\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"
_SHAPE = re.compile(rf"(?=(\d\d{_GAP}\d\d{_GAP}\d\d{_GAP}{_SIGN}{_GAP}\d\d\d{_GAP}{_CHECK}))")
_BLANK = re.compile(f"[{_BLANKS}]")
_DASH = re.compile(f"[{_DASHES}]")
_LENGTH = 11

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrtbf])|\\)")
_KEPT_ESCAPED = frozenset('"\\')
_NUMBER_OR_HEX = frozenset("0123456789abcdefABCDEF")
_SECONDS = re.compile(r"(:\d\d[.,]|\dT)$")


def personal_codes(text: str) -> tuple[Span, ...]:
    """Where personal identity codes stand in the text: (start, end) of each, in order, never overlapping."""
    spans: list[Span] = []
    end_of_last = 0
    for found in _SHAPE.finditer(text):
        start, end = found.span(1)
        begins = start == end_of_last or (start > end_of_last and _begins_well(text, start))
        if begins and _ends_well(text, start, end) and _is_code(found[1]):
            spans.append((start, end))
            end_of_last = end
    return tuple(spans)


def mask(text: str) -> str:
    """The text with each personal identity code replaced, also those hidden behind JSON's escapes."""
    if "\\" in text:
        plain = _ESCAPE.sub(_unescaped, text)
        text = plain if personal_codes(plain) else text
    kept, at = list[str](), 0
    for start, end in personal_codes(text):
        kept += (text[at:start], MASK)
        at = end
    return "".join((*kept, text[at:]))


def kept_body(body: str, findings: Iterable[Finding]) -> str | None:
    """What is kept of a refused body; nothing where it has a person's number abroad, which no mask finds in a text."""
    foreign = any(finding.rule == "personal-code" and finding.place.endswith("/foreign/number") for finding in findings)
    return None if foreign else mask(body)[:LONGEST_KEPT]


def _unescaped(found: re.Match[str]) -> str:
    """The character that an escape stands for; white space as a blank, which may stand there without an escape."""
    if found[2]:
        return " "
    if not found[1]:
        return found[0]
    character = chr(int(found[1], 16))
    stays = character in _KEPT_ESCAPED or "\ud800" <= character <= "\udfff"
    return found[0] if stays else " " if character < " " else character


def _begins_well(text: str, start: int) -> bool:
    """Not inside a longer number or hexadecimal id, nor the seconds of a time such as `T120156+0300`."""
    return text[start - 1 : start] not in _NUMBER_OR_HEX and not _SECONDS.search(text[max(0, start - 4) : start])


def _ends_well(text: str, start: int, end: int) -> bool:
    """Before no digit or hexadecimal letter; one written with gaps, before no letter at all; or right before another."""
    following = text[end : end + 1]
    stops = not following.isalnum() if end - start > _LENGTH else following not in _NUMBER_OR_HEX
    return stops or _SHAPE.match(text, end) is not None


def _is_code(candidate: str) -> bool:
    """Whether it is one when blanks, digits and full-width forms are evened out; a soft hyphen is a hyphen or nothing."""
    even = unicodedata.normalize("NFKC", _DASH.sub("-", _BLANK.sub("", candidate)))
    plain = "".join(str(unicodedata.decimal(character, character)) for character in even)
    return any(hetu.is_valid(plain.replace(_SOFT_HYPHEN, sign), allow_temporary=True) for sign in ("", "-"))
