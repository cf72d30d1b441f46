"""Drives the agents' pure steps as the stage loop does, without a broker: what one agent says, the next one takes."""

import dataclasses
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel

from hub.agents.cases import cases
from hub.agents.enrichment import enrichment
from hub.agents.hand import Hand
from hub.agents.intake import intake
from hub.agents.plan import Agent, Plan, Record
from hub.agents.routing import routing
from hub.agents.state import PartitionState
from hub.core.masking import mask
from hub.core.registry import Registry
from schemas import topics
from schemas.acknowledgement import Acknowledgement, AgencyAcknowledgement, RoutedAcknowledgement
from schemas.ids import receipt_of
from schemas.messages import (
    AgencyNotice,
    Answered,
    Clock,
    EmployerEvent,
    EnrichedNotice,
    LayoffAlert,
    RefusedNotice,
    RepeatedNotice,
    RoutedNotice,
    Submission,
)
from schemas.wire import Message, event, header, is_of, read, type_of
from tests.builders import AT, a_small_registry, body_of

PREFIX = "t."
MODELS: dict[str, type[BaseModel]] = {
    topics.EVENTS.name: EmployerEvent,
    topics.REFUSED.name: RefusedNotice,
    topics.REPEATED.name: RepeatedNotice,
    topics.ROUTED.name: RoutedNotice,
    topics.ENRICHED.name: EnrichedNotice,
    topics.ALERTS.name: LayoffAlert,
    topics.CLOCKS.name: Clock,
    topics.ACKNOWLEDGED.name: RoutedAcknowledgement,
}
"""What each topic of the hub carries; the history carries answers too, an outbox copies, alerts and answers."""
ANSWER = Acknowledgement
COPIES: dict[str, type[BaseModel]] = {kind.__name__: kind for kind in (AgencyNotice, LayoffAlert, AgencyAcknowledgement)}
VERDICTS = {topics.EVENTS.name: "accepted", topics.REPEATED.name: "repeat", topics.REFUSED.name: "refused"}

M = TypeVar("M", bound=BaseModel)
MAKERS: tuple[Callable[[Hand], Agent], ...] = (intake, cases, routing, enrichment)


@dataclass(frozen=True, slots=True)
class Said:
    """Records that agents sent, in order."""

    messages: tuple[Message, ...]

    def on(self, *wanted: topics.Topic) -> tuple[Message, ...]:
        """Those on these topics."""
        names = {PREFIX + topic.name for topic in wanted}
        return tuple(message for message in self.messages if message.topic in names)

    def read(self, model: type[M], *wanted: topics.Topic) -> tuple[M, ...]:
        """Those on these topics, read back."""
        return tuple(read(model, message.value, message.headers) for message in self.on(*wanted))

    def outboxes(self, model: type[M]) -> dict[str, M]:
        """By agency, what stands in its outbox of that kind."""
        found = [message for message in self.messages if model_of(message) is model and agency_of(message)]
        assert len({message.topic for message in found}) == len(found), "one copy for one agency"
        return {str(agency_of(message)): read(model, message.value, message.headers) for message in found}

    def verdicts(self) -> Counter[str]:
        """How many of each verdict."""
        found = [VERDICTS[name_of(message)] for message in self.messages if name_of(message) in VERDICTS]
        return Counter(found)

    def letters(self) -> tuple[dict[str, str], ...]:
        """Of each dead letter, what the hub tells about it."""
        return tuple(_facts(message) for message in self.on(topics.DEAD_LETTERS))


