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
Rights = Callable[[], tuple[Registry, date]]
"""The registry that holds, and today's day. NotReady where it is not known."""


class Inheritance(Protocol):
    """What the stores of subscriptions do beside hub.ports.Subscriptions, for two agencies at once."""

    def owners(self) -> list[AgencyId]:
        """The agencies that have subscriptions which have not ended, by id."""

    def hand_over(self, before: AgencyId, heir: AgencyId, revision: int) -> list[Subscription]:
        """All that stand of the one end and go on as the heir's, in one transaction: the heir's versions. Done once."""


def hand_over(subscriptions: Inheritance, rights: Rights, stop: threading.Event) -> bool:
    """One look at all agencies that have subscriptions; whether it came to its end. Nothing is left to do for the second look."""
    owners, done = subscriptions.owners(), True
    registry, day = rights() if owners else (Registry.of(0, (), (), ()), date.min)
    for before, heir in to_be_inherited(owners, registry, day):
        if stop.is_set():
            return False
        done &= _from_one_to_other(subscriptions, before, heir, registry.revision)
    return done


def _from_one_to_other(subscriptions: Inheritance, before: AgencyId, heir: AgencyId, revision: int) -> bool:
    try:
        taken = subscriptions.hand_over(before, heir, revision)
    except Exception as error:  # whatever hinders one, the others do not wait for it
        log.error("subscriptions could not be handed over", before=before, heir=heir, error=type(error).__name__)
        return False
    log.info("subscriptions were handed over", before=before, heir=heir, number=len(taken))
    return True
