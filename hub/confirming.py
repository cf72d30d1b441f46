"""What the hub needs from outside to tell how far each channel of an agency is, as Protocols."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from hub.core.gap import EndpointAt, GroupAt, OutboxAt, PlaceAt


class PartnerGroups(Protocol):
    """Agencies' own consumer groups. NotReady where the broker does not answer."""

    def of(self, agency: str) -> tuple[OutboxAt, list[GroupAt]]:
        """From where to where the agency's outbox reaches, and its groups that have anything to do with it."""


class Confirmed(Protocol):
    """What the database knows of endpoints, and of readers of feed and stream."""

    def endpoints(self, agency: str) -> list[EndpointAt]:
        """The agency's endpoints that are not closed."""

    def states(self, endpoint: str, events: Collection[str]) -> dict[str, str]:
        """What has become of these events for the endpoint; of those that were never taken for it, nothing."""

    def readers(self, agency: str) -> list[PlaceAt]:
        """Who read the agency's feed or stream by which key, and up to where."""

    def note(self, agency: str, place: PlaceAt) -> None:
        """Keep how far a reader is."""

    def came(self, agency: str, epoch: str, offsets: Collection[int]) -> dict[int, datetime]:
        """When the first event at each of these offsets or behind it came."""
