"""What of its outbox goes to an endpoint that has a subscription: what meets the filter, and each later step of such a notice.

Whether an earlier step went is the database's to say (hub.ports.Deliveries.take). An endpoint whose subscription has ended, or
asks for what its agency may not see any more, is read no further: what comes meanwhile waits in the outbox.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

import structlog

from hub.core.registry import Registry
from hub.core.subscriptions.matching import Asked, asked_by, meets
from hub.core.subscriptions.problems import not_permitted
from hub.core.subscriptions.told import told_in
from hub.dispatch.copies import seen_in
from hub.dispatch.outboxes import InOutbox
from hub.ports import Endpoint
from schemas.errors import NotReady
from schemas.ids import AgencyId
from schemas.subscription import Subscription
from schemas.wire import header

log = structlog.get_logger()


class Choosing:
    """`standing` gives an agency's subscriptions that have not ended; `rights` the registry and the day."""

    def __init__(
        self, standing: Callable[[AgencyId], Sequence[Subscription]], rights: Callable[[], tuple[Registry, date]]
    ) -> None:
        self._standing = standing
        self._rights = rights
        self._asked: dict[str, Asked] = {}
        self._stopped: set[str] = set()

    def renew(self, endpoints: Iterable[Endpoint]) -> None:
        """Ask anew what their subscriptions ask for. NotReady where the database is away."""
        chosen = [one for one in endpoints if one.subscription is not None]
        standing = {agency: self._standing(agency) for agency in {one.agency for one in chosen}}
        self._asked = {one.id: asked for one in chosen if (asked := self._asked_by(one, standing[one.agency])) is not None}
        stopped = {one.id for one in chosen} - self._asked.keys()
        for name in stopped - self._stopped:
            log.warning("an endpoint waits: its subscription has ended or asks for what its agency may not see", endpoint=name)
        self._stopped = stopped

    def reads(self, endpoint: Endpoint) -> bool:
        """Whether it is to be read on."""
        return endpoint.subscription is None or endpoint.id in self._asked

    def following(self, endpoint: Endpoint, records: Iterable[InOutbox]) -> frozenset[str]:
        """The ids of those that go only where an earlier step of their notice went. NotReady where the registry is not known."""
        asked = self._asked.get(endpoint.id)
        if asked is None:
            return frozenset()
        registry, day = self._rights()
        return frozenset(_id(record) for record in records if not _meets(asked, record, registry, day))

    def _asked_by(self, endpoint: Endpoint, standing: Sequence[Subscription]) -> Asked | None:
        try:
            registry, day = self._rights()
        except NotReady:
            return self._asked.get(endpoint.id)
        agency = registry.agency(endpoint.agency)
        wanted = next((one.filter for one in standing if one.id == endpoint.subscription), None)
        if agency is None or wanted is None or not_permitted(wanted, agency):
            return None
        return asked_by(wanted, registry, day)


def _meets(asked: Asked, record: InOutbox, registry: Registry, day: date) -> bool:
    seen = seen_in(record, registry, day)
    employer = (record.key or b"").decode("utf-8", "backslashreplace")
    return seen is not None and meets(asked, told_in(seen, employer, registry))


def _id(record: InOutbox) -> str:
    return header(record.headers, "ce_id") or ""
