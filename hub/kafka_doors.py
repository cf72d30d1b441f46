"""An agency's own way to Kafka: users that read its outbox and write to its inbox, and that end when their time is over.

The broker checks each request when it comes: whoever is closed can do nothing more, also in a session that is open. Only a
request that waits at the broker already is answered.
"""

import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

import structlog

from connectors.outbound.kafka_users import KafkaUsers, Right
from connectors.store.kafka_users import KafkaUser, PostgresKafkaUsers
from hub.core.periods import works_on
from hub.core.registry import Registry
from hub.revisions import Revisions
from hub.wiring import Wiring
from schemas.errors import NotPermitted, NotReady, Unknown
from schemas.ids import AgencyId
from schemas.topics import inbox, outbox

log = structlog.get_logger()

LIFETIME = timedelta(days=365)
WARNED = (30, 7, 1)
"""Days before its end on which a user is warned of."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a partner's client needs. The password is told this once."""

    user: str
    password: str = field(repr=False)
    outbox: str
    inbox: str
    group: str
    """What the name of its consumer groups begins with."""


class KafkaDoors:
    """Of one hub."""

    def __init__(self, wiring: Wiring) -> None:
        self._users = KafkaUsers(wiring.bootstrap, wiring.prefix)
        self._prefix = wiring.prefix
        self._wiring = wiring

    def open(
        self, agency: AgencyId, label: str, rights: Iterable[Right], day: date, lifetime: timedelta = LIFETIME, by: str = "hub"
    ) -> Credentials:
        """A new user of an agency in force on that day, an active partner. Others go on, so that they can be changed over.

        Unknown or NotPermitted where there is no such agency, or it is none any more, or not active. NotReady where Kafka does
        not do it: what it may have done of it goes again, now or by the next sweep, and nobody was told the password.
        """
        _refuse_who_is_none(agency, self._registry(), day)
        if (state := self._wiring.partners.state(agency)) != "active":
            raise NotPermitted(f"{agency} is {state} as a partner: `hub partner show {agency}` tells why")
        user, password = self._noted.add(agency, label, rights, lifetime, by), secrets.token_urlsafe(32)
        try:
            self._users.open(user, agency, rights, password)
        except BaseException:  # also Ctrl-C: nothing is hidden, and no user stays that nobody asked for
            with suppress(NotReady):
                self._noted.expire(user)
                self.close(user, by)
            raise
        names = (self._prefix + outbox(agency).name, self._prefix + inbox(agency).name)
        return Credentials(user, password, *names, f"{self._prefix}agency.{agency}.")

    def close(self, user: str, by: str = "hub") -> None:
        """The user can do nothing more. Unknown where there never was one of that name."""
        if not any(one.user == user for one in self._noted.of()):
            raise Unknown(f"there is no user {user} on Kafka: `hub partner kafka list` names them")
        self._users.close(user)
        self._noted.end(user, by)

    def close_all(self, agency: AgencyId, by: str) -> int:
        """No user of the agency can do anything more, also where it is connected; how many there were."""
        there = [one.user for one in self._noted.of(agency) if one.closed is None]
        for user in there:
            self.close(user, by)
        return len(there)

    @cached_property
    def _noted(self) -> PostgresKafkaUsers:
        """Not before it is asked: a dispatcher without a database fires clocks all the same."""
        return PostgresKafkaUsers(self._wiring.engine, self._wiring.schemas)

    def _registry(self) -> Registry:
        return Revisions(self._wiring).newest()

    def all(self, agency: AgencyId | None = None) -> list[KafkaUser]:
        """Those of that agency or of every one, also those that have ended."""
        return self._noted.of(agency)

    def sweep(self, today: Callable[[], date], stop: threading.Event) -> bool:
        """Close who has expired, and who belongs to an agency that is none any more, or not active; whether all was done."""
        there = self._noted.open()
        if not there:
            return True
        registry, day = self._registry(), today()
        states = {agency: self._wiring.partners.state(agency) for agency in {one.agency for one in there}}
        over = {one.user: "expired" for one in self._noted.expired()}
        over |= {one.user: f"its agency is {states[one.agency]}" for one in there if states[one.agency] != "active"}
        over |= {one.user: "its agency has ended" for one in there if not _is_one(one.agency, registry, day)}
        for user, why in over.items():
            if stop.is_set():
                return False
            self.close(user)
            log.info("a user on Kafka was closed", user=user, why=why)
        return True


def _refuse_who_is_none(agency: AgencyId, registry: Registry, day: date) -> None:
    if registry.agency(agency) is None:
        raise Unknown(f"the registry has no agency {agency}: `hub registry show fi:kunta:837` lists those of an area")
    if not _is_one(agency, registry, day):
        raise NotPermitted(f"{agency} is not in force on {day}, or takes part in nothing")


def _is_one(agency_id: AgencyId, registry: Registry, day: date) -> bool:
    agency = registry.agency(agency_id)
    return agency is not None and agency.ring != "none" and works_on(agency, day)
