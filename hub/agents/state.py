"""The state of one partition, and how it is read back from its changelog after any kill.

A step's updates are written only when its outputs are confirmed, then a `done` record with the step's source offset; the
source record is acknowledged when that is confirmed. So a value whose offset lies above `done` belongs to a step that was
cut off: that step will run again, and must find the value from before it. The loader keeps the values above `done` apart
until a later `done` covers them, and drops what is left. A stopped worker that wakes up may write older values after its
successor: the higher offset wins.

What was dropped or overtaken is written again (`healing`), so that compaction never leaves only the wrong record.
"""

from dataclasses import dataclass, field
from itertools import islice
from typing import cast

DONE = b"\x00done"
FAULT = b"\x00fault"
REVISION = b"\x00revision"


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
    revision: int = 0
    """Of the registry, by which steps are decided; 0 where none was noted yet."""
    pinned_to: int = -1
    """The last source offset that has to be decided by that revision: whoever had the partition before may have done so."""

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


_Taken = tuple[bytes | None, int]
"""Value and code of a record: twice the rank, and one more where the rank lay above `done` when it was read."""


@dataclass(slots=True)
class Loading:
    """A changelog partition while it is read, from its start to its end.

    Of a million keys nearly all have one record: those cost two entries of a dict and no object of their own. Only of the
    others every record is kept until the end is known. Records come in the order of time, so that the first keys are the oldest.
    """

    done: int = -1
    fault: Fault = Fault()
    revision: int = 0
    _values: dict[bytes, bytes | None] = field(default_factory=dict)
    _codes: dict[bytes, int] = field(default_factory=dict)
    _more: dict[bytes, list[_Taken]] = field(default_factory=dict)
    _days: list[tuple[int, int]] = field(default_factory=list)
    """Each day of the log, and how many keys came before it."""
    _again: dict[bytes, int] = field(default_factory=dict)
    """The last day of a key that came more than once."""

    def take(self, key: bytes, value: bytes | None, rank: int, day: int = 0) -> None:
        """The next record of the log, which the broker took in on that day (a running number)."""
        if not self._days or day > self._days[-1][0]:
            self._days.append((day, len(self._codes)))
        if key == DONE:
            self.done = max(self.done, rank)
        elif key == FAULT:
            self.fault = Fault.of(value)
        elif key == REVISION:
            self.revision = int(value or 0)
        elif key not in self._codes:
            self._codes[key] = rank + rank + (rank > self.done)
            self._values[key] = value
        else:
            taken = self._more.setdefault(key, [(self._values[key], self._codes[key])])
            taken.append((value, rank + rank + (rank > self.done)))
            self._again[key] = day

    def forget(self, days: int) -> list[Change]:
        """After `finish`: let go of what was written last more than so many days before the newest record, and say so."""
        if not self._days:
            return []
        first = self._days[-1][0] - days
        older = next(before for day, before in self._days if day >= first)
        gone = [key for key in islice(self._codes, older) if self._again.get(key, -1) < first and key in self._values]
        for key in gone:
            del self._values[key]
        return [Change(key, None, self.done) for key in gone]

    def finish(self) -> tuple[dict[bytes, bytes], list[Change]]:
        """The state, and what has to be written again to heal the log. Nothing can be taken in after that."""
        covered, healing = 2 * self.done + 1, list[Change]()
        for key in [key for key, code in self._codes.items() if code > covered or key in self._more]:
            taken = self._more.get(key) or [(self._values[key], self._codes[key])]
            right, (last, code) = self._settled(taken), taken[-1]
            self._values[key] = right[0] if right else None
            if right != (last, code >> 1):
                healing.append(Change(key, self._values[key], max(code >> 1, right[1] if right else -1)))
        for key in [key for key, value in self._values.items() if value is None]:
            del self._values[key]
        return cast("dict[bytes, bytes]", self._values), healing

    def _settled(self, taken: list[_Taken]) -> _Taken | None:
        """The value that counts, with its rank: the higher rank, of equal ones the later.

        What lay above `done` when it was read came to count only after what was at or below it, and wins over it.
        """
        found: _Taken | None = None
        for value, code in sorted(taken, key=lambda one: one[1] & 1):
            rank = code >> 1
            if rank <= self.done and (found is None or rank >= found[1]):
                found = (value, rank)
        return found
