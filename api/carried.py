"""What the topics carry, as messages of an AsyncAPI document: CloudEvents in Kafka's binary mode, made from the models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.bodies import CLOUDEVENT
from api.describing import components
from schemas.acknowledgement import Acknowledgement, AgencyAcknowledgement, RoutedAcknowledgement
from schemas.messages import (
    AgencyNotice,
    Clock,
    Delivery,
    EmployerEvent,
    EndpointNote,
    EnrichedNotice,
    LayoffAlert,
    RefusedNotice,
    RepeatedNotice,
    RoutedNotice,
    StepType,
    Submission,
    Withheld,
)
from schemas.notice import NOTICE, Kind
from schemas.topics import Topic
from schemas.wire import HUB, JSON, MAJOR, SPEC, TYPE_ROOT, schema_of

SCHEMAS = "#/components/schemas/"
_KINDS = "|".join(get_args(Kind))
_STEPS = "|".join(get_args(StepType))
_AGENCIES = "urn:employersituation:agency:.+"


@dataclass(frozen=True, slots=True)
class Carried:
    """An event that the hub writes. `type` and `source` are patterns; the type stands between its root and its version."""

    model: type[BaseModel]
    title: str
    type: str
    source: str = HUB

    def headers(self) -> dict[str, Any]:
        """The attributes of the event, as Kafka's headers."""
        told = {
            "ce_specversion": {"const": SPEC.decode()},
            "ce_id": _text("The same for the same event, also where it was written twice."),
            "ce_type": {"type": "string", "pattern": rf"^{TYPE_ROOT.replace('.', '[.]')}[.]{self.type}[.]v{MAJOR}$"},
            "ce_source": {"type": "string", "pattern": f"^({self.source})$"},
            "ce_subject": _text("The key of the record."),
            "ce_time": {"type": "string", "format": "date-time", "description": "When it happened, by the broker's clock."},
            "ce_dataschema": {"const": schema_of(self.model).decode()},
            "content-type": {"const": JSON.decode()},
        }
        return {"type": "object", "required": list(told), "properties": told}

    def message(self, topic: Topic) -> dict[str, Any]:
        """The message on that topic."""
        payload = {"$ref": SCHEMAS + self.model.__name__}
        return _message(self.model.__name__, self.title, JSON.decode(), self.headers(), payload, topic)


ANSWER = Carried(AgencyAcknowledgement, "What an agency says of a notice", rf"acknowledgement[.]({_KINDS})")
COPY = Carried(AgencyNotice, "The agency's copy of a step of a notice", rf"notice[.]({_KINDS}|stub)")
ALERT = Carried(LayoffAlert, "An alert to a layoff", r"alert[.]layoff")
_ROUTED_ANSWER = rf"acknowledgement[.]({_KINDS})[.]routed"
ON_TOPICS: Mapping[str, tuple[Carried, ...]] = {
    "notices.received": (Carried(Submission, "What somebody said at a door", "submission", f"{_AGENCIES}|{HUB}"),),
    "employer.events": (
        Carried(EmployerEvent, "A step of a notice", f"({_STEPS})[.]({_KINDS})"),
        Carried(Acknowledgement, "What an agency says of a notice", rf"acknowledgement[.]({_KINDS})"),
    ),
    "notices.refused": (Carried(RefusedNotice, "A submission that was not taken", r"notice[.]refused"),),
    "notices.repeated": (Carried(RepeatedNotice, "A submission that was taken before", r"notice[.]repeated"),),
    "notices.routed": (Carried(RoutedNotice, "Who should know of a step, and why", rf"notice[.]({_KINDS})[.]routed"),),
    "notices.enriched": (Carried(EnrichedNotice, "The services that fit, and who was told", rf"notice[.]({_KINDS})[.]enriched"),),
    "notices.acknowledged": (Carried(RoutedAcknowledgement, "Who hears of what an agency says of a notice", _ROUTED_ANSWER),),
    "alerts.layoff": (ALERT,),
    "clocks.set": (Carried(Clock, "A moment at which the hub has to say something", r"clock[.]release"),),
    "deliveries": (
        Carried(Delivery, "What has become of an event for an endpoint", "delivery"),
        Carried(EndpointNote, "An endpoint fails, or is told no more", r"endpoint[.](warned|paused)"),
        Carried(Withheld, "A copy was taken out of an outbox for good", r"copy[.]withheld"),
    ),
}
"""What each of the hub's own topics carries; on a compacted one a record without a value takes it back."""

