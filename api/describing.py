"""Parts of the OpenAPI document that FastAPI cannot know: bodies that are read as bytes, and how errors look."""

import json
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.answers import EXAMPLE_RECEIPT, Batch, LineResult
from api.bodies import CLOUDEVENT, JSON, LINES
from api.errors import HTTP, PROBLEM_JSON, Kind, Problem, kind_of, problem
from api.examples import ANSWER_SUMMARIES, ANSWERS, CHANGES, DOWNSIZING, NOTICES, PREVIEW, SUBSCRIPTION, SUMMARIES, enveloped
from schemas import errors as tree
from schemas.changes import Correction, Release, Withdrawal
from schemas.errors import Finding
from schemas.notice import NOTICE

Described = dict[int | str, dict[str, Any]]
_InMode = tuple[type[BaseModel], Literal["validation", "serialization"]]
_REF = "#/components/schemas/"
_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

_WRONG_ID = Finding(rule="value-error", place="/employer/business_id", message="the check digit of the Business ID is wrong")
_WRONG_QUERY = Finding(rule="extra-forbidden", place="/query/municipality", message="this parameter does not exist here")
_Said = tuple[Kind, str, tuple[Finding, ...]]
_EXAMPLES: dict[int, _Said] = {
    401: (kind_of(tree.Unauthenticated), "the request has no API key", ()),
    403: (kind_of(tree.NotPermitted), "this key has no right to publish", ()),
    404: (kind_of(tree.Unknown), "there is no such thing for your agency", ()),
    408: (HTTP[408], "the body took longer than 60 seconds", ()),
    409: (kind_of(tree.NameTaken), "a subscription of your agency has this name and another filter", ()),
    413: (HTTP[413], "the body is larger than 256 KiB", ()),
    415: (HTTP[415], f"send {JSON} or {CLOUDEVENT} in UTF-8, not packed", ()),
    422: (kind_of(tree.Refusal), "1 finding: value-error", (_WRONG_ID,)),
    429: (kind_of(tree.TooMuch), "the hub is behind; bulk submissions wait", ()),
    503: (kind_of(tree.NotReady), "the broker did not confirm within 10 seconds", ()),
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}}}
_CHALLENGE = {"WWW-Authenticate": {"description": "How to authenticate", "schema": {"type": "string"}}}
_HEADERS: dict[int, dict[str, Any]] = {401: _CHALLENGE, 429: _RETRY_AFTER, 503: _RETRY_AFTER}


def problems(*statuses: int) -> Described:
    """How an operation answers these errors, each with an example."""
    return {status: _described(status) for status in statuses}


def _described(status: int, said: _Said | None = None) -> dict[str, Any]:
    kind, detail, findings = said or _EXAMPLES[status]
    example = problem(kind, detail, _TRACE, findings).model_dump(mode="json")
    content = {PROBLEM_JSON: {"schema": {"$ref": f"{_REF}Problem"}, "example": example}}
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return {"description": kind.title, "content": content, **headers}


