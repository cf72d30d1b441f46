"""A worker for tests, run as the hub runs its own: one agent that numbers each employer's records and copies them.

Arguments: bootstrap, topic prefix, a file with the number of the newest registry, and `right`, `failing` (the step raises at a
poison), `deciding` (each number is that of the registry), or `acks-first` (the order broken on purpose: state is written and
records are acknowledged before outputs are confirmed, which must lose records).
"""

import sys
from pathlib import Path
from typing import Any

import uvloop

from hub.agents.app import LONGEST_GAP, make_app, make_producer
from hub.agents.attaching import attach
from hub.agents.changelog import Changelog
from hub.agents.pinning import Pinned
from hub.agents.plan import Agent, Plan, Record, Step, letter
from hub.agents.sending import Sender
from hub.agents.source import SourceLog
from hub.agents.stage import Stage
from hub.agents.state import PartitionState
from hub.core.registry import Registry
from hub.worker import _work
from schemas.topics import FOR_EVER, Topic
from schemas.wire import Message

LINGER_MS = 900
"""Outputs wait longer than Faust's commits: an acknowledgement that does not wait for them is committed before them."""
COPIED = Topic("in", "k", "", 1, 4)
COPYING_STATE = Topic("state", "k", "", FOR_EVER, 4)
POISON = b"poison"
"""A value at which the failing step raises."""


def failing(prefix: str) -> Step:
    """Copies, raises at the poison; and sends one value to a topic that does not exist."""
    copy = copying(prefix)

    def step(record: Record, state: PartitionState) -> Plan:
        if record.value == POISON:
            raise ValueError(record.value)
        plan = copy(record, state)
        if record.value == b"to-nowhere":
            return Plan((Message(f"{prefix}nowhere", record.key, record.value),), plan.updates)
        return plan

    return step


def copying(prefix: str) -> Step:
    def step(record: Record, state: PartitionState) -> Plan:
        key = record.key or b""
        number = int(state.values.get(key, b"0")) + 1
        return Plan((Message(f"{prefix}out", key, b"%s:%d" % (record.value, number)),), ((key, b"%d" % number),))

    return step


def deciding(prefix: str, registry: Pinned) -> Step:
    def step(record: Record, state: PartitionState) -> Plan:
        return Plan((Message(f"{prefix}out", record.key, b"%s:%d" % (record.value, registry().revision)),))

    return step


class Revisions:
    """A registry that says nothing but its number."""

    def __init__(self, number: Path) -> None:
        self._number = number

    def current(self) -> Registry:
        return self.at(int(self._number.read_text()))

    def at(self, revision: int) -> Registry:
        return Registry.of(revision, (), (), ())


class AcksFirst(Stage):
    """What must not be: state and acknowledgement do not wait until the output is confirmed."""

    def _fly(self, entry: Any) -> None:
        entry.pending = 0
        super()._fly(entry)


class StateFirst(Sender):
    """Writes state at once, whatever lingers."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        super().__init__(make_producer(bootstrap, LINGER_MS), prefix)
        self._at_once = Sender(make_producer(bootstrap, 0), prefix)

    def poll(self) -> None:
        super().poll()
        self._at_once.poll()

    def send_state(self, message: Message, confirmed: Any = None) -> None:
        self._at_once.send_state(message, confirmed)


def main(bootstrap: str, prefix: str, order: str, number: str) -> None:
    app = make_app(f"{prefix}copying", bootstrap)
    broken = order == "acks-first"
    make = AcksFirst if broken else Stage
    pinned = Pinned(Revisions(Path(number)))
    step = {"failing": failing(prefix), "deciding": deciding(prefix, pinned)}.get(order) or copying(prefix)
    agent = Agent("copying", COPIED, COPYING_STATE, step, lambda record: Plan((letter(record, "copying", "x", "y", prefix),)))
    sender = StateFirst(bootstrap, prefix) if broken else Sender(make_producer(bootstrap, LINGER_MS), prefix)
    source = SourceLog(bootstrap, prefix + agent.source.name)
    stage = make(agent, source, Changelog(bootstrap, prefix + agent.state.name), sender, LONGEST_GAP, pinned)
    attach(app, [stage])
    uvloop.run(_work([(app, [stage])]))


if __name__ == "__main__":
    main(*sys.argv[1:])
