"""What channels have confirmed, in memory: over the endpoints of connectors.memory.endpoints, and groups that are put in."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from connectors.memory.endpoints import MemoryEndpoints
from hub.confirming import Confirmed, PartnerGroups
from hub.core.gap import EndpointAt, GroupAt, OutboxAt, PlaceAt
from schemas.errors import HubError


@dataclass
class MemoryConfirmed:
    """`times`: by agency and offset when an event came. `failure` is raised where a place is to be noted, while it is set."""

    kept: MemoryEndpoints
    times: dict[tuple[str, int], datetime] = field(default_factory=dict)
    places: dict[tuple[str, str], tuple[str, PlaceAt]] = field(default_factory=dict)
    failure: HubError | None = None

    def endpoints(self, agency: str) -> list[EndpointAt]:
        """The agency's endpoints that are not closed."""
        return [self._endpoint(info.id, info.state) for info in self.kept.of(agency)]

    def states(self, endpoint: str, events: Collection[str]) -> dict[str, str]:
        """What has become of these events for the endpoint."""
        return {name: state for name, (_, state) in self.kept.kept[endpoint].events.items() if name in events}

    def readers(self, agency: str) -> list[PlaceAt]:
        """Who read the agency's feed or stream, by key."""
        return [place for _, (owner, place) in sorted(self.places.items()) if owner == agency]

    def note(self, agency: str, place: PlaceAt) -> None:
        """Keep how far a reader is."""
        if self.failure is not None:
            raise self.failure
        self.places[place.key, place.channel] = agency, place

    def came(self, agency: str, epoch: str, offsets: Collection[int]) -> dict[int, datetime]:
        """When the event at each of these offsets came."""
        return {offset: self.times[agency, offset] for offset in offsets if (agency, offset) in self.times}

    def _endpoint(self, name: str, state: str) -> EndpointAt:
        kept = self.kept.kept[name]
        opened = [event.place for event, become in kept.events.values() if become in ("waiting", "given-up")]
        waiting = [event.due for event, become in kept.events.values() if become == "waiting"]
        counts = Counter[str](become for _, become in kept.events.values())
        return EndpointAt(name, state, kept.position, counts, min(opened, default=None), min(waiting, default=None))


@dataclass
class MemoryGroups:
    """`outboxes` and `groups` by agency."""

    outboxes: dict[str, OutboxAt] = field(default_factory=dict)
    groups: dict[str, list[GroupAt]] = field(default_factory=dict)

    def of(self, agency: str) -> tuple[OutboxAt, list[GroupAt]]:
        """As they were put in."""
        return self.outboxes.get(agency, OutboxAt(None, 0, 0)), self.groups.get(agency, [])


_: type[Confirmed] = MemoryConfirmed
_also: type[PartnerGroups] = MemoryGroups
