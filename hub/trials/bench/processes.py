"""Processes of a measured run: started apart from the supervisor, which would start them again; ended with the run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hub.local import leash

_STOPS_WITHIN = 10.0


@contextmanager
def processes(commands: Sequence[Sequence[str]], log: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Python processes with these arguments, all output in `log`; killed with us, stopped at the end."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("ab") as out:
            for command in commands:
                started.append(_start(command, out.fileno()))
        yield started
    finally:
        _end(started)


def _start(command: Sequence[str], out: int) -> subprocess.Popen[bytes]:
    tied = [leash.__file__, str(os.getpid()), str(int(signal.SIGKILL)), "-1", "-1", "-1"]
    words = [sys.executable, "-I", "-S", *tied, sys.executable, *command]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    for process in started:
        process.terminate()
    for process in started:
        try:
            process.wait(_STOPS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