_WRONG_READ: _Said = (HTTP[422], "a parameter is missing, unknown or not valid", (_WRONG_QUERY,))
READ_PROBLEMS: Described = problems(401, 403, 404, 429, 503) | {422: _described(422, _WRONG_READ)}
_WRONG_BODY: _Said = (
    HTTP[422],
    "a parameter is missing, unknown or not valid",
    (Finding(rule="url-https", place="/body/url", message="the URL begins with https://"),),
)
_SAME_URL: _Said = (
    kind_of(tree.Conflict),
    "your agency has an endpoint with this URL already: each event would be told twice",
    (),
)
MANAGE_PROBLEMS: Described = problems(401, 403, 404, 408, 413, 415, 429, 503) | {
    409: _described(409, _SAME_URL),
    422: _described(422, _WRONG_BODY),
}
_SAME_ADDRESS: _Said = (kind_of(tree.Conflict), "your agency has this address already: each event would be told twice", ())
_WRONG_ADDRESS: _Said = (
    HTTP[422],
    "a parameter is missing, unknown or not valid",
    (Finding(rule="mail-address", place="/body/address", message="one plain address such as employers@agency.example"),),
)
MAILBOX_PROBLEMS: Described = MANAGE_PROBLEMS | {409: _described(409, _SAME_ADDRESS), 422: _described(422, _WRONG_ADDRESS)}
SEND_PROBLEMS: Described = problems(401, 403, 408, 413, 415, 422, 429, 503)
_WRONG_AREA = Finding(rule="unknown-area", place="/filter/area/0", message="the registry does not know this area")
_WRONG_FILTER: _Said = (kind_of(tree.BadSubscription), "1 finding: unknown-area", (_WRONG_AREA,))
FILTER_PROBLEMS: Described = problems(401, 403, 404, 408, 413, 415, 429, 503) | {422: _described(422, _WRONG_FILTER)}
ADD_PROBLEMS: Described = FILTER_PROBLEMS | problems(409)
ADDED: Described = {
    201: {"headers": {"Location": {"description": "Where the subscription stands", "schema": {"type": "string"}}}},
}
_STATUS_URL = f"/v1/notices/{EXAMPLE_RECEIPT}"
TAKEN: Described = {
    202: {"headers": {"Location": {"description": "Where to follow the notice", "schema": {"type": "string"}}}},
}
ANSWER_TAKEN: Described = {
    202: {"headers": {"Location": {"description": "Where to see the answer", "schema": {"type": "string"}}}},
}
FOUND: Described = {200: {"description": "As far as your agency may see it."}}


BATCH_ANSWER: Described = {207: {"model": Batch, "description": "Some were not taken: see the result of each."}}


METRICS_ANSWER: Described = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


_STREAM_EXAMPLE = "retry: 2000\n\ndata: {…}\nid: Kf3xq0WvTbqK.41\n\n: heartbeat\n\n"
_STREAM_EVENT = {
    "type": "object",
    "description": "One event of the stream; `data` is JSON in a text.",
    "required": ["data"],
    "properties": {
        "event": {"enum": ["message", "problem"], "description": "Left out for an item of the feed."},
        "data": {"type": "string", "contentMediaType": JSON, "description": "An item of the feed, or the problem that ends it."},
        "id": {"type": "string", "description": "The item's cursor."},
        "retry": {"type": "integer", "description": "Milliseconds to wait before the stream is opened again."},
    },
}
STREAM_ANSWER: Described = {
    200: {
        "description": "Server-sent events, until one side ends the stream.",
        "content": {"text/event-stream": {"schema": _STREAM_EVENT, "example": _STREAM_EXAMPLE}},
    }
}


