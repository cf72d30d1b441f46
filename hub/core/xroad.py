"""Requests that come through X-Road: who is believed to be the security server, whose client it names, what it tells. Pure.

The security server has authenticated the client (X-Road: Message Protocol for REST, PR-REST); the header is worth as much as
the certainty that the request comes from that server. So nobody is believed until the operator has said which addresses are
its own; a request that came past a proxy shows the proxy's secret beside.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from hub.core.masking import personal_codes
from hub.core.networks import Network, is_opened
from hub.core.reading import finding_at
from hub.core.registry import Registry
from schemas.agency import Agency
from schemas.errors import Finding, NotPermitted, PersonalCode, Refusal
from schemas.messages import XRoadMessage

PREFIX = "x-road-"
"""Begins the name of every header of X-Road."""
CLIENT, ID, ISSUE, PARTY = "X-Road-Client", "X-Road-Id", "X-Road-Issue", "X-Road-Represented-Party"
PROOF = "X-Security-Server-Key"
"""The header in which a proxy between the security server and the hub shows the secret that they share."""

_LONGEST = 255
_CLIENT_PARTS = (3, 4)
_PARTY_PARTS = (1, 2)


@dataclass(frozen=True, slots=True)
class Servers:
    """What the operator has said of the hub's own security server: its addresses (none = X-Road is off), and a secret."""

    networks: tuple[Network, ...] = ()
    secret: str | None = None

    def believed(self, address: str | None, proxied: bool, shown: str | None) -> bool:
        """Whether a request from that address is the security server's. Past a proxy an address proves nothing."""
        if address is None or not is_opened(address, self.networks):
            return False
        if self.secret is None:
            return not proxied
        return shown is not None and hmac.compare_digest(shown.encode(), self.secret.encode())

    @property
    def trusts_addresses(self) -> bool:
        """Whether an address alone is believed, so that a proxy in such a network which does not name itself speaks for all."""
        return bool(self.networks) and self.secret is None


NOBODY = Servers()


def parts_of(text: str, counts: Sequence[int] = _CLIENT_PARTS) -> tuple[str, ...] | None:
    """An identifier of X-Road in its parts, each percent-decoded; None where it is none of so many parts."""
    parts = tuple(unquote(part) for part in text.split("/"))
    good = len(text) <= _LONGEST and text.isascii() and len(parts) in counts
    return parts if good and all(part and part.isprintable() and "\ufffd" not in part for part in parts) else None


def agency_of_client(client: str, registry: Registry, day: date) -> Agency:
    """The agency in force that the registry has for that client. NotPermitted where there is none."""
    wanted = parts_of(client)
    found = [agency for agency in registry.agencies(day) if wanted and wanted in _clients(agency)]
    if len(found) != 1:
        message = "the registry has no agency in force for this client; the operator adds it to the agency's xroad_clients"
        raise NotPermitted("an X-Road client that is nobody here", (_finding("xroad-client", CLIENT, message),))
    return found[0]


def agency_of_party(party: str, registry: Registry, day: date) -> Agency:
    """The agency in force that a represented party (`class/code`, or the code alone) is: by its Business ID or its clients."""
    parts = parts_of(party, _PARTY_PARTS)
    found = [agency for agency in registry.agencies(day) if parts and _is_party(agency, parts)]
    if len(found) != 1:
        number = "several agencies" if found else "no agency"
        message = f"the registry has {number} in force for this party: by business_id, or by the member of an X-Road client"
        raise NotPermitted("a represented party that is nobody here", (_finding("xroad-party", PARTY, message),))
    return found[0]


def _clients(agency: Agency) -> list[tuple[str, ...] | None]:
    return [parts_of(client) for client in agency.xroad_clients]


def _is_party(agency: Agency, parts: tuple[str, ...]) -> bool:
    *classes, code = parts
    members = [client[1:3] for client in _clients(agency) if client]
    return agency.business_id == code or any(
        member_code == code and classes in ([], [member_class]) for member_class, member_code in members
    )


def message_in(headers: Mapping[str, str]) -> XRoadMessage:
    """What is kept of the headers. Refusal with every finding where the message has no id, or what cannot be kept.

    Who the user was (X-Road-UserId) is kept by the security server's own log and not here: it may be a personal identity code.
    """
    findings = tuple(_findings(headers))
    if any(finding.rule == "personal-code" for finding in findings):
        raise PersonalCode("a personal identity code stands in a header", findings)
    if findings:
        raise Refusal("headers of X-Road that cannot be kept", findings)
    return XRoadMessage(client=headers[CLIENT], id=headers[ID], issue=headers.get(ISSUE))


def _findings(headers: Mapping[str, str]) -> Iterable[Finding]:
    if ID not in headers:
        yield _finding("missing", ID, "the security server sends the id of each message")
    for name in (CLIENT, ID, ISSUE):
        value = headers.get(name, "-")
        if not value or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
            yield _finding("xroad-header", name, f"1 to {_LONGEST} visible ASCII signs")
        if personal_codes(value):
            yield _finding("personal-code", name, "a personal identity code stands here; take it out")


def _finding(rule: str, header: str, message: str) -> Finding:
    return finding_at(rule, f"/header/{header}", message)
