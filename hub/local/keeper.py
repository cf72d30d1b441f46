"""One thread for one child: starts it, watches it, starts it again, and ends it when asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hub.listening import limit
from hub.local import leash, logs, ports
from hub.local.child import SETTLED, Child, State, Status, back_off, ending
from hub.local.orphans import PidFile

TURN = 0.05  # seconds between two looks at a child
HEED_EVERY = 1.0  # seconds between two looks at what is new in it
TRIM_EVERY = 60.0  # seconds between two looks at the size of its log
BACKLOG = 2_048  # connections that may wait for a child that is being started again


class Keeper:
    """Keeps one child running until `end`.

    The thread that starts a child lives as long as the child: Linux ties a child's death signal to the thread that made
    it, not to the process.
    """

    def __init__(
        self, child: Child, log: Path, needs_ready: Callable[[], bool], pids: PidFile, say: Callable[[str], None]
    ) -> None:
        self.child = child
        self.log = log
        self._needs_ready = needs_ready
        self._pids = pids
        self._say = say
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._grace = child.grace
        self._state = State.WAITING
        self._since = time.monotonic()
        self._pid = 0
        self._starts = 0
        self._deaths = 0
        self._last_exit = ""
        self._listening: socket.socket | None = None
        self._tail = logs.Tail(log)
        self._thread = threading.Thread(target=self._run, name=f"keep-{child.name}", daemon=True)

    def begin(self) -> None:
        """Start keeping."""
        self._thread.start()

    def end(self, grace: float) -> None:
        """Ask for the end: stop signal, then SIGKILL after `grace` seconds.

        Returns at once; a later call can shorten the grace.
        """
        self._grace = grace
        self._stopping.set()

    def join(self, timeout: float) -> bool:
        """Wait for the end; whether it came within `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def status(self) -> Status:
        """The child as it is now."""
        with self._lock:
            since = time.monotonic() - self._since
            return Status(self.child.name, self._state, self._pid, since, max(0, self._starts - 1), self._last_exit, self.log)

    def signal(self, number: int) -> int:
        """Send a signal to the child; its pid. ProcessLookupError if it does not run now."""
        with self._lock:
            if not self._pid or _exited(self._pid):
                raise ProcessLookupError(f"{self.child.name} does not run")
            os.kill(self._pid, number)
            return self._pid

    def wait_ready(self, timeout: float, other_than: int) -> bool:
        """Whether the child is ready, as another process than `other_than`, within `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._state == State.READY and self._pid != other_than, timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._needs_ready():
                self._live_once()
            else:
                self._stopping.wait(TURN)
        if self._listening is not None:
            self._listening.close()
        self._set(State.STOPPED)

    def _live_once(self) -> None:
        started = time.monotonic()
        try:
            process = self._spawn()
        except OSError as error:
            self._pause(f"could not be started ({error})", 0.0)
            return
        self._watch(process, started)
        how = self._bury(process)
        if not self._stopping.is_set():
            self._pause(how, time.monotonic() - started)

    def _spawn(self) -> subprocess.Popen[bytes]:
        child = self.child
        logs.rotate(self.log)
        uid, gid = child.user or (-1, -1)
        given = self._listen()
        parent = [str(word) for word in (os.getpid(), int(child.death_signal), uid, gid, *(given or (-1,)))]
        with self.log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", leash.__file__, *parent, *child.argv],
                env={**os.environ, **child.env},
                cwd=child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=given,
            )
        self._pids.add(child.name, process.pid, child.stop_signal)
        self._starts += 1
        self._set(State.STARTING, process.pid)
        return process

    def _listen(self) -> tuple[int, ...]:
        """The descriptor of the child's listening socket, which outlives each of its processes; none where it has none."""
        if self.child.listens is None:
            return ()
        if self._listening is None:
            self._listening = socket.create_server((ports.HOST, self.child.listens), backlog=BACKLOG)
            limit(self._listening)
        return (self._listening.fileno(),)

    def _watch(self, process: subprocess.Popen[bytes], started: float) -> None:
        trimmed = heeded = started
        while not _exited(process.pid):
            if self._stopping.wait(TURN):
                self._end_process(process)
                return
            if self._state == State.STARTING and self._is_ready():
                self._set(State.READY, process.pid)
                self._say(f"{self.child.name}: ready after {time.monotonic() - started:.1f} s {self.child.note}".rstrip())
            if time.monotonic() - heeded > HEED_EVERY:
                heeded = time.monotonic()
                self._heed()
            if time.monotonic() - trimmed > TRIM_EVERY:
                trimmed = time.monotonic()
                logs.trim(self.log)

    def _heed(self) -> None:
        if self.child.heed is None:
            return
        for said in filter(None, map(self.child.heed, self._tail.fresh())):
            self._say(f"{self.child.name}: {said}")

    def _is_ready(self) -> bool:
        if self.child.ready is None:
            return True
        try:
            return self.child.ready()
        except Exception:  # a ready check meets whatever a half-started server can do; its only news is "not yet"
            return False

    def _end_process(self, process: subprocess.Popen[bytes]) -> None:
        begun = time.monotonic()
        _kill(process.pid, self.child.stop_signal)
        while not _exited(process.pid):
            if time.monotonic() - begun > self._grace:
                self._say(f"{self.child.name}: did not stop within {self._grace:.1f} s; killing it")
                _kill(process.pid, signal.SIGKILL)
                return
            time.sleep(TURN / 5)

    def _bury(self, process: subprocess.Popen[bytes]) -> str:
        # While the leader is a zombie its group id cannot belong to anyone else, so what is left of the group can be
        # ended without a mistake.
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with self._lock:
            self._pid = 0
            self._last_exit = ending(process.wait())
        self._pids.remove(self.child.name)
        return self._last_exit

    def _pause(self, how: str, lived: float) -> None:
        self._deaths = 1 if lived > SETTLED else self._deaths + 1
        pause = back_off(self._deaths)
        self._set(State.PAUSED)
        last = logs.last_line(self.log)
        self._say(
            f"{self.child.name}: {how} after {lived:.1f} s; starting it again in {pause:.1f} s "
            f"(death {self._deaths} in a row). Its output is in {self.log}" + (f", last: {last}" if last else "")
        )
        self._stopping.wait(pause)
        self._set(State.WAITING)

    def _set(self, state: State, pid: int = 0) -> None:
        with self._changed:
            self._state, self._pid, self._since = state, pid, time.monotonic()
            self._changed.notify_all()


def _exited(pid: int) -> bool:
    # WNOWAIT leaves the zombie, and with it the pid, until `_bury` has cleaned up.
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
