"""Keeps the processes of one folder running: starts them by their needs, restarts them, stops them the other way."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType

from hub.local import logs
from hub.local.child import Child, Status, layers
from hub.local.files import AlreadyRunning, FolderLock
from hub.local.keeper import Keeper
from hub.local.orphans import PidFile

__all__ = ["AlreadyRunning", "Child", "NotReady", "Status", "Supervisor"]

STOP_WITHIN = 15.0  # seconds in which everything has stopped, whatever the children do
RESERVE = 2.0  # seconds of these kept back for each later group of children
WORLD_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class NotReady(RuntimeError):
    """A child was not ready in time. It is kept running; the message holds its last words."""


class Signalled(BaseException):
    """A signal asked us to stop. Not an Exception, so that nothing on the way takes it for a failure of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def tell(line: str) -> None:
    """Print a line of progress on standard error."""
    # One write for text and line end: threads tell things at the same time.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Supervisor:
    """Runs children for one folder.

    Use it as a context manager: entering takes the folder and ends orphans, leaving stops everything.

    AlreadyRunning on entry if another supervisor has the folder. Children end with it, also when it is killed with
    SIGKILL (Linux).
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = tell) -> None:
        self.folder = folder.absolute()
        self.say = say
        self._lock = FolderLock(self.folder)
        self._pids = PidFile(self.folder / "pids.json")
        self._keepers: dict[str, Keeper] = {}
        self._asked = False
        self._hurry = threading.Event()

    def __enter__(self) -> Supervisor:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log").mkdir(mode=0o700, exist_ok=True)
        self._lock.take()
        try:
            self._pids.end_orphans(self.say)
        except BaseException:  # also a signal: nothing is hidden, the folder is let go on the way out
            self._lock.release()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.stop()
        finally:
            self._lock.release()

    def start(self, children: Sequence[Child], timeout: float = 90.0) -> None:
        """Start children, each as soon as its needs are ready, and wait until all are. Call it as often as you like.

        ValueError for a name in use, an unknown need or a circle of needs. NotReady after `timeout` seconds.
        """
        fresh = {
            child.name: Keeper(child, self._log(child.name), self._ready_check(child), self._pids, self.say) for child in children
        }
        if twice := [child.name for child in children if child.name in self._keepers] or len(fresh) < len(children):
            raise ValueError(f"a child of this name is there already: {twice}")
        layers({name: keeper.child.needs for name, keeper in {**self._keepers, **fresh}.items()})
        self._keepers.update(fresh)
        for keeper in fresh.values():
            keeper.begin()
        deadline = time.monotonic() + timeout
        for name in fresh:
            self.wait_ready(name, deadline - time.monotonic())

    def wait_ready(self, name: str, timeout: float = 60.0, other_than: int = 0) -> int:
        """Wait until `name` is ready, as another process than `other_than` (the pid that `kill` gave); its pid.

        NotReady after `timeout` seconds.
        """
        keeper = self._keepers[name]
        if keeper.wait_ready(timeout, other_than):
            return keeper.status().pid
        now = keeper.status()
        last = logs.last_line(now.log) or "nothing"
        stands = f"{now.state}, {now.restarts} restarts"
        raise NotReady(f"{name} is not ready after {timeout:.0f} s ({stands}); last in {now.log}: {last}")

    def status(self) -> list[Status]:
        """All children as they are now, in the order in which they were given."""
        return [keeper.status() for keeper in self._keepers.values()]

    def pid(self, name: str) -> int:
        """Process id of `name` now; 0 while it does not run. KeyError for a name nobody has."""
        return self._keepers[name].status().pid

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a child (for tests); the pid that got it. It is restarted as after any other death."""
        return self._keepers[name].signal(number)

    def stop(self) -> None:
        """Stop all children within 15 seconds, those that others need last.

        The supervisor can start others afterwards.
        """
        groups = layers({name: keeper.child.needs for name, keeper in self._keepers.items()})
        deadline = time.monotonic() + STOP_WITHIN
        while groups:
            group = [self._keepers[name] for name in groups.pop()]
            self._stop_group(group, deadline - RESERVE * len(groups))
        self._keepers.clear()

    def run_until_signal(self, work: Callable[[], None] = lambda: None) -> int:
        """Do `work` (start things), keep everything running until SIGINT, SIGTERM or SIGHUP, stop; the signal's number.

        Only this method installs signal handlers, and it puts the former ones back. Call it in the main thread. A
        signal during `work` interrupts it; a second signal makes the stop hurry.
        """
        with self._handlers():
            try:
                work()
                threading.Event().wait()
            except Signalled as signalled:
                self.say(f"{signal.Signals(signalled.number).name}: stopping")
                self.stop()
                return signalled.number
        raise AssertionError("an event that nobody sets was set")

    def _stop_group(self, group: list[Keeper], deadline: float) -> None:
        for keeper in group:
            keeper.end(0.0 if self._hurry.is_set() else max(0.0, min(keeper.child.grace, deadline - time.monotonic())))
        for keeper in group:
            while not keeper.join(0.1):
                if self._hurry.is_set():
                    keeper.end(0.0)

    @contextmanager
    def _handlers(self) -> Iterator[None]:
        # `nohup` ignores SIGHUP for us, and that stays so. A shell's `&` ignores SIGINT, but one sent here is meant.
        hung_up = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        wanted = [number for number in WORLD_SIGNALS if not (hung_up and number == signal.SIGHUP)]
        former = {number: signal.signal(number, self._on_signal) for number in wanted}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)
            self._hurry.clear()
            self._asked = False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            self._hurry.set()
            return
        self._asked = True
        raise Signalled(number)

    def _ready_check(self, child: Child) -> Callable[[], bool]:
        return lambda: all(self._keepers[name].wait_ready(0, 0) for name in child.needs)

    def _log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"
