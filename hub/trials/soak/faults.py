"""The faults: when, to whom, and how they are done. Each waits until its victim is at work, so that it is a real one."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from hub.local.supervisor import NotReady, Supervisor
from hub.trials.soak.ground import KAFKA, POSTGRES, Say

WORKERS = ("worker-1", "worker-2", "front")
PROJECTOR = "projector"
DISPATCHER = "dispatcher"
STOPPED_FOR = 9.0
"""Seconds of a SIGSTOP: longer than the session of 6, so that another takes over while the stopped one still lives."""
KINDS = ("kill_worker", "stop_worker", "kill_broker", "kill_database", "kill_projector")
_BACK_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and how many seconds later the next may come."""

    kind: str
    victim: str
    pause: float


def plan(rounds: int, pause: float = 8.0) -> list[Fault]:
    """Each kind once a round; the workers take turns, so that in three rounds each was killed and stopped."""
    return [fault for number in range(rounds) for fault in _round(number, pause)]


def _round(number: int, pause: float) -> Iterator[Fault]:
    killed, stopped = WORKERS[number % 3], WORKERS[(number + 1) % 3]
    yield Fault("kill_worker", killed, pause)
    yield Fault("kill_database", POSTGRES, pause / 2)
    yield Fault("stop_worker", stopped, pause)
    yield Fault("kill_projector", PROJECTOR, pause / 2)
    yield Fault("kill_broker", KAFKA, 2 * pause)


def lasts(faults: list[Fault]) -> float:
    """About how many seconds they take in all; a broker is back after 12 or so."""
    extra = {"stop_worker": STOPPED_FOR, "kill_broker": 12.0}
    return sum(fault.pause + extra.get(fault.kind, 0.0) for fault in faults)


class Havoc:
    """Does the faults one after the other, in a thread of its own."""

    def __init__(self, supervisor: Supervisor, faults: list[Fault], say: Say) -> None:
        self.done: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
        self.undone = 0
        self._supervisor = supervisor
        self._faults = faults
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="havoc", daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """No further faults; one that is being done is done to its end."""
        self._stop.set()
        self._thread.join()

    @property
    def over(self) -> bool:
        """Whether all were done, or one could not be."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        for fault in self._faults:
            if self._stop.is_set():
                return
            try:
                self._do(fault)
            except (NotReady, ProcessLookupError) as error:
                self.undone += 1
                self._say(f"{fault.kind} could not be done: {error}")
            self._stop.wait(fault.pause)

    def _do(self, fault: Fault) -> None:
        pid = self._supervisor.wait_ready(fault.victim, _BACK_WITHIN)
        self._say(f"{fault.kind}: {fault.victim} (process {pid})")
        if fault.kind == "stop_worker":
            self._stop_for_a_while(fault.victim)
        else:
            self._supervisor.kill(fault.victim, signal.SIGKILL)
        self.done[fault.kind] += 1
        if fault.kind == "kill_broker":
            self._supervisor.wait_ready(fault.victim, _BACK_WITHIN, other_than=pid)

    def _stop_for_a_while(self, victim: str) -> None:
        pid = self._supervisor.kill(victim, signal.SIGSTOP)
        try:
            time.sleep(STOPPED_FOR)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
