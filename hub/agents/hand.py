"""What the agents share: the registry of the moment, names of topics, days and moments of records, records to be sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from hub.agents.plan import Plan, Record, letter
from hub.core.admission import AnyNotice, notice_of
from hub.core.registry import Registry
from schemas.errors import HubError, MalformedMessage
from schemas.messages import Coordinates, EmployerEvent
from schemas.topics import Topic, outbox
from schemas.wire import HUB, Message, event, findings_of, type_of

FINNISH_TIME = ZoneInfo("Europe/Helsinki")
"""The law's days are Finnish days (DESIGN §1)."""


@dataclass(frozen=True, slots=True)
class Hand:
    """An agent's tools. `registry` gives the newest revision that this process has read."""

    registry: Callable[[], Registry]
    prefix: str = ""

    def say(self, topic: Topic, key: str, data: BaseModel, id: str, kind: str, at: datetime) -> Message:
        """A record for a topic of the hub."""
        return event(self.prefix + topic.name, key, data, id=id, type=type_of(*kind.split(".")), source=HUB, time=at)

    def tell(self, agency: str, key: str, data: BaseModel, id: str, kind: str, at: datetime) -> Message:
        """A record for an agency's outbox."""
        return self.say(outbox(agency), key, data, id, kind, at)

    def bury(self, record: Record, by: str, error: HubError) -> Plan:
        """A record that is no message goes to the dead letters: bad data is a value."""
        detail = "; ".join(f"{finding.place} {finding.message}" for finding in error.findings) or error.detail
        return Plan((letter(record, by, error.code, detail, self.prefix),))

    def set_aside(self, by: str) -> Callable[[Record], Plan]:
        """What becomes of a record at which the step failed three times."""
        return lambda record: Plan((letter(record, by, "step-failed", "the step failed three times", self.prefix),))

    def notice_in(self, event: EmployerEvent) -> AnyNotice:
        """The notice in a step. MalformedMessage where it is none, as in an event that no intake wrote."""
        try:
            return notice_of(event)
        except ValidationError as error:
            raise MalformedMessage("no notice in the event", findings_of(error)) from error
        except TypeError as error:  # a number of more than 64 bits
            raise MalformedMessage("a number in the event is too large") from error

    def origin(self, record: Record) -> Coordinates:
        """Where the record stands, by the topic's own name."""
        return Coordinates(topic=record.topic.removeprefix(self.prefix), partition=record.partition, offset=record.offset)


def moment(record: Record) -> datetime:
    """When the broker took the record in."""
    return datetime.fromtimestamp(record.at_ms / 1000, UTC)


def day_of(at: datetime) -> date:
    """The Finnish day of a moment."""
    return at.astimezone(FINNISH_TIME).date()
