"""What stands there for each agency: the alerts, and how far its outbox goes. Pure.

By whatever channel an agency reads, nothing here is ever done with: it tells what there is, not what was taken. How far each
endpoint is stands in `work.positions`; of agencies that read by Kafka or the API the hub does not know it.
"""

from dataclasses import dataclass, field
from datetime import datetime

from schemas.messages import LayoffAlert

CHANNELS: tuple[str, ...] = ("webhook", "mail")
"""Channels by which the hub itself tells agencies."""


@dataclass(slots=True)
class Due:
    """One agency's part."""

    agency: str
    first: int = 0
    end: int = 0
    alerts: set[str] = field(default_factory=set)
    oldest: datetime | None = None

    def row(self) -> dict[str, object]:
        """As it is told."""
        oldest = self.oldest.isoformat() if self.oldest else None
        outbox = {"first": self.first, "end": self.end, "records": self.end - self.first}
        return {"agency": self.agency, "outbox": outbox, "alerts_due": len(self.alerts), "oldest_alert": oldest}


class Board:
    """All agencies' parts."""

    def __init__(self) -> None:
        self._due: dict[str, Due] = {}

    def outbox(self, agency: str, first: int, end: int) -> None:
        """From where to where an outbox reaches."""
        due = self._of(agency)
        due.first, due.end = first, end

    def alert(self, alert: LayoffAlert) -> None:
        """An alert; one that a crash has written twice counts once."""
        due = self._of(alert.agency)
        due.alerts.add(alert.event_id)
        due.oldest = min(due.oldest or alert.received_at, alert.received_at)

    def due(self) -> list[Due]:
        """The agencies for which there is anything, by name."""
        return [due for _, due in sorted(self._due.items()) if due.alerts or due.end > due.first]

    def _of(self, agency: str) -> Due:
        return self._due.setdefault(agency, Due(agency))
