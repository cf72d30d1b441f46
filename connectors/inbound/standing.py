"""Reads from the log how the newest revision of the registry stands: in force, or pending and for whom."""

from datetime import datetime

import orjson

from connectors.inbound.log import Log, LogRecord
from hub.core.in_force import CLOCK, Begun, Mark, Reports, Standing
from schemas.errors import NotReady
from schemas.topics import PINNED, REGISTRY

SNAPSHOT = b"snapshot/revision"
"""The key of the record that ends a revision on registry.changes."""


class Standings:
    """Follows both topics: each `now` reads on from the last. NotReady where the broker does not answer."""

    def __init__(self, bootstrap: str, prefix: str = "") -> None:
        self._log = Log(bootstrap, prefix)
        self._reports = Reports()
        self._newest = 0
        self._clock: datetime | None = None

    def now(self) -> Standing:
        """How the newest revision stands at this moment. NotReady where none was published yet."""
        for record in self._log.read([REGISTRY.name, PINNED.name]):
            self._take(record)
        if not self._newest:
            raise NotReady("the registry has not been published yet: `hub up` does it, or `hub registry publish`")
        return self._reports.standing(self._newest)

    def clock(self) -> datetime | None:
        """The broker's time of the last record that asked for it, as of the last `now`."""
        return self._clock

    def begun(self, agency: str) -> Begun | None:
        """The last emptying of that outbox, as of the last `now`."""
        return self._reports.begun.get(agency)

    def outboxes(self) -> Mark | None:
        """How far the outboxes were, as of the last `now`; None where they were never looked through."""
        return self._reports.outboxes

    def _take(self, record: LogRecord) -> None:
        if record.topic == PINNED.name:
            self._clock = record.at if record.key == CLOCK else self._clock
            self._reports.take(record.key, record.value)
        elif record.key == SNAPSHOT:
            self._newest = max(self._newest, orjson.loads(record.value or b"")["revision"])
