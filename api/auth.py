"""Who is calling, for which agency, and what its key allows."""

import ipaddress
from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi import Header as Named
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.acting import is_forwarded, refuse_peer, speaks_xroad
from api.dependencies import Parts, TheParts
from hub.core.partners import lets_in, refuse_unless_active
from hub.core.representing import HEADER, check_right, refuse_to_speak
from hub.ports import Caller
from schemas.errors import NotPermitted, Unauthenticated
from schemas.ids import AgencyId

LONGEST_KEY = 512
_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="`Authorization: Bearer <key>`")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="header", description="The key alone")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
Header = Annotated[str | None, Security(_HEADER)]
OnBehalfOf = Annotated[
    AgencyId | None,
    Named(alias=HEADER, description="The agency in whose name all of it is said, where the registry lets yours do so."),
]


def caller(request: Request, given: TheParts, bearer: Bearer, header: Header) -> Caller:
    """Who calls; what comes through X-Road is noted in the audit. Unauthenticated, NotPermitted as `identified` says."""
    found = identified(request, given, bearer, header)
    if given.acting is not None:
        given.acting.note(request, found)
    return found


def identified(request: Request, given: Parts, bearer: HTTPAuthorizationCredentials | None, header: str | None) -> Caller:
    """The caller whose key was sent, or whom X-Road's security server names.

    Unauthenticated where there is neither, or a key that is wrong, expired or revoked; NotPermitted where another than that
    server speaks as if it were it, and where the agency is not approved yet, suspended or closed: no door opens to it then.
    """
    found = _named(request, given, bearer, header)
    if not lets_in(found.state):
        refuse_unless_active(found.state)
    return found


def _named(request: Request, given: Parts, bearer: HTTPAuthorizationCredentials | None, header: str | None) -> Caller:
    key = _key(request, bearer, header)
    if speaks_xroad(request):
        if key is not None:
            raise Unauthenticated("the request has an API key and headers of X-Road; send one of the two")
        return given.acting.xroad_caller(request) if given.acting is not None else refuse_peer()
    if key is None:
        raise Unauthenticated("the request has no API key")
    found = given.keys.caller(key) if _may_be_one(key) else None
    if found is None:
        raise Unauthenticated("the API key is not known, has expired or was revoked")
    return found


def _key(request: Request, bearer: HTTPAuthorizationCredentials | None, header: str | None) -> str | None:
    sent = {value for value in (bearer.credentials if bearer else None, header) if value}
    if len(sent) > 1 or any(len(request.headers.getlist(name)) > 1 for name in ("authorization", "x-api-key")):
        raise Unauthenticated("the request has more than one API key")
    return sent.pop() if sent else None


def _may_be_one(key: str) -> bool:
    return len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()


CurrentCaller = Annotated[Caller, Depends(caller)]


def _needs(current: Caller, scope: str) -> Caller:
    """A key of an active partner that may do it."""
    refuse_unless_active(current.state)
    return _has(current, scope)


def _has(current: Caller, scope: str) -> Caller:
    """A key that may do it, also one of a partner that is approved alone."""
    if current.on_behalf_of is not None and scope != "publish":
        refuse_to_speak("in the name of another agency one publishes and does nothing else; leave it out here")
    if scope not in current.scopes:
        raise NotPermitted(f"this key has no right to {scope}: ask the operator for a key with the scope '{scope}'")
    return current


async def _publishing(request: Request, given: TheParts, current: CurrentCaller, on_behalf_of: OnBehalfOf = None) -> Caller:
    _needs(current, "publish")
    if len(request.headers.getlist(HEADER)) > 1:
        refuse_to_speak(f"send the header {HEADER} once")
    if on_behalf_of is None and current.on_behalf_of is None:
        return current
    if given.acting is None:
        check_right(current.agency, on_behalf_of, None, date.min)
        return current
    return given.acting.in_name_of(current, on_behalf_of)


async def _reading(current: CurrentCaller) -> Caller:
    return _needs(current, "read")


async def _still_reading(request: Request, given: TheParts, bearer: Bearer, header: Header) -> Callable[[], Caller]:
    return lambda: _needs(identified(request, given, bearer, header), "read")


async def _subscribing(current: CurrentCaller) -> Caller:
    return _needs(current, "subscribe")


async def _managing(current: CurrentCaller) -> Caller:
    return _needs(current, "manage")


async def _testing(current: CurrentCaller) -> Caller:
    return _has(current, "publish")


async def _seeing_tests(current: CurrentCaller) -> Caller:
    return _has(current, "read")


async def _managing_keys(current: CurrentCaller) -> Caller:
    return _has(current, "manage")


MayPublish = Annotated[Caller, Depends(_publishing)]
MayRead = Annotated[Caller, Depends(_reading)]
StillMayRead = Annotated[Callable[[], Caller], Depends(_still_reading)]
"""Asks anew whose key it is, for an answer that goes on for long."""
MaySubscribe = Annotated[Caller, Depends(_subscribing)]
MayManage = Annotated[Caller, Depends(_managing)]
"""May say where the agency is told: more than reading, since an endpoint goes on when the key has ended."""

MayTest = Annotated[Caller, Depends(_testing)]
MaySeeTests = Annotated[Caller, Depends(_seeing_tests)]
MayManageKeys = Annotated[Caller, Depends(_managing_keys)]
"""These three also before its agency is active."""


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine itself, not through a proxy on it."""
    if request.client is None or is_forwarded(request) or speaks_xroad(request):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def may_operate(request: Request, given: TheParts, bearer: Bearer, header: Header) -> bool:
    """Whether what is for the operator may be shown: on this machine, or to a key with the scope `operate`."""
    if is_local(request):
        return True
    try:
        return "operate" in caller(request, given, bearer, header).scopes
    except (Unauthenticated, NotPermitted):
        return False


def operator(request: Request, given: TheParts, bearer: Bearer, header: Header) -> None:
    """Let through from this machine; from elsewhere only with a key that has the scope `operate`."""
    if not is_local(request):
        _needs(caller(request, given, bearer, header), "operate")