class Steps:
    """One partition of each agent. `prefix` is the one of topics."""

    def __init__(self, registry: Callable[[], Registry] = a_small_registry) -> None:
        self.hand = Hand(registry, PREFIX)
        self.agents = {agent.name: agent for agent in (make(self.hand) for make in MAKERS)}
        self.states = {name: PartitionState() for name in self.agents}
        self.offset = 0

    def take(self, agent: str, record: Record) -> Said:
        """What that one agent says of a record."""
        state = self.states[agent]
        plan: Plan = self.agents[agent].step(record, state)
        state.apply(plan.updates)
        return Said(plan.outputs)

    def run(self, message: Message, at: datetime = AT) -> Said:
        """Everything that comes of a record: each agent takes what stands on its topic, until nothing is left to take."""
        waiting, said = deque([message]), list[Message]()
        while waiting:
            record = self.record(waiting.popleft(), at)
            for name in self.readers_of(record.topic):
                outputs = self.take(name, record).messages
                waiting.extend(outputs)
                said.extend(outputs)
        return Said(tuple(said))

    def submit(self, notice: Mapping[str, Any] | bytes, sender: str = "ta-39", at: datetime = AT) -> Said:
        """Everything that comes of a submission."""
        return self.run(submitted(notice, sender), at)

    def answer(
        self,
        notice: Mapping[str, Any],
        answer: Mapping[str, Any],
        by: str,
        step: int = 1,
        sender: str = "ta-39",
        at: datetime = AT,
    ) -> Said:
        """Everything that comes of an answer to a notice of that sender."""
        return self.run(answering(notice, answer, by, step, sender), at)

    def readers_of(self, topic: str) -> list[str]:
        """The agents whose source that topic is."""
        return [name for name, agent in self.agents.items() if PREFIX + agent.source.name == topic]

    def record(self, message: Message, at: datetime = AT) -> Record:
        """The message as it stands in the log."""
        self.offset += 1
        return as_record(message, self.offset, at)


def as_record(message: Message, offset: int = 0, at: datetime = AT) -> Record:
    """The message as an agent reads it."""
    at_ms = int(at.timestamp() * 1000)
    return Record(message.topic, 0, offset, message.key, message.value, tuple(message.headers), at_ms)


def submitted(notice: Mapping[str, Any] | bytes, sender: str = "ta-39") -> Message:
    """The notice on notices.received, as a door writes it."""
    body = notice if isinstance(notice, bytes) else body_of(notice)
    said = Submission(sender=sender, way="api", body=body.decode())
    return put(topics.RECEIVED, said, f"{sender}\x1fsource")


def answering(notice: Mapping[str, Any], answer: Mapping[str, Any], by: str, step: int = 1, sender: str = "ta-39") -> Message:
    """What an agency says of a notice, on notices.received, as a door writes it."""
    receipt = receipt_of(sender, notice["source"], notice["id"])
    answered = Answered(receipt=receipt, owner=sender, source=notice["source"], id=notice["id"], step=step)
    said = Submission(sender=by, way="api", body=body_of(answer).decode(), answers=answered)
    return put(topics.RECEIVED, said, f"{sender}\x1fsource")


def put(topic: topics.Topic, data: BaseModel, key: str = "fi:9000000-3") -> Message:
    """Something well formed, put on a topic by hand."""
    return event(PREFIX + topic.name, key, data, id="by-hand", type=type_of("by-hand"), source="tests", time=AT)


def by_hand(topic: topics.Topic, value: bytes | None, **changes: Any) -> Message:
    """Bytes put on a topic by hand."""
    return dataclasses.replace(Message(PREFIX + topic.name, b"key", value), **changes)


def name_of(message: Message) -> str:
    """The topic without the prefix."""
    return message.topic.removeprefix(PREFIX)


def agency_of(message: Message) -> str | None:
    """Whose outbox the message is for; None where it is for a topic of the hub."""
    name = name_of(message)
    return name.removeprefix("agency.").removesuffix(".outbox") if name.startswith("agency.") else None


def model_of(message: Message) -> type[BaseModel] | None:
    """What the message claims to be; None for a dead letter."""
    if agency_of(message):
        return COPIES[(header(message.headers, "ce_dataschema") or "").split(":")[-2]]
    history = name_of(message) == topics.EVENTS.name
    return ANSWER if history and is_of(ANSWER, message.headers) else MODELS.get(name_of(message))


def leaks(messages: Iterable[Message]) -> list[Message]:
    """Those in which a personal identity code stands: in the key, the value or the headers."""
    return [message for message in messages if any(mask(text) != text for text in _texts(message))]


def _texts(message: Message) -> Iterable[str]:
    for part in (message.key, message.value, *(value for _, value in message.headers)):
        yield (part or b"").decode("utf-8", "surrogateescape")
    yield from (name for name, _ in message.headers)


def _facts(message: Message) -> dict[str, str]:
    told = {name: value.decode() for name, value in message.headers if name.startswith("hub-")}
    return {name.removeprefix("hub-"): value for name, value in told.items()}


def lost_registry() -> Registry:
    """A registry that cannot be read."""
    raise RuntimeError("the registry cannot be read")
