"""Subscriptions go to the agency that stands in the place of one that is no more."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Protocol

import structlog

from hub.core.registry import Registry
from hub.core.subscriptions.inheriting import to_be_inherited
from schemas.ids import AgencyId
from schemas.subscription import Subscription

log = structlog.get_logger()


class Inheritance(Protocol):
    """What the stores of subscriptions do beside hub.ports.Subscriptions, for two agencies at once."""

    def owners(self) -> list[AgencyId]:
        """The agencies that have subscriptions which have not ended, by id."""

    def hand_over(self, before: AgencyId, heir: AgencyId) -> list[Subscription]:
        """All that stand of the one end and go on as the heir's, in one transaction: the heir's versions. Done once."""


def hand_over(
    subscriptions: Inheritance, registry: Callable[[], Registry], today: Callable[[], date], stop: threading.Event
) -> bool:
    """One look at all agencies that have subscriptions; whether it came to its end. Nothing is left to do for the second look."""
    owners = subscriptions.owners()
    for before, heir in to_be_inherited(owners, registry(), today()) if owners else ():
        if stop.is_set():
            return False
        taken = subscriptions.hand_over(before, heir)
        log.info("subscriptions were handed over", before=before, heir=heir, number=len(taken))
    return True
