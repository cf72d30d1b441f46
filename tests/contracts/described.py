"""The AsyncAPI document as a reader uses it: which message a record is, and what of it has to stay within a major version."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
from jsonschema import Draft7Validator

from api.asyncapi import asyncapi
from schemas.topics import inbox_owner, outbox_owner
from schemas.wire import header
from tests.contracts.log import DATA, Kept

OUTLINE = DATA / "asyncapi-v1.json"
DOCUMENT = asyncapi("0")


def channel_of(topic: str) -> str:
    """The key of the channel that a topic belongs to."""
    return "agency.inbox" if inbox_owner(topic) else "agency.outbox" if outbox_owner(topic) else topic


def messages(channel: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["channels"].get(channel, {}).get("messages", {})
    return found


@cache
def _validator(channel: str, name: str, part: str) -> Draft7Validator:
    schema = {"components": DOCUMENT["components"], "allOf": [messages(channel)[name][part]]}
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def flaws(channel: str, name: str, headers: Any, payload: Any) -> Iterator[str]:
    """Where headers and payload are not that message."""
    for part, value in (("headers", headers), ("payload", payload)):
        for error in _validator(channel, name, part).iter_errors(value):
            yield f"{name} {part}{error.json_path}: {error.message[:200]}"


def told(record: Kept) -> tuple[dict[str, Any], Any]:
    """Headers and payload as a reader has them."""
    return {name: header(record.headers, name) for name, _ in record.headers}, orjson.loads(record.value or b"null")


def kinds_of(record: Kept) -> list[str]:
    """The messages of its channel that the record is one of."""
    channel = channel_of(record.topic)
    return [name for name in messages(channel) if not list(flaws(channel, name, *told(record)))]


def outline() -> dict[str, Any]:
    """Where messages stand and by what they are known: all that the schemas of the models do not say."""
    return {
        key: {
            "address": channel["address"],
            **({"partitions": channel["bindings"]["kafka"]["partitions"]} if "bindings" in channel else {}),
            "messages": {
                name: {part: message[part] for part in ("contentType", "headers")}
                for name, message in channel["messages"].items()
            },
        }
        for key, channel in DOCUMENT["channels"].items()
    }


def frozen_outline() -> dict[str, Any]:
    """The same as it was when version 1 was frozen."""
    found: dict[str, Any] = json.loads(OUTLINE.read_text(encoding="utf-8"))
    return found
