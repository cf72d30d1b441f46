"""A notice inside a CloudEvent in structured mode: the envelope is checked and taken off, the notice stays as it is."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from api.slices import malformed, members
from hub.core.admission import Said, read_said
from hub.core.conformance import MARKED
from hub.core.masking import personal_codes
from schemas.errors import Finding, MalformedMessage, PersonalCode, Refusal

REQUIRED = ("specversion", "id", "source", "type")
DATA = "data"
TEST = "test"
"""The extension by which an event is marked as a test."""


def read_enveloped(body: bytes, as_test: bool = False) -> tuple[Said, bytes]:
    """What is said in the event's `data`, and its bytes. Places of findings begin with `/data`.

    An event that is marked as a test is refused, but for the door for tests.
    """
    data = unwrap(body, as_test)
    try:
        return read_said(data), data
    except Refusal as error:
        raise type(error)(error.detail, tuple(_below(finding) for finding in error.findings)) from None


def source_of(body: bytes) -> str | None:
    """The event's source; of an event that was read before."""
    source = json.loads(body).get("source")
    return source if isinstance(source, str) else None


def _below(finding: Finding) -> Finding:
    return finding.model_copy(update={"place": f"/{DATA}{finding.place}"})


def unwrap(body: bytes, as_test: bool = False) -> bytes:
    """The bytes of the event's `data`. MalformedMessage where this is no CloudEvent 1.0 with JSON in it."""
    parts = members(body)
    found = dict(parts)
    findings = (*_twice(parts), *_flaws({name: value for name, value in found.items() if name != DATA}, as_test))
    if any(finding.rule == "personal-code" for finding in findings):
        raise PersonalCode("a personal identity code stands in the envelope", findings)
    if findings:
        raise MalformedMessage("this is no CloudEvent 1.0 with a notice in it", findings)
    return found[DATA] if DATA in found else _no_data()


def _no_data() -> bytes:
    raise malformed("no-data", "the event has no data; the notice stands there as a JSON object")


def _twice(parts: list[tuple[str, bytes]]) -> Iterator[Finding]:
    for name, number in Counter(name for name, _ in parts).items():
        if number > 1:
            yield Finding(rule="duplicate-name", place=f"/{name}", message="this name stands twice")


def _flaws(attributes: dict[str, bytes], as_test: bool) -> Iterator[Finding]:
    values = {name: _value(raw) for name, raw in attributes.items()}
    for name in REQUIRED:
        if not isinstance(values.get(name), str) or not values[name]:
            yield Finding(rule="missing-attribute", place=f"/{name}", message=f"the event needs a text in {name}")
    for name, (rule, holds, message) in _RULES.items():
        if name in values and not holds(values[name]) and not (as_test and name == TEST):
            yield Finding(rule=rule, place=f"/{name}", message=message)
    for name, raw in attributes.items():
        if personal_codes(raw.decode("utf-8", "replace")) or personal_codes(str(values[name])):
            yield Finding(rule="personal-code", place=f"/{name}", message="a personal identity code stands here")


def _value(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _is_json(value: Any) -> bool:
    return isinstance(value, str) and value.partition(";")[0].strip().lower() in ("application/json", "text/json")


_RULES: dict[str, tuple[str, Callable[[Any], bool], str]] = {
    "specversion": ("wrong-version", lambda value: value == "1.0", "specversion has to be 1.0"),
    "datacontenttype": ("wrong-content", _is_json, "datacontenttype has to be application/json, or left out"),
    TEST: (MARKED.rule, lambda value: value in (False, "false"), MARKED.message),
    "data_base64": ("wrong-content", lambda _: False, "the notice stands in data as a JSON object, never as data_base64"),
}
