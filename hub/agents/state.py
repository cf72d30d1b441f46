"""The state of one partition, and how it is read back from its changelog after any kill.

A step's updates are written only when its outputs are confirmed, then a `done` record with the step's source offset; the
source record is acknowledged when that is confirmed. So a value whose offset lies above `done` belongs to a step that was
cut off: that step will run again, and must find the value from before it. The loader keeps the values above `done` apart
until a later `done` covers them, and drops what is left. A stopped worker that wakes up may write older values after its
successor: the higher offset wins.

What was dropped or overtaken is written again (`healing`), so that compaction never leaves only the wrong record.
"""

from dataclasses import dataclass, field

DONE = b"\x00done"
FAULT = b"\x00fault"


@dataclass(frozen=True, slots=True)
class Fault:
    """At which source offset the step failed last, and how many times."""

    offset: int = -1
    times: int = 0

    def again_at(self, offset: int) -> "Fault":
        """The step failed there (once more)."""
        return Fault(offset, self.times + 1 if offset == self.offset else 1)

    def change(self) -> "Change":
        """As it is noted in the changelog."""
        return Change(FAULT, b"%d:%d" % (self.offset, self.times), self.offset)

    @classmethod
    def of(cls, value: bytes | None) -> "Fault":
        """As it was noted."""
        return cls(*(int(part) for part in value.split(b":"))) if value else cls()


@dataclass(slots=True)
class PartitionState:
    """What an agent knows of one partition: values by key, and the offset up to which records are handled."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    handled: int = -1
    log_end: int = -1
    """Offset of the last changelog record that is known to be this process's own; -1 where there is none."""
    fault: Fault = Fault()

    def apply(self, updates: tuple[tuple[bytes, bytes | None], ...]) -> None:
        """Take in a step's updates; None removes the key."""
        for key, value in updates:
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value


@dataclass(frozen=True, slots=True)
class Change:
    """One record of the changelog. `value` None = the key is gone. `rank` decides between records of one key.

    `rank` is the source offset of the step that wrote it; a healing record has the rank of what it replaces.
    """

    key: bytes
    value: bytes | None
    rank: int


@dataclass(slots=True)
class Loading:
    """A changelog partition while it is read, from its start to its end."""

    done: int = -1
    fault: Fault = Fault()
    _sure: dict[bytes, Change] = field(default_factory=dict)
    _open: dict[bytes, list[Change]] = field(default_factory=dict)
    _last: dict[bytes, Change] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        """The next record of the log."""
        if change.key == DONE:
            self.done = max(self.done, change.rank)
            return
        if change.key == FAULT:
            self.fault = Fault.of(change.value)
            return
        self._last[change.key] = change
        if change.rank > self.done:
            self._open.setdefault(change.key, []).append(change)
        else:
            self._settle(change)

    def finish(self) -> tuple[dict[bytes, bytes], list[Change]]:
        """The state, and what has to be written again to heal the log."""
        for changes in self._open.values():
            for change in changes:
                if change.rank <= self.done:
                    self._settle(change)
        values = {key: change.value for key, change in self._sure.items() if change.value is not None}
        return values, [self._healed(last) for last in self._last.values() if self._sure.get(last.key) != last]

    def _settle(self, change: Change) -> None:
        before = self._sure.get(change.key)
        if before is None or change.rank >= before.rank:
            self._sure[change.key] = change

    def _healed(self, last: Change) -> Change:
        right = self._sure.get(last.key)
        return Change(last.key, right.value if right else None, max(last.rank, right.rank if right else -1))
