"""The OpenAPI document: what FastAPI finds out, with the schemas of what it cannot see. Beside it that of the topics."""

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.asyncapi import Name, asyncapi
from api.describing import components
from api.endpoints import EndpointChange, NewEndpoint
from api.keys import WantedKey
from api.mailboxes import MailboxChange, NewMailbox
from api.replays import NewReplay
from schemas.acknowledgement import Answer
from schemas.subscription import ChangedFilter, NewSubscription, Previewed

_BODIES = (
    *(Answer, NewEndpoint, EndpointChange, NewReplay, NewMailbox, MailboxChange),
    *(NewSubscription, ChangedFilter, Previewed, WantedKey),
)
_DESCRIPTION = """Carries employer situation notices between Finland's public agencies.

Every request needs an API key of an agency: `Authorization: Bearer <key>` or `X-API-Key: <key>`. The agency of the key is
the sender of what it sends, and sees what concerns it. Errors are problem details (RFC 9457); `code` is stable, `type`
leads to a page that explains it, `findings` name every flaw with its place. Sending the same notice again is always safe:
its sender, source and id give its receipt, and it is taken once.
"""
_TAGS = [
    {"name": "notices", "description": "Send a notice, search, see what became of one."},
    {"name": "acknowledgements", "description": "Answer a notice, and see what was said of one."},
    {"name": "bulk", "description": "Many notices at once."},
    {"name": "employers", "description": "An employer's history."},
    {"name": "outbox", "description": "What concerns your agency, in order."},
    {"name": "subscriptions", "description": "Saved filters over your outbox."},
    {"name": "endpoints", "description": "Where your agency is told: webhooks, their secrets, what each was told."},
    {"name": "gap", "description": "What each of your channels has confirmed, and what it has not."},
    {"name": "partner", "description": "Your agency's state, and test messages that reach nobody."},
    {"name": "keys", "description": "Your agency's keys."},
    {"name": "refused", "description": "Your notices that were not taken."},
    {"name": "health", "description": "For whoever keeps the hub running."},
]


def describe(app: FastAPI, name: Name) -> None:
    """Give the application its documents, each made once. `name` gives a topic's name on the broker."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.state.asyncapi = cache(lambda: asyncapi(app.version, name))
    app.openapi = openapi  # type: ignore[method-assign] # the way that FastAPI documents


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes, tags=_TAGS)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in components(_BODIES).items():
        schemas.setdefault(name, schema)
    for operation in (told for methods in found["paths"].values() for told in methods.values()):
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _without_null(parameter["schema"])
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter may be left out, but there is no way to write null in an address."""
    forms = [form for form in schema.get("anyOf", ()) if form != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**rest, **forms[0]} if len(forms) == 1 else schema
