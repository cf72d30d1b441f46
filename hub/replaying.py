"""Decides everything again that the log holds, and tells where another decision comes of it (DESIGN §5.8).

Each step is routed and enriched anew by the agents' own pure steps: the same event, the state that the earlier steps left,
the registry of the revision that the decision names, the broker's append time. Nothing is written.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import orjson

from connectors.inbound.log import Log, LogRecord
from hub.agents.enrichment import enrichment
from hub.agents.hand import Hand
from hub.agents.plan import Agent, Record
from hub.agents.routing import routing
from hub.agents.state import PartitionState
from hub.core.registry import Registry
from hub.revisions import Revisions
from hub.wiring import Wiring
from schemas.errors import Refusal
from schemas.messages import EnrichedNotice, RoutedNotice
from schemas.topics import ENRICHED, ROUTED, Topic
from schemas.wire import Message, header, read

Decision = RoutedNotice | EnrichedNotice
Step = tuple[str, int]
_DECIDED: dict[type[Decision], set[str]] = {
    RoutedNotice: {"outcome", "significance", "recipients", "outcome_reason", "held_until"},
    EnrichedNotice: {"enriched", "offerings", "targets"},
}
_HOPS: tuple[tuple[Callable[[Hand], Agent], Topic, type[Decision]], ...] = (
    (routing, ROUTED, RoutedNotice),
    (enrichment, ENRICHED, EnrichedNotice),
)


@dataclass(slots=True)
class Replayed:
    """How many decisions were made again, and of which steps another one came."""

    decisions: int = 0
    differ: list[str] = field(default_factory=list)


def replay_check(wiring: Wiring) -> Replayed:
    """Every decision in the log, made again."""
    revisions, found = Revisions(wiring), Replayed()
    for make, topic, model in _HOPS:
        made = dict(_decisions(wiring, topic, model))
        _replay(wiring, make, made, revisions, found)
    return found


def _decisions(wiring: Wiring, topic: Topic, model: type[Decision]) -> Iterator[tuple[Step, tuple[int, bytes]]]:
    """By step, the revision by which it was decided, and what."""
    for record in _records(wiring, topic):
        try:
            decision = read(model, record.value, record.headers)
        except Refusal:  # put there by hand: nobody's decision
            continue
        yield (decision.receipt, decision.step), (decision.registry_revision, _essence(decision))


def _replay(
    wiring: Wiring,
    make: Callable[[Hand], Agent],
    made: dict[Step, tuple[int, bytes]],
    revisions: Revisions,
    found: Replayed,
) -> None:
    current: list[Registry] = []
    agent = make(Hand(lambda: current[-1], wiring.prefix))
    states: dict[int, PartitionState] = {}
    for record in _records(wiring, agent.source):
        step = _step_in(record)
        if step is None or step not in made:
            continue  # no message, not decided yet, or written twice
        revision, essence = made.pop(step)
        current[:] = [revisions.at(revision)]
        state = states.setdefault(record.partition, PartitionState())
        plan = agent.step(_as_record(record, wiring.prefix), state)
        state.apply(plan.updates)
        found.decisions += 1
        again = {_essence(decision) for message in plan.outputs if (decision := _decision_in(message))}
        if essence not in again:
            found.differ.append(f"{agent.name}: notice {step[0]} step {step[1]}")


def _records(wiring: Wiring, topic: Topic) -> Iterator[LogRecord]:
    return Log(wiring.bootstrap, wiring.prefix).read([topic.name])


def _as_record(record: LogRecord, prefix: str) -> Record:
    at_ms = round(record.at.timestamp() * 1000)
    return Record(prefix + record.topic, record.partition, record.offset, record.key, record.value, record.headers, at_ms)


def _step_in(record: LogRecord) -> Step | None:
    try:
        told = orjson.loads(record.value or b"")
        return str(told["receipt"]), int(told["step"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _decision_in(message: Message) -> Decision | None:
    schema = header(message.headers, "ce_dataschema") or ""
    model = next((model for model in _DECIDED if f":{model.__name__}:" in schema), None)
    return read(model, message.value, message.headers) if model else None


def _essence(decision: Decision) -> bytes:
    """What was decided, whatever else the record holds: a later version of the hub may say more in it."""
    return hashlib.sha256(decision.model_dump_json(include=_DECIDED[type(decision)]).encode()).digest()
