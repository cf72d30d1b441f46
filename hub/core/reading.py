"""Bytes to notice: every flaw of a message that shows without the registry, all of them at once. Pure.

The order matters: size, depth and encoding are tested before anything is parsed, so that no input can exhaust the reader.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar, NoReturn

from pydantic import ValidationError

from hub.core.masking import mask, personal_codes
from schemas.errors import Finding, MalformedMessage, Refusal
from schemas.notice import NOTICE, DevelopmentNotice, DownsizingNotice, RecruitmentNotice
from schemas.topics import LARGEST_INPUT
from schemas.wire import findings_of

AnyNotice = RecruitmentNotice | DownsizingNotice | DevelopmentNotice
DEEPEST = 32
"""Levels of nesting at the most; a notice has five."""

_KINDS: dict[str, type[AnyNotice]] = {
    "recruitment": RecruitmentNotice,
    "downsizing": DownsizingNotice,
    "development": DevelopmentNotice,
}
_STRINGS = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class PersonalCode(Refusal):
    """A personal identity code stands in the message: it is refused before anything of it is logged or kept."""

    code: ClassVar[str] = "personal-code"
    title: ClassVar[str] = "The notice holds a personal identity code"
    advice: ClassVar[str] = "Take the personal identity code out; a notice is about an employer, never about a person."


def read_notice(body: bytes) -> AnyNotice:
    """The notice in these bytes. MalformedMessage, PersonalCode or Refusal with all findings where there is none."""
    text = _text_of(body)
    findings: list[Finding] = []
    tree = _tree_of(text, findings)
    if not isinstance(tree, dict):
        _malformed("not-an-object", "the body has to be one JSON object")
    if findings or "\\" in text or personal_codes(text):
        findings = [*_walk(tree, "")]
    try:
        notice: AnyNotice = NOTICE.validate_json(text)
    except ValidationError as error:
        findings += _model_findings(error, tree)
    if findings:
        _refuse(tuple(findings))
    return notice


def _text_of(body: bytes) -> str:
    if not body.strip():
        _malformed("empty", "the body is empty")
    if len(body) > LARGEST_INPUT:
        _malformed("too-large", f"the body is larger than {LARGEST_INPUT // 1024} KiB")
    if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _malformed("byte-order-mark", "the body begins with a byte order mark; send UTF-8 without it")
    if b"\x00" in body:
        _malformed("null-byte", "the body holds a null byte")
    if _too_deep(body):
        _malformed("too-deep", f"the body is nested deeper than {DEEPEST} levels")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        _malformed("not-utf-8", "the body is not UTF-8")


def _too_deep(body: bytes) -> bool:
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


class _Twice(dict[str, Any]):
    """An object in which names stand more than once."""

    names: tuple[str, ...] = ()


class _NoNumber:
    """NaN, an infinity, or a number too large to be one."""


_NO_NUMBER = _NoNumber()


def _tree_of(text: str, findings: list[Finding]) -> Any:
    """The values in the text. `findings` is filled with something when the tree has to be walked for flaws."""

    def pairs_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else flawed_object(pairs)

    def flawed_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice = _Twice(pairs)
        twice.names = tuple(sorted({name for name in names if names.count(name) > 1}))
        findings.append(finding_at("duplicate-name", "", ""))
        return twice

    def flawed_number(_: str) -> _NoNumber:
        findings.append(finding_at("not-a-number", "", ""))
        return _NO_NUMBER

    def number(digits: str) -> Any:
        value = float(digits)
        return value if abs(value) != float("inf") else flawed_number(digits)

    def whole(digits: str) -> Any:
        return int(digits) if len(digits) < 25 else float(digits[:25])

    try:
        return json.loads(text, object_pairs_hook=pairs_of, parse_constant=flawed_number, parse_float=number, parse_int=whole)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        rule = "truncated" if error.pos >= len(text.rstrip()) else "not-json"
        _malformed(rule, f"the body ends too early ({place})" if rule == "truncated" else f"no JSON at {place}")


def _walk(value: Any, place: str) -> Iterator[Finding]:
    """Flaws that no model can tell of: a text that may not be, a name given twice, a number that is none."""
    if isinstance(value, str):
        yield from _text_findings(value, place)
    elif isinstance(value, dict):
        for name in getattr(value, "names", ()):
            yield finding_at("duplicate-name", f"{place}/{_escaped(name)}", "this name stands twice in one object")
        for name, below in value.items():
            here = f"{place}/{_escaped(name)}"
            yield from _text_findings(name, here)
            yield from _walk(below, here)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _walk(below, f"{place}/{index}")
    elif value is _NO_NUMBER:
        yield finding_at("not-a-number", place, "NaN, an infinity or a number too large is no JSON number")


def _text_findings(text: str, place: str) -> Iterator[Finding]:
    if "\x00" in text:
        yield finding_at("null-byte", place, "the text holds a null character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        yield finding_at("lone-surrogate", place, "the text holds half of a character (a lone surrogate)")
    if personal_codes(text):
        yield finding_at("personal-code", place, "a personal identity code stands here; take it out")


def _model_findings(error: ValidationError, tree: dict[str, Any]) -> Iterator[Finding]:
    kind = tree.get("kind")
    for found in findings_of(error):
        message = found.message
        if found.rule == "json_invalid":
            continue  # what json lets pass and pydantic does not was found by _walk
        if "isoformat" in message:
            message = "a day is written YYYY-MM-DD and stands in the calendar"
        if found.rule == "extra_forbidden":
            message = _unknown_field(found.place, kind)
        yield finding_at(found.rule.replace("_", "-"), found.place, message)


def _unknown_field(place: str, kind: Any) -> str:
    name = place.removeprefix("/")
    others = [other for other, model in _KINDS.items() if other != kind and name in model.model_fields]
    return f"this field belongs to a notice of kind {' or '.join(others)}" if others else "there is no such field"


def finding_at(rule: str, place: str, message: str) -> Finding:
    """A finding whose place repeats no personal identity code that stood in a name."""
    return Finding(rule=rule, place=mask(place).replace("\x00", "\\u0000"), message=message)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode()


def _malformed(rule: str, message: str) -> NoReturn:
    raise MalformedMessage(message, (finding_at(rule, "", message),))


def _refuse(findings: tuple[Finding, ...]) -> NoReturn:
    rules = {finding.rule for finding in findings}
    refusal = PersonalCode if "personal-code" in rules else Refusal
    if refusal is Refusal and rules & {"duplicate-name", "not-a-number", "null-byte", "lone-surrogate"}:
        refusal = MalformedMessage
    raise refusal(f"{len(findings)} finding{'s' if len(findings) > 1 else ''}: {', '.join(sorted(rules))}", findings)
