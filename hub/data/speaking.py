"""What may be wrong with who speaks for whom: agencies in whose name others publish, and clients of X-Road."""

from collections.abc import Iterator
from datetime import date

from hub.core.registry import Registry
from hub.core.xroad import parts_of
from schemas.agency import Agency


def right_problems(name: str, agency: Agency, registry: Registry) -> Iterator[str]:
    """In whose name it may publish: agencies that are there, and others than itself."""
    yield from (
        f"{name}: may publish for {other}, which is unknown"
        for other in agency.may_publish_for
        if other not in registry.all_agencies
    )
    if agency.id in agency.may_publish_for:
        yield f"{name}: may publish for itself, which every agency may: leave it out"


def client_problems(registry: Registry) -> Iterator[str]:
    """A client of X-Road is one agency at any time: two may have it one after the other."""
    clients = [(parts_of(client), client, agency) for agency in registry.all_agencies.values() for client in agency.xroad_clients]
    for number, (parts, client, agency) in enumerate(clients):
        if parts is None:
            yield f"agency {agency.id}: {client!r} is no client of X-Road, such as FI/GOV/0245458-3/subsystem"
        for other_parts, _, other in clients[:number]:
            if parts == other_parts and _overlap(agency, other):
                yield f"agency {agency.id}: the X-Road client {client} is also that of {other.id}"


def _overlap(one: Agency, other: Agency) -> bool:
    """Whether both are in force on some day."""
    first = max((agency.valid_from or date.min) for agency in (one, other))
    return first <= min((agency.valid_to or date.max) for agency in (one, other))
