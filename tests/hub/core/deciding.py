"""Deciding about a notice in one call, and reading the decision."""

from datetime import datetime
from typing import Any

from hub.core.registry import Registry
from hub.core.routing import route
from schemas.agency import Agency
from schemas.messages import Recipient, RoutedNotice
from tests.builders import AT, DAY, a_small_registry, taken


def routed(notice: dict[str, Any], registry: Registry | None = None, at: datetime = AT, **event: Any) -> RoutedNotice:
    registry = registry or a_small_registry()
    return route(*taken(notice, registry=registry, **event), registry, DAY, decided_as_of=at)


def told(found: RoutedNotice) -> dict[str, list[str]]:
    return {recipient.agency: [why.rule for why in recipient.why] for recipient in found.recipients}


def only(found: RoutedNotice, agency: str) -> Recipient:
    (recipient,) = [recipient for recipient in found.recipients if recipient.agency == agency]
    return recipient


def with_agency(changed: Agency) -> Registry:
    """The small registry with one agency changed."""
    base = a_small_registry()
    agencies = base.all_agencies | {changed.id: changed}
    return Registry.of(8, base.areas.values(), agencies.values(), ())
