"""Whether the API lives and can serve, and what it counts."""

from typing import Literal

from fastapi import APIRouter, Depends, Request, Response

from api.answers import Readiness
from api.auth import Bearer, Header, may_operate, operator
from api.dependencies import Check, Parts, TheParts
from api.describing import METRICS_ANSWER, problems
from schemas.errors import HubError

router = APIRouter(tags=["health"])
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/livez", operation_id="is_alive", summary="Whether the process lives", response_model=dict[str, str])
async def is_alive() -> dict[str, str]:
    """Always the same as long as the process answers at all; needs no key."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    operation_id="is_ready",
    summary="Whether requests can be served",
    responses={503: {"model": Readiness, "description": "A check fails."}},
    openapi_extra={"security": [{}]},
)
def is_ready(request: Request, response: Response, given: TheParts, bearer: Bearer, header: Header) -> Readiness:
    """Each check, needs no key; 503 where one fails. Reasons are told on the machine itself and to keys with `operate`."""
    missing = {name: reason for name, check in given.checks.items() if (reason := _asked(check)) is not None}
    checks: dict[str, Literal["ok", "failing"]] = {name: "failing" if name in missing else "ok" for name in given.checks}
    if missing:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    if not may_operate(request, given, bearer, header):
        return Readiness(ready=not missing, checks=checks)
    return Readiness(ready=not missing, checks=checks, reasons=missing, behind=_behind(given))


@router.get(
    "/metrics",
    operation_id="read_metrics",
    summary="Counters for Prometheus",
    dependencies=[Depends(operator)],
    response_class=Response,
    responses=METRICS_ANSWER | problems(401, 403, 503),
)
def read_metrics(given: TheParts) -> Response:
    """Requests by route and status, time of publishing, records behind. From elsewhere with a key that has `operate`."""
    return Response(given.metrics.text(), media_type=_METRICS_TYPE)


def _asked(check: Check) -> str | None:
    try:
        return check()
    except HubError as error:
        return error.detail


def _behind(given: Parts) -> dict[str, int] | None:
    try:
        return given.reading.behind()
    except HubError:
        return None