def _example_of(model: str, example: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": f"{_REF}{model}"}, "example": example}}


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


ENDPOINT_REQUEST = _body(_example_of("NewEndpoint", {"url": "https://agency.example/hub", "mode": "structured"}))
REPLAY_REQUEST = _body(_example_of("NewReplay", {"since": "2026-11-24T00:00:00Z", "per_second": 10}))
REPLAYED: Described = {
    201: {"headers": {"Location": {"description": "Where to see how far it is", "schema": {"type": "string"}}}},
}
ENDPOINT_CHANGE_REQUEST = _body(_example_of("EndpointChange", {"state": "paused"}))

KEY_REQUEST = _body(_example_of("WantedKey", {"label": "reader of the case system", "scopes": ["read"], "days": 90}))
MAILBOX_REQUEST = _body(
    _example_of("NewMailbox", {"address": "employers@agency.example", "language": "fi", "digest": {"at": "07:30"}})
)
MAILBOX_CHANGE_REQUEST = _body(_example_of("MailboxChange", {"language": "sv", "digest": {"each_hours": 4}}))


def _named(values: dict[str, Any]) -> dict[str, Any]:
    return {name: {"summary": SUMMARIES[name], "value": value} for name, value in values.items()}


ADD_REQUEST = _body({JSON: {"schema": {"$ref": f"{_REF}NewSubscription"}, "example": SUBSCRIPTION}})
CHANGE_REQUEST = _body({JSON: {"schema": {"$ref": f"{_REF}ChangedFilter"}, "example": {"filter": SUBSCRIPTION["filter"]}}})
PREVIEW_REQUEST = _body({JSON: {"schema": {"$ref": f"{_REF}Previewed"}, "example": PREVIEW}})
_SAID_REF = {"$ref": f"{_REF}Said"}
NOTICE_REQUEST = _body(
    {
        JSON: {"schema": _SAID_REF, "examples": _named(NOTICES | CHANGES)},
        CLOUDEVENT: {"schema": {"$ref": f"{_REF}NoticeEvent"}, "example": enveloped(DOWNSIZING)},
    }
)
ANSWER_REQUEST = _body(
    {
        JSON: {
            "schema": {"$ref": f"{_REF}Answer"},
            "examples": {name: {"summary": ANSWER_SUMMARIES[name], "value": value} for name, value in ANSWERS.items()},
        }
    }
)
BATCH_REQUEST = _body(
    {JSON: {"schema": {"type": "array", "maxItems": 1000, "items": _SAID_REF}, "example": list(NOTICES.values())}}
)
_LINES_EXAMPLE = "".join(json.dumps(notice, ensure_ascii=False) + "\n" for notice in NOTICES.values())
_LINES_SCHEMA = {
    "type": "string",
    "description": "A notice or a change as JSON on each line, each line ended by a newline",
}
LINES_REQUEST = _body({media: {"schema": _LINES_SCHEMA, "example": _LINES_EXAMPLE} for media in LINES})


def _lines_answer(description: str) -> dict[str, Any]:
    example = json.dumps({"line": 1, "receipt": EXAMPLE_RECEIPT, "status": _STATUS_URL}) + "\n"
    schema = {"type": "string", "description": f"On each line a JSON object: {_REF}{LineResult.__name__}"}
    return {"description": description, "content": {LINES[0]: {"schema": schema, "example": example}}}


LINES_ANSWER: Described = {
    202: _lines_answer("Each line was taken and confirmed by the broker."),
    207: _lines_answer("Some lines were not taken: see the line of each."),
}


def components(bodies: tuple[type[BaseModel], ...] = ()) -> dict[str, Any]:
    """The schemas of what stands in bodies: the notices with their parts, the event around one, a problem, and `bodies`."""
    notice = NOTICE.json_schema(ref_template=_REF + "{model}", mode="validation")
    parts = notice.pop("$defs")
    models: tuple[type[BaseModel], ...] = (*_READ, *bodies)
    read: list[_InMode] = [(model, "validation") for model in models]
    told_of: list[_InMode] = [(model, "serialization") for model in (Problem, LineResult)]
    _, told = models_json_schema([*read, *told_of], ref_template=_REF + "{model}")
    return {**parts, **told["$defs"], "Notice": notice, "Said": _SAID, "NoticeEvent": _EVENT}


_READ = (Correction, Withdrawal, Release)
_SAID = {
    "description": "A notice, or the change of one that your agency sent: a correction holds the whole notice anew.",
    "anyOf": [{"$ref": f"{_REF}{name}"} for name in ("Notice", "Correction", "Withdrawal", "Release")],
}
_TEXT = {"type": "string", "minLength": 1}
_EVENT: dict[str, Any] = {
    "type": "object",
    "description": "A CloudEvent 1.0 in structured mode with a notice as its data.",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _TEXT,
        "source": _TEXT,
        "type": _TEXT,
        "datacontenttype": {"const": JSON},
        "data": _SAID_REF,
    },
}
