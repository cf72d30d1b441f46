"""Every error that the API answers: one table of kinds, one renderer. Problem details by RFC 9457, values never repeated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import Field
from starlette.exceptions import HTTPException

from hub.core.masking import mask
from schemas import errors as tree
from schemas.base import Inside
from schemas.errors import Finding, HubError

PROBLEM_JSON = "application/problem+json"
NO_TRACE = "0" * 32


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: what `/problems/<code>` explains. `wait` = seconds for Retry-After where a repeat may help."""

    code: str
    status: int
    title: str
    advice: str
    wait: int | None = None


STATUS: dict[type[HubError], int] = {
    tree.HubError: 500,
    tree.Refusal: 422,
    tree.MalformedMessage: 422,
    tree.NotPermitted: 403,
    tree.BadSubscription: 422,
    tree.NotConforming: 422,
    tree.PersonalCode: 422,
    tree.Unauthenticated: 401,
    tree.Unknown: 404,
    tree.Conflict: 409,
    tree.NameTaken: 409,
    tree.WrongState: 409,
    tree.NotReady: 503,
    tree.TooMuch: 429,
    tree.Misconfigured: 500,
}
"""The status of each error of the tree; a class of its own below these takes that of the nearest one above it."""

_WAIT = {429: 5, 503: 2}
_ADVICE = {
    "hub-error": "Nothing in your request is known to be wrong. Try again; if it stays, give the operator the trace id.",
    "misconfigured": "Your request is not at fault and trying again does not help: give the operator the trace id.",
    "not-ready": "Try again after the time in Retry-After. A repeat is safe: the same source and id give the same receipt.",
}
"""Said to a caller instead of the tree's advice, which speaks to the operator or promises more than a door can know."""


def _of_the_tree(cls: type[HubError]) -> Kind:
    status = next(STATUS[above] for above in cls.__mro__ if above in STATUS)
    return Kind(cls.code, status, cls.title, _ADVICE.get(cls.code, cls.advice), _WAIT.get(status))


HTTP: dict[int, Kind] = {
    kind.status: kind
    for kind in (
        Kind("invalid-request", 422, "The request is not valid", "Correct the parameters that the findings name."),
        Kind("bad-request", 400, "The request cannot be read", "Check how the request is put together."),
        Kind("no-such-page", 404, "There is nothing at this address", "The addresses stand in /openapi.json and /docs."),
        Kind("method-not-allowed", 405, "This method does not exist here", "Use one of the methods in the header Allow."),
        Kind("too-slow", 408, "The body did not arrive in time", "Send it again; split it where the line is slow."),
        Kind("too-large", 413, "The body is too large", "Send less in one request; the detail gives the limit."),
        Kind("unsupported-media-type", 415, "This content type cannot be read here", "Send a type that the detail names."),
    )
}
"""What HTTP itself can meet, by status."""

INTERNAL = _of_the_tree(HubError)


def kind_of(error: type[HubError]) -> Kind:
    """The kind under which an error of the tree is answered."""
    return _of_the_tree(error)


def every_kind() -> dict[str, Kind]:
    """All kinds by code: those of the tree, then those of HTTP."""
    kinds = [kind_of(error) for error in tree.every_error()] + list(HTTP.values())
    return {kind.code: kind for kind in kinds}


class Problem(Inside):
    """An error as it is answered, by RFC 9457. `type` is an address of this API that explains it."""

    type: str = Field(examples=["/problems/refused"])
    title: str
    status: int
    detail: str
    code: str = Field(description="The stable name of the kind of error; switch on this.")
    findings: tuple[Finding, ...] = Field(
        default=(),
        description="Everything that was found wrong: the rule, the place as a JSON pointer into the notice "
        "(`/query/…`, `/path/…` for parameters; empty = the whole), what to do.",
    )
    advice: str
    retry: bool = Field(description="Whether the same request may succeed later.")
    trace_id: str = Field(description="Give it to the operator when you ask about this answer.")


