"""By which revision of the registry a stage decides, so that a step that is decided again after a kill is decided by the same.

Each partition's state names a revision. A worker that starts goes on by it for all that the one before may have decided without
having written its state; a newer revision counts only when nothing is in flight and the state says so. Where compaction has
taken the older revision from the log, the newest counts at once.

What the state names is reported on registry.pinned (hub/core/in_force.py) before a step is decided by it, and never before the
state names it: no partition decides by an older revision than the one that it has reported.
"""

from collections.abc import Callable
from typing import Protocol

import structlog

from hub.agents.sending import Sender
from hub.agents.state import REVISION, Change, PartitionState
from hub.core.in_force import report_of
from hub.core.registry import Registry
from schemas.topics import PINNED

log = structlog.get_logger()


class Revisions(Protocol):
    """The registry as it is, and as it was not long ago."""

    def current(self) -> Registry:
        """The newest revision."""
        ...

    def at(self, revision: int) -> Registry | None:
        """That revision; None where it cannot be had any more."""
        ...


class Pinned:
    """The registry by which the next step is decided. Call it for the registry itself."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions
        self._registry: Registry | None = None

    def __call__(self) -> Registry:
        return self._registry or self._revisions.current()

    def newest(self) -> int:
        """The number of the newest revision."""
        return self._revisions.current().revision

    def use(self, revision: int) -> None:
        """Decide by that revision from now on."""
        if self._registry is None or self._registry.revision != revision:
            found = self._revisions.at(revision)
            if found is None:
                log.error("a revision of the registry is gone, the newest counts", revision=revision)
            self._registry = found or self._revisions.current()


Report = Callable[[int, int, Callable[[], None]], None]
"""Tells of a partition and its revision, and calls back."""


def reporting(sender: Sender, agent: str) -> Report:
    """Reports of that agent on registry.pinned."""

    def report(partition: int, revision: int, done: Callable[[], None]) -> None:
        sender.send_report(report_of(sender.name_of(PINNED), agent, partition, revision), done)

    return report


class Pins:
    """The revisions of a stage's partitions.

    `note` writes a change of a partition's state, `report` tells others of its revision; each calls back when that is there.
    """

    def __init__(self, pinned: Pinned, note: Callable[[int, Change, Callable[[], None]], None], report: Report) -> None:
        self._pinned = pinned
        self._note = note
        self._report = report
        self._under_way = 0

    @property
    def busy(self) -> bool:
        """Whether a note is under way."""
        return self._under_way > 0

    def use(self, state: PartitionState) -> None:
        """Before a step of that partition."""
        self._pinned.use(state.revision)

    def read(self, states: dict[int, PartitionState]) -> None:
        """The state of these partitions has been read: what it names may not have been reported before a kill."""
        for number, state in states.items():
            if state.revision:
                self._under_way += 1
                self._report(number, state.revision, self._done)

    def settled(self, states: dict[int, PartitionState], idle: Callable[[], bool]) -> bool:
        """Whether steps may be taken. Not while a newer revision waits until nothing is in flight, or until it is noted."""
        if self.busy:
            return False
        newest = self._pinned.newest()
        behind = [number for number, state in states.items() if state.revision != newest and state.handled >= state.pinned_to]
        if behind and idle():
            for number in behind:
                self._move(number, states[number], newest)
        return not behind

    def _move(self, number: int, state: PartitionState, newest: int) -> None:
        def reported() -> None:
            state.revision = newest
            self._done()

        self._under_way += 1
        change = Change(REVISION, b"%d" % newest, state.handled)
        self._note(number, change, lambda: self._report(number, newest, reported))

    def _done(self) -> None:
        self._under_way -= 1
