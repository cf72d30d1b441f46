"""How a changelog is read, said as plainly as it can be: the model by which the loader is judged."""

from dataclasses import dataclass, field

from hub.agents.state import DONE, FAULT, Change, Fault

_NONE = Fault()


@dataclass(slots=True)
class PlainLoading:
    """Every record is kept as it came. What lies above `done` waits until the end, then what `done` covers is taken in."""

    done: int = -1
    fault: Fault = _NONE
    _sure: dict[bytes, Change] = field(default_factory=dict)
    _open: dict[bytes, list[Change]] = field(default_factory=dict)
    _last: dict[bytes, Change] = field(default_factory=dict)

    def take(self, change: Change) -> None:
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
