"""The shapes of messages as JSON Schema, and what of a shape may change within one major version."""

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from schemas.acknowledgement import Acknowledgement, Answer
from schemas.agency import Agency, Area
from schemas.changes import Correction, Release, Withdrawal
from schemas.notice import NOTICE
from schemas.offering import Offering
from tests.contracts.log import COPIES, DELIVERED, MODELS, SCHEMAS

_SHOWN_ONLY = {"title", "description", "default", "additionalProperties"}
"""What says nothing of which messages are taken. Whether a door takes a further field is its own matter: readers ignore it."""
_READ: dict[str, Any] = {
    **{model.__name__: TypeAdapter(model) for model in (*MODELS.values(), *COPIES.values(), *DELIVERED.values())},
    **{model.__name__: TypeAdapter(model) for model in (Area, Agency, Offering)},
    **{model.__name__: TypeAdapter(model) for model in (Correction, Withdrawal, Release)},
    **{model.__name__: TypeAdapter(model) for model in (Acknowledgement, Answer)},
    "Notice": NOTICE,
}
"""All that is read from the log: messages, the entries of the registry, and what stands in a submission's body."""


def schemas_of_today() -> dict[str, Any]:
    """By name, what a reader of today takes."""
    return {name: adapter.json_schema(mode="validation") for name, adapter in sorted(_READ.items())}


@cache
def frozen_schemas() -> dict[str, Any]:
    """By name, what a reader of version 1 took."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(SCHEMAS.glob("*.json"))}


def bare(schema: Any) -> Any:
    """The schema without what is only shown, further fields allowed everywhere."""
    if isinstance(schema, list):
        return [bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _bare_part(name, part) for name, part in schema.items() if name not in _SHOWN_ONLY}


def _bare_part(name: str, part: Any) -> Any:
    """Below `properties` and `$defs` stand names of fields and models, whatever they are called."""
    if name in ("properties", "$defs"):
        return {inner: bare(schema) for inner, schema in part.items()}
    return bare(part)


def differences(old: Any, new: Any, place: str = "") -> list[str]:
    """Where the new shape breaks with the old: all but fields that came since and may be missing, and what these refer to."""
    if isinstance(old, dict) and isinstance(new, dict):
        came = new.keys() - old.keys() - {"$defs"}
        found = [f"{place}/{name} came" for name in came if not place.endswith(("/properties", "/$defs"))]
        found += [f"{place}/{name} went" for name in old.keys() - new.keys()]
        return found + [one for name in old.keys() & new.keys() for one in differences(old[name], new[name], f"{place}/{name}")]
    return [] if old == new else [f"{place}: {old} became {new}"]
