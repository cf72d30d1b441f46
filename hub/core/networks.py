"""Which addresses the hub may call, and what an endpoint's URL has to look like. Pure.

An address is judged when it is connected to, never when its name is registered: a name may mean another address later.
Allowed is what the public internet routes to one machine; anything else would let an agency reach into the hub's own network.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from schemas.errors import Finding, Misconfigured

Network = IPv4Network | IPv6Network

_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
"""Special uses (IANA's registries) that Python 3.11 takes for public, or for public in some of its versions: protocol
assignments, benchmarks, reserved; Teredo and 6to4, which carry any IPv4 address inside; documentation."""

_LONGEST_URL = 2_000
_HTTPS, _FIRST_FREE_PORT = 443, 1_024
_VISIBLE = re.compile(r"[!-~]+")


def networks(texts: Sequence[str], setting: str = "HUB_WEBHOOKS__NETWORKS") -> tuple[Network, ...]:
    """Networks as that setting gives them. Misconfigured where one is none."""
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as error:
        raise Misconfigured(f"{setting} names what is no network: {error}") from error


def is_opened(address: str, opened: Sequence[Network]) -> bool:
    """Whether the operator has opened the network of that address."""
    found = _address(address)
    return found is not None and any(found in network for network in opened if network.version == found.version)


def may_be_called(address: str, opened: Sequence[Network] = ()) -> bool:
    """Whether the hub connects to it: a public address, or one of a network that the operator has opened."""
    found = _address(address)
    return found is not None and (is_opened(address, opened) or _is_public(found))


def url_findings(url: str, opened: Sequence[Network] = ()) -> tuple[Finding, ...]:
    """What is wrong with an endpoint's URL; none where it can be called. `http:` is for networks that are opened."""
    parts = _parts(url)
    if parts is None or not parts.hostname:
        return (_finding("url", "an absolute URL such as https://agency.example/notices, at most 2000 visible ASCII signs"),)
    found = []
    if parts.scheme != "https" and not (parts.scheme == "http" and opened):
        found.append(_finding("url-https", "the URL begins with https://"))
    if parts.username is not None or parts.password is not None:
        found.append(_finding("url-user", "no user or password stands in the URL: the signature says who calls"))
    if parts.fragment:
        found.append(_finding("url-fragment", "a part behind # is never sent: leave it out"))
    if parts.port is not None and parts.port != _HTTPS and parts.port < _FIRST_FREE_PORT:
        found.append(_finding("url-port", "the port is 443, or 1024 or higher"))
    if _address(parts.hostname) is not None and not may_be_called(parts.hostname, opened):
        found.append(_finding("url-address", "the address is not one of the public internet"))
    return tuple(found)


def _parts(url: str) -> SplitResult | None:
    if len(url) > _LONGEST_URL or not _VISIBLE.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here: it raises where it is no port
    except ValueError:
        return None
    return parts


def _finding(rule: str, message: str) -> Finding:
    return Finding(rule=rule, place="/url", message=message)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address meant: one of IPv4 that is written as IPv6 is the one of IPv4. None where the text is no address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if address.version == 6 and address not in _UNICAST:
        return False
    special = address.is_multicast or not address.is_global
    return not special and not any(address in network for network in _NOT_PUBLIC if network.version == address.version)
