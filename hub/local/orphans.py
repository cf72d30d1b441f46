"""Children that outlived a former supervisor of the same folder: known by pid and start time, found again, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.local.files import write

PATIENCE = 8.0  # seconds an orphan gets between its stop signal and SIGKILL


class OrphanStays(RuntimeError):
    """A child of a former run cannot be ended, not even by SIGKILL: starting another beside it would harm its data."""


@dataclass(frozen=True)
class Mark:
    """One running child as written down. `birth` tells it from a later process that got the same pid."""

    name: str
    pid: int
    birth: str
    stop_signal: int


def birth(pid: int) -> str:
    """What no other process with this pid shares. Empty if there is no such process (a zombie counts as none)."""
    return _linux_birth(pid) if sys.platform == "linux" else _birth_by_ps(pid)


def _linux_birth(pid: int) -> str:
    # Ticks since boot, not a time of day: a clock that is set after boot would move that.
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _birth_by_ps(pid: int) -> str:
    done = subprocess.run(["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = done.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()


class PidFile:
    """The children that run now, in a file that survives the supervisor. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._marks: dict[str, Mark] = {}

    def add(self, name: str, pid: int, stop_signal: int) -> None:
        """Write down that `name` runs as `pid`, with the signal that ends it kindly."""
        self._change(lambda: self._marks.__setitem__(name, Mark(name, pid, birth(pid), stop_signal)))

    def remove(self, name: str) -> None:
        """Write down that `name` does not run."""
        self._change(lambda: self._marks.pop(name, None))

    def _change(self, step: Callable[[], object]) -> None:
        with self._lock:
            step()
            # A full disk must not stop the hub; without this note a leftover child still has its death signal.
            with suppress(OSError):
                write(self._path, json.dumps([asdict(mark) for mark in self._marks.values()], indent=1) + "\n")

    def end_orphans(self, say: Callable[[str], None]) -> list[str]:
        """End what a former supervisor left running; their names.

        Call it before the first `add`, with the folder's lock held.
        """
        left = [mark for mark in _read(self._path) if mark.birth and birth(mark.pid) == mark.birth]
        for mark in left:
            say(f"{mark.name}: process {mark.pid} is left over from a former run; ending it")
            _send(mark, mark.stop_signal)
        deadline = time.monotonic() + PATIENCE
        for mark in left:
            _wait(mark, deadline)
        self._change(self._marks.clear)
        return [mark.name for mark in left]


def _wait(mark: Mark, deadline: float) -> None:
    while birth(mark.pid) == mark.birth:
        if time.monotonic() > deadline + PATIENCE:
            raise OrphanStays(f"{mark.name} of a former run does not end; look at process {mark.pid}")
        if time.monotonic() > deadline:
            _send(mark, signal.SIGKILL)
        time.sleep(0.02)


def _send(mark: Mark, number: int) -> None:
    try:
        os.kill(mark.pid, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise OrphanStays(f"{mark.name} of a former run (process {mark.pid}) belongs to another user; end it") from None


def _read(path: Path) -> list[Mark]:
    with suppress(OSError, ValueError, TypeError):
        return [Mark(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    return []
