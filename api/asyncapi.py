"""The AsyncAPI 3 document of topics and webhooks, made from schemas/topics.py and the models of schemas/messages.py."""

from collections.abc import Callable
from typing import Any

from api import calls
from api.carried import ALERT, ANSWER, COPY, ON_TOPICS, said_messages, schemas
from schemas.topics import FIXED, Topic, inbox, outbox

VERSION = "3.0.0"
_AGENCY = "{agency}"
_INBOX, _OUTBOX = "agency.inbox", "agency.outbox"
_DESCRIPTION = """An agency writes what it has to say into its inbox and reads what concerns it from its outbox.

What stands in an outbox is a CloudEvent 1.0 in binary mode: its attributes are headers `ce_*`, the value is the JSON data. It is
already cut to what the agency may see. An event may stand there twice under one `ce_id`. Of a notice, whoever has `step` n
ignores n and below. What an agency says of a notice (`…acknowledgement…`) is no step of it and has none: each stands for itself,
by its `ce_id`. Within a major version (the last part of `ce_dataschema`) fields come that may be missing, and nothing else
changes: read what you know, and ignore the rest. The same events are posted to an agency's endpoints (webhooks), signed by
Standard Webhooks. What an agency asks for itself over HTTP stands in /openapi.json.
"""
_HUBS_OWN = "The hub's own: no agency may read or write here."
Messages = dict[str, dict[str, Any]]
Name = Callable[[Topic], str]
"""A topic's name on the broker."""


def asyncapi(version: str, name: Name = lambda topic: topic.name) -> dict[str, Any]:
    """The whole document, for that version of the program."""
    carried = _carried()
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Employer-situation hub: topics and webhooks",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _SERVER, **calls.SERVERS},
        "channels": {
            **{key: _channel(key, topic, messages, name) for key, (topic, messages) in carried.items()},
            calls.CHANNEL: calls.webhook_channel(),
        },
        "operations": {
            **{_operation_id(key): _operation(key, messages) for key, (_, messages) in carried.items()},
            _operation_id(calls.CHANNEL): calls.webhook_operation(),
        },
        "components": {
            "schemas": {**schemas(), **calls.SCHEMA},
            "securitySchemes": {"scram": {"type": "scramSha512"}, **calls.SECURITY},
        },
    }


_SERVER = {
    "host": "{address}",
    "protocol": "kafka",
    "description": "Told to each agency with its credentials; each may write to its inbox and read its outbox, and nothing else.",
    "variables": {"address": {"description": "Host and port of a broker.", "examples": ["kafka.example:9093"]}},
    "security": [{"$ref": "#/components/securitySchemes/scram"}],
}


def _carried() -> dict[str, tuple[Topic, Messages]]:
    """By the key of its channel, each topic whose records a model describes, with its messages."""
    door, told = inbox(_AGENCY), outbox(_AGENCY)
    own = {topic.name: (topic, ON_TOPICS[topic.name]) for topic in FIXED if topic.name in ON_TOPICS}
    return {
        _INBOX: (door, said_messages(door)),
        _OUTBOX: (told, {one.model.__name__: one.message(told) for one in (COPY, ALERT, ANSWER)}),
        **{key: (topic, {one.model.__name__: one.message(topic) for one in several}) for key, (topic, several) in own.items()},
    }


def _channel(key: str, topic: Topic, messages: Messages, name: Name) -> dict[str, Any]:
    about: dict[str, Any] = {"parameters": {"agency": _PARAMETER}} if key in (_INBOX, _OUTBOX) else {"description": _HUBS_OWN}
    return {
        "address": name(topic),
        "title": topic.carries[0].upper() + topic.carries[1:],
        **about,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": messages,
        "bindings": {"kafka": _binding(topic)},
    }


_PARAMETER = {"description": "The id of the agency, as the registry has it.", "examples": ["ta-39", "finnvera"]}


def _binding(topic: Topic) -> dict[str, Any]:
    told = topic.settings()
    settings: dict[str, Any] = {name: int(told[name]) for name in ("retention.ms", "max.message.bytes") if name in told}
    settings["cleanup.policy"] = [told["cleanup.policy"]]
    return {"partitions": topic.partitions, "topicConfiguration": settings, "bindingVersion": "0.5.0"}


def _operation_id(key: str) -> str:
    return f"{'receive' if key == _INBOX else 'send'}_{key.replace('.', '_')}"


def _operation(key: str, messages: Messages) -> dict[str, Any]:
    """As the hub sees it: it takes what agencies say, and sends everything else."""
    return {
        "action": "receive" if key == _INBOX else "send",
        "channel": {"$ref": f"#/channels/{key}"},
        "summary": _SUMMARIES.get(key, _HUBS_OWN),
        "messages": [{"$ref": f"#/channels/{key}/messages/{name}"} for name in messages],
    }


_SUMMARIES = {
    _INBOX: "An agency publishes: each record as it would POST it to /v1/notices.",
    _OUTBOX: "An agency is told what concerns it, in order.",
}
