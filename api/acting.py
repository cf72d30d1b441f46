"""As whom a request acts: the agency of its key, or the one that X-Road's security server names; for itself or another one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import NoReturn

from fastapi import Request

from hub.core import xroad
from hub.core.registry import Registry
from hub.core.representing import agreed, check_right
from hub.core.xroad import NOBODY, Servers
from hub.ports import Caller
from schemas.errors import Finding, MalformedMessage, NotPermitted, Unauthenticated
from schemas.partner import PartnerState

LOG = logging.getLogger("api")
SCOPES = frozenset({"publish", "read"})
"""What comes through X-Road may do; where an agency is told, and what it asks for, is managed with a key."""

Record = Callable[[str, str, str, str | None], None]
"""Adds to the audit who did what, about what, on which ground; stands when it returns. NotReady where it cannot be written."""

_FORWARDED = ("forwarded", "via", "x-real-ip")
_FORWARDED_AS = "x-forwarded-"


@dataclass(frozen=True, slots=True)
class Acting:
    """The registry of the moment, today's day, where sign-ins are noted, in which state a partner is, and which servers of X-Road
    are believed.
    """

    registry: Callable[[], Registry]
    today: Callable[[], date]
    record: Record
    state: Callable[[str], PartnerState]
    servers: Servers = NOBODY

    def xroad_caller(self, request: Request) -> Caller:
        """The agency of the client that the security server names. NotPermitted where it is not that server that speaks."""
        if not self.servers.believed(
            request.client.host if request.client else None, is_forwarded(request), request.headers.get(xroad.PROOF)
        ):
            refuse_peer()
        headers = _each_once(request)
        if xroad.CLIENT not in headers:
            raise Unauthenticated(f"the request has headers of X-Road, but not {xroad.CLIENT}")
        message = xroad.message_in(headers)
        registry, day = self.registry(), self.today()
        agency = xroad.agency_of_client(message.client, registry, day)
        party = xroad.agency_of_party(headers[xroad.PARTY], registry, day) if xroad.PARTY in headers else None
        request.state.xroad_id = message.id  # from here on the answer names it
        other = agreed(agency.id, party.id if party else None)
        return Caller(agency.id, f"xroad:{message.client}", SCOPES, self.state(agency.id), other, message)

    def in_name_of(self, caller: Caller, asked: str | None) -> Caller:
        """The caller, speaking for the agency that a header asks for. NotPermitted where the registry does not say so."""
        other = agreed(caller.agency, caller.on_behalf_of, asked)
        self.check(caller, other)
        return replace(caller, on_behalf_of=other)

    def check(self, caller: Caller, other: str | None, place: str = "") -> None:
        """NotPermitted where the caller may not speak for that agency."""
        check_right(caller.agency, other, self.registry(), self.today(), place)

    def note(self, request: Request, caller: Caller) -> None:
        """The sign-in, in the audit and the log. NotReady where it cannot be noted: then nothing is done."""
        message = caller.xroad
        if message is None:
            return
        asked = getattr(request.scope.get("route"), "path_format", "?")
        about = f"{request.method} {asked} X-Road-Id {message.id}" + (
            f" for {caller.on_behalf_of}" if caller.on_behalf_of else ""
        )
        self.record(f"{caller.agency}/{caller.key_id}", "xroad.request", about, message.issue)
        LOG.info("X-Road request %s of %s for %s", message.id, message.client, caller.agency)


def is_forwarded(request: Request) -> bool:
    """Whether the request came past a proxy, so that its address says nothing of who sent it."""
    return any(name in _FORWARDED or name.startswith(_FORWARDED_AS) for name in request.headers)


def speaks_xroad(request: Request) -> bool:
    """Whether it has any header of X-Road."""
    return any(name.startswith(xroad.PREFIX) for name in request.headers)


def _each_once(request: Request) -> dict[str, str]:
    """The headers of X-Road, by the names that are known here. MalformedMessage where one stands twice."""
    found = {name: request.headers.getlist(name) for name in (xroad.CLIENT, xroad.ID, xroad.ISSUE, xroad.PARTY)}
    twice = [name for name, values in found.items() if len(values) > 1]
    if twice:
        told = tuple(Finding(rule="header-twice", place=f"/header/{name}", message="send this header once") for name in twice)
        raise MalformedMessage("a header of X-Road stands there twice", told)
    return {name: values[0] for name, values in found.items() if values}


def refuse_peer() -> NoReturn:
    """The headers of X-Road are worth something from the hub's own security server alone, and from nobody else refused."""
    message = "take the headers X-Road-* out and send a key, or go through the security server; its addresses are in the settings"
    told = Finding(rule="xroad-peer", place=f"/header/{xroad.CLIENT}", message=message)
    raise NotPermitted("this does not come from the hub's own security server of X-Road", (told,))