def problem(kind: Kind, detail: str, trace_id: str, findings: tuple[Finding, ...] = ()) -> Problem:
    """The problem of that kind."""
    return Problem(
        type=f"/problems/{kind.code}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        code=kind.code,
        findings=findings,
        advice=kind.advice,
        retry=kind.wait is not None or kind.status == 408,
        trace_id=trace_id,
    )


def problem_of(error: HubError, trace_id: str) -> Problem:
    """The problem that an error of the tree becomes. Errors that are the hub's own tell a caller no details."""
    kind = kind_of(type(error))
    hidden = kind.status == 500
    return problem(kind, kind.title if hidden else error.detail, trace_id, () if hidden else error.findings)


def trace_of(request: Request) -> str:
    """The trace id that the outermost layer gave to this request."""
    found = getattr(request.state, "trace_id", NO_TRACE)
    return found if isinstance(found, str) else NO_TRACE


def answer(told: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The one renderer of errors."""
    wait = _WAIT.get(told.status)
    own = {} if wait is None else {"Retry-After": str(wait)}
    body = told.model_dump(mode="json")
    return JSONResponse(body, told.status, {**own, **(headers or {})}, PROBLEM_JSON)


def not_yet(detail: str, trace_id: str) -> JSONResponse:
    """A receipt may be asked for before the views have it, so this one 404 is worth a second try."""
    told = problem(kind_of(tree.Unknown), detail, trace_id).model_copy(update={"retry": True})
    return answer(told, {"Retry-After": "1"})


_CHALLENGE = 'Bearer realm="employer-situation-hub"'


async def on_hub_error(request: Request, error: Exception) -> JSONResponse:
    """What the hub itself says no to."""
    assert isinstance(error, HubError)  # noqa: S101 - FastAPI's type for handlers is wider than what it calls them with
    told = problem_of(error, trace_of(request))
    if request.method == "GET" and told.code == tree.Refusal.code:
        told = problem(HTTP[422], error.detail, told.trace_id, error.findings)  # no notice was refused here
    headers = {"WWW-Authenticate": _CHALLENGE} if told.status == 401 else {}
    return answer(told, headers)


async def on_http_error(request: Request, error: Exception) -> JSONResponse:
    """What Starlette says no to: no such address, no such method, and the limits of api.bodies."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    kind = HTTP.get(error.status_code) or _plain(error.status_code)
    said = error.detail if error.detail != HTTPStatus(error.status_code).phrase else kind.title
    headers = dict(error.headers or {}) | _allowed(request, error.status_code)
    return answer(problem(kind, said, trace_of(request)), headers)


def _allowed(request: Request, status: int) -> dict[str, str]:
    """All methods of an address: Starlette names those of the first route only."""
    path = getattr(request.scope.get("route"), "path_format", None)
    methods = request.app.openapi()["paths"].get(path) if status == 405 else None
    return {"Allow": ", ".join(sorted(method.upper() for method in methods))} if methods else {}


def _plain(status: int) -> Kind:
    return replace(HTTP[400] if status < 500 else INTERNAL, status=status)


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """What FastAPI found wrong with parameters, without the values."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    findings = tuple(
        Finding(rule=found["type"].replace("_", "-"), place=_pointer(found["loc"]), message=_said(found["type"], found["msg"]))
        for found in error.errors()
    )
    return answer(problem(HTTP[422], "a parameter is missing, unknown or not valid", trace_of(request), findings))


def _said(rule: str, message: str) -> str:
    return "this parameter does not exist here" if rule == "extra_forbidden" else message.removeprefix("Value error, ")


def _pointer(loc: tuple[int | str, ...]) -> str:
    """Where a parameter stands. A name that was made up is cut, and shown without a personal code."""
    return mask("".join("/" + str(part)[:100].replace("~", "~0").replace("/", "~1") for part in loc))
