"""Bytes to notice: every flaw of a message that shows without the registry, all of them at once. Pure.

The order matters: size, encoding and depth are tested before anything is parsed, so that no input can exhaust the reader.
Findings name the rule and the place and never repeat a value; no refusal carries the error that it was made from.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from hub.core.masking import mask, personal_codes
from hub.core.numbers import number_findings
from schemas.changes import CHANGES, Change, Correction, Release, Withdrawal
from schemas.errors import Finding, MalformedMessage, PersonalCode, Refusal
from schemas.notice import NOTICE, DevelopmentNotice, DownsizingNotice, RecruitmentNotice
from schemas.topics import LARGEST_INPUT
from schemas.wire import findings_of

M = TypeVar("M", bound=BaseModel)
AnyNotice = RecruitmentNotice | DownsizingNotice | DevelopmentNotice
Said = AnyNotice | Change
"""What may be said at the door: a notice, or the change of one."""
DEEPEST = 32
"""Levels of nesting at the most; a notice has five."""
MOST_FINDINGS = 100
"""Findings told at the most: a body of 256 KiB can hold tens of thousands of flaws."""
LONGEST_PLACE = 300

_KINDS: dict[str, type[AnyNotice]] = {
    "recruitment": RecruitmentNotice,
    "downsizing": DownsizingNotice,
    "development": DevelopmentNotice,
}
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_STRINGS = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGITS_OF_A_NUMBER = 25
_FLAWS_OF_JSON = {"duplicate-name", "not-a-number", "null-character", "lone-surrogate"}


def read_notice(body: bytes) -> AnyNotice:
    """The notice in these bytes. MalformedMessage, PersonalCode or Refusal with all findings where there is none."""
    said = read_said(body)
    if isinstance(said, Correction | Withdrawal | Release):
        _refuse([finding_at("no-notice", "", "this changes a notice; a notice itself belongs here")])
    return said


def read_said(body: bytes, largest: int = LARGEST_INPUT) -> Said:
    """The notice in these bytes, or the change of one (`corrects`, `withdraws`, `releases`); refused as by `read_notice`."""
    text, tree, flaws = _object_in(body, largest)
    said, findings = _validated(text, tree)
    if said is None or flaws or findings:
        _refuse(flaws + findings or [finding_at("not-json", "", "the body is no JSON")])
    return said


def read_as(model: type[M], body: bytes, refusal: type[Refusal], largest: int = LARGEST_INPUT) -> M:
    """What is no notice, read as strictly: the model in these bytes; else `refusal` or a narrower one, with all findings."""
    text, _, flaws = _object_in(body, largest)
    try:
        found = model.model_validate_json(text)
    except ValidationError as error:
        flaws += [finding_at(one.rule.replace("_", "-"), one.place, one.message) for one in findings_of(error)]
    if flaws:
        _refuse(flaws, refusal)
    return found


def _object_in(body: bytes, largest: int) -> tuple[str, dict[str, Any], list[Finding]]:
    """The text, the object in it, and the flaws that no model can tell of."""
    text = _text_of(body, largest)
    tree, flawed = _tree_of(text)
    if not isinstance(tree, dict):
        _malformed("not-an-object", "the body has to be one JSON object")
    suspect = flawed or "\\" in text or personal_codes(text)
    return text, tree, [*_walk(tree, "")] if suspect else []


def finding_at(rule: str, place: str, message: str) -> Finding:
    """A finding whose place (made of names in the message) holds no personal identity code and is not endless."""
    shown = mask(place).replace("\x00", "\\u0000")
    return Finding(rule=rule, place=shown if len(shown) <= LONGEST_PLACE else shown[:LONGEST_PLACE] + "…", message=message)


# Before parsing


def _text_of(body: bytes, largest: int) -> str:
    if len(body) > largest:
        _malformed("too-large", f"the body is larger than {largest // 1024} KiB")
    if not body.strip():
        _malformed("empty", "the body is empty")
    if body.startswith(_MARKS):
        _malformed("byte-order-mark", "the body begins with a byte order mark; send UTF-8 without it")
    if b"\x00" in body:
        _malformed("null-byte", "the body holds a null byte")
    if _too_deep(body):
        _malformed("too-deep", f"the body is nested deeper than {DEEPEST} levels")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_off = error.end == len(body) and error.reason == "unexpected end of data"
    _malformed("truncated" if cut_off else "not-utf-8", "the body is not UTF-8, or ends inside a character")


def _too_deep(body: bytes) -> bool:
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return False
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEEPEST:
            return True
    return False


# Parsing


class _Twice(dict[str, Any]):
    """An object in which names stand more than once."""

    names: tuple[str, ...] = ()


class _NoNumber:
    """NaN, an infinity, or a number too large to be one."""


_NO_NUMBER = _NoNumber()


@dataclass(slots=True)
class _Hooks:
    """What json asks while it reads; flaws stay in the tree, to be found with their place."""

    flaws: list[str] = field(default_factory=list)

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        self.flaws.append("duplicate-name")
        twice = _Twice(pairs)
        times = Counter(name for name, _ in pairs)
        twice.names = tuple(name for name in found if times[name] > 1)
        return twice

    def no_number(self, _: str) -> _NoNumber:
        self.flaws.append("not-a-number")
        return _NO_NUMBER

    def fraction(self, digits: str) -> Any:
        value = float(digits)
        return value if abs(value) != float("inf") else self.no_number(digits)

    def whole(self, digits: str) -> Any:
        return int(digits) if len(digits) <= _DIGITS_OF_A_NUMBER else self.no_number(digits)


def _tree_of(text: str) -> tuple[Any, bool]:
    """The values in the text, and whether there are flaws among them."""
    hooks = _Hooks()
    try:
        tree = json.loads(
            text,
            object_pairs_hook=hooks.pairs,
            parse_constant=hooks.no_number,
            parse_float=hooks.fraction,
            parse_int=hooks.whole,
        )
        return tree, bool(hooks.flaws)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
    _malformed("truncated" if cut_off else "not-json", f"{'the body ends too early' if cut_off else 'no JSON'} ({place})")


def _walk(value: Any, place: str) -> Iterator[Finding]:
    """Flaws that no model can tell of: a text that may not be, a name given twice, a number that is none."""
    if isinstance(value, str):
        yield from _text_findings(value, place)
    elif isinstance(value, dict):
        yield from _object_findings(value, place)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _walk(below, f"{place}/{index}")
    elif value is _NO_NUMBER:
        yield finding_at("not-a-number", place, "NaN, an infinity or a number too large is no number here")


def _object_findings(found: dict[str, Any], place: str) -> Iterator[Finding]:
    if isinstance(found, _Twice):
        for name in found.names:
            yield finding_at("duplicate-name", f"{place}/{_pointed(name)}", "this name stands twice in one object")
    for name, below in found.items():
        here = f"{place}/{_pointed(name)}"
        yield from _text_findings(name, here)
        yield from _walk(below, here)


def _text_findings(text: str, place: str) -> Iterator[Finding]:
    if "\x00" in text:
        yield finding_at("null-character", place, "the text holds a null character")
    if _SURROGATE.search(text):
        yield finding_at("lone-surrogate", place, "the text holds half of a character (a lone surrogate)")
    if personal_codes(text):
        yield finding_at("personal-code", place, "a personal identity code stands here; take it out")


def _pointed(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode()


# The models


def _validated(text: str, tree: dict[str, Any]) -> tuple[Said | None, list[Finding]]:
    """What is said, or why it is nothing. The validation error holds values: it goes no further than this."""
    try:
        said = _model_for(tree).validate_json(text)
        return said, [*_number_findings(said)]
    except ValidationError as error:
        return None, [*_model_findings(error, tree)]


def _number_findings(said: Said) -> Iterator[Finding]:
    """A release repeats what was taken before, perhaps when less was known of such numbers: it has to get through."""
    notice, place = (said.notice, "/notice") if isinstance(said, Correction) else (said, "")
    if isinstance(notice, Withdrawal | Release):
        return
    group = notice.employer.group
    for at, foreign in (("foreign", notice.employer.foreign), ("group/foreign", group.foreign if group else None)):
        if foreign:
            yield from number_findings(foreign, f"{place}/employer/{at}")


def _model_for(tree: dict[str, Any]) -> TypeAdapter[Any]:
    return next((model for name, model in CHANGES.items() if name in tree), NOTICE)


def _model_findings(error: ValidationError, tree: dict[str, Any]) -> Iterator[Finding]:
    inner = tree if CHANGES.keys().isdisjoint(tree) else tree.get("notice")
    kind = inner.get("kind") if isinstance(inner, dict) else None
    for found in findings_of(error):
        message = found.message
        if found.rule == "json_invalid":
            continue  # what json lets pass and pydantic does not (half characters), _walk has found with its place
        if found.rule == "extra_forbidden":
            message = _unknown_field(found.place, kind)
        if found.rule == "model_type":
            message = "an object belongs here; for a count also a plain whole number"
        yield finding_at(found.rule.replace("_", "-"), found.place, message)


def _unknown_field(place: str, kind: Any) -> str:
    name = place.removeprefix("/notice").removeprefix("/")
    others = [other for other, model in _KINDS.items() if other != kind and name in model.model_fields]
    return f"this field belongs to a notice of kind {' or '.join(others)}" if others else "there is no such field"


def _malformed(rule: str, message: str) -> NoReturn:
    raise MalformedMessage(message, (finding_at(rule, "", message),))


def _refuse(findings: list[Finding], refusal: type[Refusal] = Refusal) -> NoReturn:
    rules = {finding.rule for finding in findings}
    told = findings[:MOST_FINDINGS]
    if len(findings) > MOST_FINDINGS:
        told.append(finding_at("more", "", f"{len(findings) - MOST_FINDINGS} more findings are not listed"))
    refusal = MalformedMessage if rules & _FLAWS_OF_JSON else refusal
    if "personal-code" in rules:
        refusal = PersonalCode
    raise refusal(f"refused for {', '.join(sorted(rules))}", tuple(told))
