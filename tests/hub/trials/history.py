"""Plays sayings on the hub's own pure steps, while the registry changes, and reads what they say as the soak reads it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hub.core.registry import Registry
from hub.data.load import load_registry
from hub.trials.load import record_of
from hub.trials.soak.history.log import Log
from hub.trials.soak.history.reading import take
from hub.trials.soak.history.sayings import Saying, generate
from hub.trials.soak.history.turns import TURNS, Turn, after
from hub.trials.soak.places import Places, read_places
from schemas.wire import Message
from tests.hub.agents.steps import PREFIX, Steps

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PLACES = read_places()
BY_REVISION: dict[int, Places] = {number: after(PLACES, TURNS[:number]) for number in range(len(TURNS) + 1)}
CONTENT = load_registry("fi")


class Read:
    """A message as the broker gives it to the soak's reader."""

    def __init__(self, message: Message, offset: int) -> None:
        self._message, self._offset = message, offset

    def topic(self) -> str:
        return self._message.topic.removeprefix(PREFIX)

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def key(self) -> bytes:
        return self._message.key or b""

    def value(self) -> bytes:
        return self._message.value or b""

    def headers(self) -> list[tuple[str, bytes]]:
        return list(self._message.headers)


class Hub:
    """The hub's agents without a broker, on the real registry; `turn` changes it."""

    def __init__(self) -> None:
        self.log = Log()
        self.revision = 0
        self._rows = {agency.id: agency for agency in CONTENT.agencies}
        self._registry = self._made()
        self.steps = Steps(lambda: self._registry)

    def turn(self, turn: Turn) -> None:
        self.revision += 1
        self._rows[turn.agency] = self._rows[turn.agency].model_copy(update=dict(turn.row))
        self._registry = self._made()

    def hear(self, saying: Saying) -> None:
        message = record_of(saying.item, PREFIX + "notices.received", NOW)
        at = self.steps.offset + 1
        self.read([message], at)
        self.read(self.steps.run(message, NOW).messages, at)

    def read(self, messages: Iterable[Message], offset: int) -> None:
        for message in messages:
            if not message.topic.endswith(("notices.enriched", "clocks.set")):
                record: Any = Read(message, offset)
                take(self.log, record, PLACES.partners)

    def _made(self) -> Registry:
        return Registry.of(self.revision, CONTENT.areas, self._rows.values(), CONTENT.offerings)


def played(sayings: Sequence[Saying], turns: Sequence[Turn] = TURNS) -> Log:
    """What a hub without a fault writes of them, the registry changing at equal distances."""
    hub, every = Hub(), len(sayings) // (len(turns) + 1) + 1
    for number, saying in enumerate(sayings):
        if number and number % every == 0:
            hub.turn(turns[number // every - 1])
        hub.hear(saying)
    return hub.log


@cache
def a_history() -> tuple[Sequence[Saying], Log]:
    """Some hundred sayings, and what a hub without a fault writes of them. Copy it before you change it."""
    sayings = generate(400, PLACES)
    return sayings, played(sayings)
