"""A record of the log as the projector sees it, and where it stands."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from confluent_kafka import Message

from schemas.wire import Headers

Row = tuple[str, dict[str, Any]]
"""A row and the table of the view that it belongs to."""


class Place(NamedTuple):
    """A partition; the topic's name is the one in schemas.topics, without the prefix that tests use."""

    topic: str
    partition: int


class Position(NamedTuple):
    """How far a partition is taken in. Offsets mean something only within an epoch, which is Kafka's topic id."""

    epoch: str
    next_offset: int


class Move(NamedTuple):
    """A step forward in one partition."""

    topic: str
    partition: int
    epoch: str
    start: int
    end: int


class Start(NamedTuple):
    """Where to begin in a partition, and the position that this takes the place of (None: a partition never seen)."""

    topic: str
    partition: int
    epoch: str
    first: int
    was: Position | None


@dataclass(frozen=True, slots=True)
class Record:
    """One record: `at` is the broker's append time."""

    topic: str
    partition: int
    epoch: str
    offset: int
    at: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers


def record_of(message: Message, topic: str, epoch: str) -> Record:
    """The record in a message of the consumer."""
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return Record(
        topic=topic,
        partition=message.partition() or 0,
        epoch=epoch,
        offset=message.offset() or 0,
        at=datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC),
        key=_bytes(message.key()) if message.key() is not None else None,
        value=_bytes(message.value()) if message.value() is not None else None,
        headers=tuple((name, value or b"") for name, value in headers),
    )


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
