"""Bytes to message and back: CloudEvents 1.0 in Kafka's binary mode. The only place that knows the encoding.

The attributes stand in headers `ce_*`, the JSON data is the value. Writing goes by hand over a fixed set of headers
(the CloudEvents library takes 12 µs for it, on a path walked six times for each notice); a contract test reads every
written record back through the library.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from schemas.errors import Finding, MalformedMessage, Misconfigured

Headers = tuple[tuple[str, bytes], ...]
SPEC = b"1.0"
JSON = b"application/json"
TYPE_ROOT = "fi.employersituation"
SCHEMA_ROOT = "urn:employersituation:schema"
MAJOR = 1
"""Written into each record. Within it messages gain fields that may be missing, and change in no other way (tests/contracts)."""
_VERSION = "ce_dataschema"
HUB = "urn:employersituation:hub"
"""The hub itself as the source of an event."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it goes out: topic, key, value, headers. `partition` None = by the key (murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


def type_of(*parts: str) -> str:
    """A CloudEvents type, such as `fi.employersituation.notice.downsizing.v1`."""
    return ".".join((TYPE_ROOT, *parts, f"v{MAJOR}"))


def event(topic: str, key: str, data: BaseModel, *, id: str, type: str, source: str, time: datetime) -> Message:
    """A CloudEvent around `data`. `time` is when it happened, by the log's own append time, never a worker's clock."""
    subject = key.encode()
    headers = (
        ("ce_specversion", SPEC),
        ("ce_id", id.encode()),
        ("ce_type", type.encode()),
        ("ce_source", source.encode()),
        ("ce_subject", subject),
        ("ce_time", time.isoformat().replace("+00:00", "Z").encode()),
        (_VERSION, schema_of(data.__class__)),
        ("content-type", JSON),
    )
    return Message(topic, subject, written(data), headers)


def written(data: BaseModel) -> bytes:
    """The data as JSON: what pydantic writes, in a third of the time; what orjson cannot write is left to pydantic."""
    try:
        return orjson.dumps(data.__dict__, default=vars, option=orjson.OPT_UTC_Z)
    except TypeError:
        return data.model_dump_json().encode()


@cache
def schema_of(model: type[BaseModel]) -> bytes:
    """The name of the data's schema, with its major version."""
    return f"{SCHEMA_ROOT}:{model.__name__}:{MAJOR}".encode()


def header(headers: Iterable[tuple[str, bytes | None]], name: str) -> str | None:
    """The first header of that name as text; bytes that are no UTF-8 are escaped, never an error."""
    for found, value in headers:
        if found == name and value is not None:
            return value.decode("utf-8", "backslashreplace")
    return None


def read(model: type[M], value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> M:
    """The message in a record. MalformedMessage where it is none; Misconfigured where a newer major version wrote it."""
    know_version(model.__name__, headers)
    if value is None:
        raise MalformedMessage("the record has no value", (Finding(rule="no-value", place="", message="empty record"),))
    try:
        return model.model_validate_json(value, extra="ignore")  # also in what the door reads strictly, such as a count
    except ValidationError as error:
        raise MalformedMessage(f"no {model.__name__}", findings_of(error)) from error


def know_version(what: str, headers: Iterable[tuple[str, bytes | None]]) -> None:
    """Misconfigured where a newer major version wrote the record. One that tells no version is of version 1."""
    schema = header(headers, _VERSION)
    if schema is None or not schema.startswith(SCHEMA_ROOT):
        return
    major = schema.rpartition(":")[2]
    if major.isdecimal() and int(major) > MAJOR:
        raise Misconfigured(f"{what} was written in version {major}, this process reads up to {MAJOR}: update it")


def is_of(model: type[BaseModel], headers: Iterable[tuple[str, bytes | None]]) -> bool:
    """Whether the record says that it holds that model, in whatever version: topics may hold more than one."""
    return (header(headers, _VERSION) or "").startswith(f"{SCHEMA_ROOT}:{model.__name__}:")


def version_of(what: str) -> Headers:
    """How a record that is no CloudEvent (state, an entry of the registry) tells its version: in version 1 not at all."""
    return () if MAJOR == 1 else ((_VERSION, f"{SCHEMA_ROOT}:{what}:{MAJOR}".encode()),)


def findings_of(error: ValidationError) -> tuple[Finding, ...]:
    """What pydantic found, as our findings: rule, JSON pointer, message; never the value itself."""
    return tuple(
        Finding(rule=found["type"], place=_pointer(found["loc"]), message=_said(found["type"], found["msg"]))
        for found in error.errors(include_input=False, include_url=False, include_context=False)
    )


def _said(rule: str, message: str) -> str:
    if rule.startswith("union_tag"):  # pydantic would repeat the value
        return "kind is one of recruitment, downsizing, development"
    return message.removeprefix("Value error, ")


def _pointer(loc: tuple[int | str, ...]) -> str:
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in loc]
    tag = 1 if parts[:1] == ["notice"] else 0  # the union's tag is no part of the body
    if parts[tag : tag + 1] and parts[tag] in ("recruitment", "downsizing", "development"):
        del parts[tag]
    return "".join(f"/{part}" for part in parts)
