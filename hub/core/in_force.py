"""Which revision of the registry is in force: by it and by none before it decides every partition of every agent. Pure.

Each reports on registry.pinned by which revision it decides (hub/agents/pinning.py); the newest report of a key counts. What an
older revision allowed can still come out of a partition that is behind, so a newer one is pending until none is.
The same topic notes by which revision, and on which day, the outboxes were looked through last (connectors/outbound/emptying.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from schemas.topics import AGENTS
from schemas.wire import Message, version_of

CLOCK = b"clock"
_OUTBOXES = b"outboxes"
_BEGUN = re.compile(rb"outboxes/(.+)")
_PLACE = re.compile(rb"(\d+) ([\w-]+)")
_MARK = re.compile(rb"(\d+) (\d{4}-\d\d-\d\d)")
PARTITIONS: Mapping[str, int] = {agent: state.partitions for agent, state in AGENTS.items()}
"""Of how many partitions each agent reports."""


@dataclass(frozen=True, slots=True, order=True)
class Behind:
    """A partition that a revision waits for, and by which it decides as far as is known; None where it never reported."""

    agent: str
    partition: int
    revision: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a revision stands."""

    revision: int
    waits_for: tuple[Behind, ...]

    @property
    def in_force(self) -> bool:
        """Whether nothing is decided by an older one any more."""
        return not self.waits_for

    def row(self) -> dict[str, object]:
        """As it is told."""
        waits = [{"agent": one.agent, "partition": one.partition, "revision": one.revision} for one in self.waits_for]
        return {"revision": self.revision, "state": "in force" if self.in_force else "pending", "waits_for": waits}


@dataclass(frozen=True, slots=True)
class Mark:
    """By which revision and on which day nothing stood in an outbox that its agency might not see."""

    revision: int
    day: date


@dataclass(frozen=True, slots=True)
class Begun:
    """Up to which offset of which outbox (epoch) all was to be written again: noted before the first copy was."""

    epoch: str
    end: int


@dataclass(slots=True)
class Reports:
    """What was reported, by agent and partition, and of the outboxes."""

    revisions: dict[tuple[str, int], int] = field(default_factory=dict)
    outboxes: Mark | None = None
    begun: dict[str, Begun] = field(default_factory=dict)
    """By agency, the last emptying of its outbox."""

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """The next record of registry.pinned. What is no report counts for nothing."""
        agent, _, partition = (key or b"").decode("utf-8", "replace").partition("/")
        if key == _OUTBOXES and (found := _MARK.fullmatch(value or b"")):
            self.outboxes = Mark(int(found[1]), date.fromisoformat(found[2].decode()))
        if (emptied := _BEGUN.fullmatch(key or b"")) and (place := _PLACE.fullmatch(value or b"")):
            self.begun[emptied[1].decode("utf-8", "replace")] = Begun(place[2].decode(), int(place[1]))
        if partition.isdecimal() and (value or b"").isdigit():
            self.revisions[agent, int(partition)] = int(value or 0)

    def standing(self, revision: int, partitions: Mapping[str, int] = PARTITIONS) -> Standing:
        """How that revision stands among agents of so many partitions each."""
        return Standing(revision, tuple(sorted(self._behind(revision, partitions))))

    def _behind(self, revision: int, partitions: Mapping[str, int]) -> Iterator[Behind]:
        for agent, count in partitions.items():
            for number in range(count):
                here = self.revisions.get((agent, number))
                if here is None or here < revision:
                    yield Behind(agent, number, here)


def report_of(topic: str, agent: str, partition: int, revision: int) -> Message:
    """The record that says it, for the topic of that name."""
    return Message(topic, f"{agent}/{partition}".encode(), b"%d" % revision, version_of("pin"), 0)


def clock_of(topic: str) -> Message:
    """A record that says nothing: the broker writes its own time on it."""
    return Message(topic, CLOCK, b"", version_of("pin"), 0)


def begun_of(topic: str, agency: str, begun: Begun) -> Message:
    """The record that notes an emptying, for the topic of that name."""
    return Message(topic, _OUTBOXES + b"/" + agency.encode(), f"{begun.end} {begun.epoch}".encode(), version_of("pin"), 0)


def mark_of(topic: str, mark: Mark) -> Message:
    """The record that notes how far the outboxes are, for the topic of that name."""
    return Message(topic, _OUTBOXES, f"{mark.revision} {mark.day.isoformat()}".encode(), version_of("pin"), 0)
