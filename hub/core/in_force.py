"""Which revision of the registry is in force: by it and by none before it decides every partition of every agent. Pure.

Each reports on registry.pinned by which revision it decides (hub/agents/pinning.py); the newest report of a key counts. What an
older revision allowed can still come out of a partition that is behind, so a newer one is pending until none is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from schemas.topics import AGENTS
from schemas.wire import Message, version_of

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


@dataclass(slots=True)
class Reports:
    """What was reported, by agent and partition."""

    revisions: dict[tuple[str, int], int] = field(default_factory=dict)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """The next record of registry.pinned. What is no report counts for nothing."""
        agent, _, partition = (key or b"").decode("utf-8", "replace").partition("/")
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
