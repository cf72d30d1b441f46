"""Cut a JSON list or object into the bytes of its parts, untouched, so that each notice travels as its sender wrote it.

Nothing is parsed here: a part that is no JSON is found by whoever reads it. No recursion, one pass.
"""

import re
from collections.abc import Iterator

from schemas.errors import Finding, MalformedMessage

DEEPEST = 64
_MOST_MEMBERS = 200
_SIGN = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\]++|\\.)*+"?)*+([\[\]{},]|\Z)', re.DOTALL)
"""The next sign that matters, whatever stands before it; the end of the text is one, so that no search begins twice."""

_NAME = re.compile(rb'\s*"([A-Za-z0-9_]*)"\s*:')


def elements(body: bytes, most: int) -> list[bytes]:
    """The elements of the JSON list. MalformedMessage where the body is none, or holds more than that."""
    parts = list(_parts(body, b"[", b"]", most))
    return [] if parts == [b""] else parts


def members(body: bytes) -> list[tuple[str, bytes]]:
    """The members of the JSON object, in order, also those named twice. MalformedMessage where the body is none."""
    parts = list(_parts(body, b"{", b"}", _MOST_MEMBERS))
    return [] if parts == [b""] else [_member(part) for part in parts]


def _member(part: bytes) -> tuple[str, bytes]:
    found = _NAME.match(part)
    if not found:
        raise malformed("not-json", "a member of the object has no plain name")
    return found[1].decode(), part[found.end() :].strip()


def _parts(body: bytes, opening: bytes, closing: bytes, most: int) -> Iterator[bytes]:
    text = body.strip(b" \t\r\n")
    if not text.startswith(opening):
        raise malformed("not-a-list" if opening == b"[" else "not-an-object", _WANTED[opening])
    begin = 1
    for number, (at, sign) in enumerate(_ends(text), 1):
        if number > most:
            raise malformed("too-many", f"there are more than {most} parts in one body")
        if sign != b"," and (sign != closing or at + 1 != len(text)):
            raise malformed("not-json", "something follows the end of the JSON")
        yield text[begin:at].strip()
        begin = at + 1


def _ends(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each part of the outermost list or object ends, and the sign that ends it."""
    depth = 0
    for found in _SIGN.finditer(text):
        sign = found[1]
        if not sign:
            raise malformed("truncated", "the body ends too early")
        if sign in b"[{":
            depth = _deeper(depth)
        elif sign in b"]}":
            depth -= 1
        if depth == 0 or (depth == 1 and sign == b","):
            yield found.start(1), sign
        if depth == 0:
            return


_WANTED = {b"[": "the body has to be one JSON list", b"{": "the body has to be one JSON object"}


def _deeper(depth: int) -> int:
    if depth == DEEPEST:
        raise malformed("too-deep", f"the body is nested deeper than {DEEPEST} levels")
    return depth + 1


def malformed(rule: str, message: str) -> MalformedMessage:
    """The error for bytes that are no message at all."""
    return MalformedMessage(message, (Finding(rule=rule, place="", message=message),))
