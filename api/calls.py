"""How an endpoint is called, for the AsyncAPI document: CloudEvents over HTTP in both modes, signed by Standard Webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.bodies import CLOUDEVENT
from api.carried import ALERT, ANSWER, COPY, SCHEMAS, Carried
from schemas.wire import HUB, JSON, MAJOR, SPEC, TYPE_ROOT

CHANNEL = "webhook"
SERVER = "endpoint"
SIGNED = "standardWebhooks"
BINDING = "0.3.0"
_TEST = "EndpointTest"
_TEST_TYPE = rf"^{TYPE_ROOT.replace('.', '[.]')}[.]endpoint[.]test[.]v{MAJOR}$"
_TEXT = {"type": "string", "minLength": 1}

SERVERS: Mapping[str, Any] = {
    SERVER: {
        "host": "{host}",
        "protocol": "https",
        "description": "The agency's own server: the URL that it gave for its endpoint.",
        "variables": {"host": {"description": "Host and port in that URL.", "examples": ["agency.example"]}},
        "security": [{"$ref": f"#/components/securitySchemes/{SIGNED}"}],
    }
}
SECURITY: Mapping[str, Any] = {
    SIGNED: {
        "type": "httpApiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>` by "
        "the endpoint's secret (what stands behind `whsec_`, base64). One signature by each secret that holds, parted by blanks.",
    }
}
SCHEMA: Mapping[str, Any] = {
    _TEST: {
        "type": "object",
        "title": _TEST,
        "description": "What an endpoint is sent when its agency tries it out.",
        "required": ["test", "agency", "endpoint"],
        "properties": {"test": {"const": True}, "agency": _TEXT, "endpoint": _TEXT},
    }
}

_CALL: Mapping[str, Any] = {
    "webhook-id": _TEXT | {"description": "The event's id: the same at every attempt and on every channel."},
    "webhook-timestamp": {"type": "string", "pattern": "^[0-9]+$", "description": "The second of this attempt (Unix time)."},
    "webhook-signature": {"type": "string", "pattern": "^v1,[A-Za-z0-9+/]+=*( v1,[A-Za-z0-9+/]+=*)*$"},
    "hub-attempt": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Above 1 it may have reached you before."},
}


@dataclass(frozen=True, slots=True)
class Called:
    """An event that an endpoint is told: its title, the schema of its data, and its attributes as a CloudEvent."""

    name: str
    title: str
    attributes: Mapping[str, Any]

    def messages(self) -> dict[str, dict[str, Any]]:
        """The same in both modes."""
        data = {"$ref": SCHEMAS + self.name}
        event = {"type": "object", "required": [*self.attributes, "data"], "properties": {**self.attributes, "data": data}}
        in_headers = {f"ce-{name}": schema for name, schema in self.attributes.items() if name != "datacontenttype"}
        return {
            f"Structured{self.name}": self._message("structured", CLOUDEVENT, _CALL, event),
            f"Binary{self.name}": self._message("binary", JSON.decode(), {**_CALL, **in_headers}, data),
        }

    def _message(self, mode: str, media: str, headers: Mapping[str, Any], payload: Any) -> dict[str, Any]:
        told = {**headers, "content-type": {"type": "string", "pattern": f"^{media.replace('+', '[+]')}(;.*)?$"}}
        return {
            "name": f"{mode.capitalize()}{self.name}",
            "title": f"{self.title}, {mode}",
            "contentType": media,
            "headers": {"type": "object", "required": list(told), "properties": told},
            "payload": payload,
            "bindings": {"http": {"headers": {"type": "object", "properties": dict(told)}, "bindingVersion": BINDING}},
        }


def _of_outbox(carried: Carried) -> Called:
    """The event as it stands in the outbox; what is a header there on Kafka is an attribute here."""
    headers = carried.headers()["properties"]
    told = {name.removeprefix("ce_"): schema for name, schema in headers.items() if name.startswith("ce_")}
    return Called(carried.model.__name__, carried.title, told | {"datacontenttype": {"const": JSON.decode()}})


_TESTED = Called(
    _TEST,
    "A test event, asked for by the agency",
    {
        "specversion": {"const": SPEC.decode()},
        "id": _TEXT,
        "type": {"type": "string", "pattern": _TEST_TYPE},
        "source": {"const": HUB},
        "subject": _TEXT | {"description": "The endpoint."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": JSON.decode()},
    },
)


def webhook_messages() -> dict[str, dict[str, Any]]:
    """All that an endpoint may be sent."""
    return {
        name: message
        for called in (*map(_of_outbox, (COPY, ALERT, ANSWER)), _TESTED)
        for name, message in called.messages().items()
    }


def webhook_channel() -> dict[str, Any]:
    """The one channel of all endpoints: where each is, its agency has said."""
    return {
        "address": None,
        "title": "An agency's endpoint",
        "description": "Where it is, the agency says by POST /v1/endpoints; in which mode it is called, too.",
        "servers": [{"$ref": f"#/servers/{SERVER}"}],
        "messages": webhook_messages(),
    }


def webhook_operation() -> dict[str, Any]:
    """The hub calls; only the status of the answer counts."""
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "summary": "An endpoint is told what comes into its agency's outbox, cut to what the agency may see at that moment.",
        "description": "Any status from 200 to 299 within 15 seconds: told. 410: the endpoint is paused. 429 and 503 with "
        "Retry-After: that time is kept. Anything else is tried again for three days; no redirect is followed.",
        "security": [{"$ref": f"#/components/securitySchemes/{SIGNED}"}],
        "bindings": {"http": {"method": "POST", "bindingVersion": BINDING}},
        "messages": [{"$ref": f"#/channels/{CHANNEL}/messages/{name}"} for name in webhook_messages()],
    }
