"""What an agent is: a source topic and a pure step, from a record and the partition's state to what is to be done."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.agents.state import PartitionState
from hub.core.dead import dead_letter
from schemas.topics import Topic
from schemas.wire import Message


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a step sees it. `at_ms` is the broker's append time."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    at_ms: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a step wants done: records to send, and changes of the partition's state."""

    outputs: tuple[Message, ...] = ()
    updates: tuple[tuple[bytes, bytes | None], ...] = ()


Step = Callable[[Record, PartitionState], Plan]


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent. `set_aside` says what becomes of a record at which the step failed three times."""

    name: str
    source: Topic
    state: Topic
    step: Step
    set_aside: Callable[[Record], Plan]


def letter(record: Record, by: str, code: str, detail: str, prefix: str = "") -> Message:
    """The dead letter of a record that an agent cannot take."""
    place = {"topic": record.topic, "partition": record.partition, "offset": record.offset, "at": record.at_ms}
    facts = {"by": by, "code": code, "detail": detail} | place
    return dead_letter(record.key, record.value, record.headers, facts, prefix)
