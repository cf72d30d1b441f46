"""Finnish personal identity codes (henkilötunnus, hetu): find them in any text, and mask them. Pure.

No notice is about a person (domain, fact 8), so a code refuses a notice and is masked wherever a text is kept. Found are
all signs for the century (`+`, `-` and `Y`…`U`, `A`…`F` of the reform of 2023), temporary codes (900-999), and codes
written with blanks, other dashes, invisible characters or full-width letters. The check character and the date have to
be right, so that dates, phone numbers and Business IDs stay what they are.
"""

import re
import unicodedata
from functools import lru_cache

from stdnum.fi import hetu

Span = tuple[int, int]
MASK = "[personal code removed]"

_GAP = "[\\s\u00ad\u200b-\u200f\u2060\ufeff]{0,2}"
_DASH = "\\-\u00ad\u2010-\u2015\u2043\u207b\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_SIGN = f"[+\uff0b{_DASH}A-FU-Ya-fu-y\uff21-\uff26\uff35-\uff39\uff41-\uff46\uff55-\uff59]"
_CANDIDATE = re.compile(
    r"(?<![\da-fA-F])(?<!:\d\d[.,])(?<!\dT)"  # inside a longer number or a hexadecimal id, or the seconds of a time
    rf"(?=(\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}{_SIGN}{_GAP}\d{{3}}{_GAP}[0-9A-Za-z\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]))"
)
_INVISIBLE = re.compile("[\\s\u00ad\u200b-\u200f\u2060\ufeff]")
_ESCAPE = re.compile(r"\\u(00[2-7][0-9a-fA-F]|20[0-9a-fA-F]{2}|[fF][fF][0-9a-fA-F]{2}|00[aA][dD0])")
_QUOTES = ('"', "\\")


def personal_codes(text: str) -> tuple[Span, ...]:
    """Where personal identity codes stand in the text: (start, end) of each, in order, never overlapping."""
    spans: list[Span] = []
    for found in _CANDIDATE.finditer(text):
        start, end = found.span(1)
        if (not spans or start >= spans[-1][1]) and _ends_well(text, start, end) and _is_code(found[1]):
            spans.append((start, end))
    return tuple(spans)


def mask(text: str) -> str:
    """The text with each personal identity code replaced, also those hidden behind JSON's `\\uXXXX` escapes."""
    if "\\u" in text:
        plain = _ESCAPE.sub(_unescaped, text)
        text = plain if personal_codes(plain) else text
    spans = personal_codes(text)
    for start, end in reversed(spans):
        text = f"{text[:start]}{MASK}{text[end:]}"
    return text


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return found[0] if character in _QUOTES else character


def _ends_well(text: str, start: int, end: int) -> bool:
    """A code ends before anything but a digit or a hexadecimal letter; one written with gaps, before no letter at all."""
    following = text[end : end + 1]
    if end - start > 11:
        return not following.isalnum()
    return not (following.isdigit() or following in tuple("abcdefABCDEF"))


@lru_cache(maxsize=1024)
def _is_code(candidate: str) -> bool:
    compact = unicodedata.normalize("NFKC", _with_hyphen(candidate))
    return hetu.is_valid(_INVISIBLE.sub("", compact), allow_temporary=True)


def _with_hyphen(candidate: str) -> str:
    """The candidate with its sign as a plain hyphen where it is any dash; a soft hyphen is one only as the sign."""
    dashed = re.sub(f"[{_DASH}]", "-", candidate.replace("\u00ad", "" if re.search(_SIGN_PLAIN, candidate) else "-"))
    return re.sub("-+", "-", dashed)


_SIGN_PLAIN = _SIGN.replace("\u00ad", "")