_SAID = {
    "Notice": "A notice",
    "Correction": "The whole notice anew, and what it corrects",
    "Withdrawal": "A notice is taken back",
    "Release": "An embargo ends",
}
_ENVELOPE = "NoticeEvent"


def said_messages(topic: Topic) -> dict[str, dict[str, Any]]:
    """What an agency may write into its inbox: bare, or in a CloudEvent in structured mode."""
    bare = {"content-type": {"type": "string", "pattern": "^application/json", "description": "May be left out."}}
    told = {
        name: _message(name, title, JSON.decode(), {"type": "object", "properties": bare}, {"$ref": SCHEMAS + name}, topic)
        for name, title in _SAID.items()
    }
    headers = {"type": "object", "required": ["content-type"], "properties": {"content-type": {"const": CLOUDEVENT}}}
    title = "Any of these as the data of a CloudEvent"
    return {**told, _ENVELOPE: _message(_ENVELOPE, title, CLOUDEVENT, headers, {"$ref": SCHEMAS + _ENVELOPE}, topic)}


def _message(name: str, title: str, content: str, headers: Any, payload: Any, topic: Topic) -> dict[str, Any]:
    key = {"kafka": {"key": {"type": "string", "description": topic.key}, "bindingVersion": "0.5.0"}}
    told = {"name": name, "title": title, "contentType": content, "headers": headers, "payload": payload}
    return told if topic.key == "none" else {**told, "bindings": key}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "description": description}


_InMode = tuple[type[BaseModel], Literal["validation"]]


def schemas() -> dict[str, Any]:
    """By name, the schema of everything above. An older record may lack what came later, so nothing of that is demanded."""
    every = (COPY, ANSWER, *(carried for several in ON_TOPICS.values() for carried in several))
    models: list[_InMode] = [(carried.model, "validation") for carried in every]
    _, told = models_json_schema(models, ref_template=SCHEMAS + "{model}")
    said = {name: schema for name, schema in components().items() if name not in ("Problem", "LineResult")}
    found: dict[str, Any] = {**_plain(said), **told["$defs"], **_seen()}
    for name in (AgencyNotice.__name__, LayoffAlert.__name__):
        found[name]["properties"]["notice"] = {"$ref": SCHEMAS + "SeenNotice"}
    return found


def _plain(schema: Any) -> Any:
    """Without OpenAPI's discriminator: AsyncAPI's is another thing, and the const of each kind says the same."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _plain(part) for name, part in schema.items() if name != "discriminator"}


def _seen() -> dict[str, Any]:
    """A notice as a copy holds it: cut to what the agency may see, so that any field of it may be missing."""
    whole = NOTICE.json_schema(ref_template=SCHEMAS + "Seen{model}", mode="serialization")
    parts = {f"Seen{name}": _cut(part) for name, part in whole["$defs"].items()}
    return {**parts, "SeenNotice": {"anyOf": [*whole["oneOf"], _STUB]}}


def _cut(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in ("required", "additionalProperties")}


_STUB = {
    "type": "object",
    "description": "To who had the notice before and is no longer concerned: nothing of its content.",
    "required": ["no_longer_concerns_you"],
    "properties": {
        "id": {"type": "string"},
        "source": {"type": "string"},
        "no_longer_concerns_you": {"const": True},
        "withdrawn": {"const": True},
    },
}
