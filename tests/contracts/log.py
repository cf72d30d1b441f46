"""The log that a hub of an earlier version left: kept in tests/data, one line for each record, a file for each topic."""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.agents.plan import Record as Step
from hub.projection.record import Record
from schemas import topics
from schemas.messages import Delivery, EndpointNote, Submission, Withheld
from schemas.wire import Headers, header, is_of
from tests.hub.agents.steps import ANSWER, COPIES
from tests.hub.agents.steps import MODELS as SAID

DATA = Path(__file__).parents[1] / "data"
LOG, SCHEMAS = DATA / "log-v1", DATA / "schemas-v1"
MODELS: dict[str, type[BaseModel]] = SAID | {topics.RECEIVED.name: Submission}
"""What each topic of the hub carries; an outbox carries copies and alerts."""
DELIVERED: dict[str, type[BaseModel]] = {kind.__name__: kind for kind in (Delivery, EndpointNote, Withheld)}
"""What `deliveries` carries; the kept log of version 1 is older than that topic's first record."""
STATES = {topic.name: topic for topic in (topics.INTAKE_STATE, topics.CASES_STATE, topics.ROUTING_STATE)}


@dataclass(frozen=True, slots=True)
class Kept:
    """A record of the kept log. All stand in partition 0, with offsets from 0; `topic` is without a prefix."""

    topic: str
    offset: int
    at: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> str:
        """Where it stands, for the name of a test."""
        return f"{self.topic}@{self.offset}"

    def model(self) -> type[BaseModel] | None:
        """What it says that it is; None for what no model describes, and for bytes that nobody of the hub wrote."""
        if self.value is None or header(self.headers, "ce_dataschema") is None:
            return None
        if topics.outbox_owner(self.topic) or self.topic == topics.DELIVERIES.name:
            return (COPIES | DELIVERED)[(header(self.headers, "ce_dataschema") or "").split(":")[-2]]
        history = self.topic == topics.EVENTS.name
        return ANSWER if history and is_of(ANSWER, self.headers) else MODELS.get(self.topic)

    def as_step(self, prefix: str = "") -> Step:
        """As an agent reads it. The broker's time has no more than milliseconds."""
        return Step(prefix + self.topic, 0, self.offset, self.key, self.value, self.headers, int(self.at.timestamp() * 1000))

    def as_projected(self) -> Record:
        """As the projector reads it."""
        return Record(self.topic, 0, "epoch", self.offset, self.at, self.key, self.value, self.headers)


@cache
def kept_log(folder: Path = LOG) -> tuple[Kept, ...]:
    """All records, by topic and offset."""
    return tuple(_kept(json.loads(line)) for file in sorted(folder.glob("*.jsonl")) for line in _lines(file))


def kept(*names: str) -> tuple[Kept, ...]:
    """The records of these topics."""
    return tuple(record for record in kept_log() if record.topic in names)


def write_log(records: Iterable[Kept], folder: Path) -> None:
    """A file for each topic."""
    folder.mkdir()
    for record in records:
        with (folder / f"{record.topic}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(_row(record), ensure_ascii=False) + "\n")


def _lines(file: Path) -> Iterator[str]:
    yield from file.read_text(encoding="utf-8").split("\n")[:-1]


def _row(record: Kept) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "offset": record.offset,
        "at": record.at.isoformat(),
        "key": _shown(record.key),
        "headers": [[name, _shown(value)] for name, value in record.headers],
        "value": _shown(record.value),
    }


def _kept(row: dict[str, Any]) -> Kept:
    headers = tuple((name, _bytes(value) or b"") for name, value in row["headers"])
    at = datetime.fromisoformat(row["at"])
    return Kept(row["topic"], row["offset"], at, _bytes(row["key"]), _bytes(row["value"]), headers)


def _shown(value: bytes | None) -> Any:
    """Text as text, other bytes in base64."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _bytes(shown: Any) -> bytes | None:
    if isinstance(shown, dict):
        return base64.b64decode(shown["base64"])
    return None if shown is None else str(shown).encode()
