"""A worker for tests: one agent that numbers each employer's records and copies them.

Arguments: bootstrap, topic prefix, and `right` or `acks-first` (the order broken on purpose, which must lose records).
"""

import sys
from typing import Any

from faust import Worker

from hub.agents.app import LONGEST_GAP, make_app, make_producer
from hub.agents.changelog import Changelog
from hub.agents.stage import Plan, Record, Stage, Step, attach
from hub.agents.state import PartitionState
from schemas.wire import Message

LINGER_MS = 900
"""Outputs wait longer than Faust's commits: an acknowledgement that does not wait for them is committed before them."""


def copying(prefix: str) -> Step:
    def step(record: Record, state: PartitionState) -> Plan:
        key = record.key or b""
        number = int(state.values.get(key, b"0")) + 1
        return Plan((Message(f"{prefix}out", key, b"%s:%d" % (record.value, number)),), ((key, b"%d" % number),))

    return step


class AcksFirst(Stage):
    """What must not be: the record is acknowledged when it is taken, not when its output is confirmed."""

    def _do(self, event: Any, message: Any, state: PartitionState) -> None:
        super()._do(event, message, state)
        event.ack()


def main(bootstrap: str, prefix: str, order: str) -> None:
    app = make_app(f"{prefix}copying", bootstrap)
    make = Stage if order == "right" else AcksFirst
    changelog = Changelog(bootstrap, f"{prefix}state")
    producer = make_producer(bootstrap, LINGER_MS)
    attach(app, [make("copying", f"{prefix}in", changelog, copying(prefix), producer, LONGEST_GAP)])
    Worker(app, loglevel="WARN", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])
