"""What the supervisor is told about a process, what it tells about it, and the order of starting and stopping."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

FIRST_PAUSE = 0.5  # seconds before the first restart
LONGEST_PAUSE = 30.0  # seconds between later ones, at most
SETTLED = 30.0  # seconds of life after which earlier deaths are forgotten


@dataclass(frozen=True)
class Child:
    """One process to keep running.

    `env` is added to the supervisor's own environment. `user` is (uid, gid), only where the supervisor is root. `ready`
    says whether it can be used now, within about a second (an exception means no; None: ready as soon as it runs).
    `needs` must be ready before it starts. `grace` is the seconds between `stop_signal` and SIGKILL. `death_signal` is
    what it gets if the supervisor itself is killed. `note` is shown when it is ready, for instance its address. `listens`
    is a port on 127.0.0.1 on which the supervisor listens for it, so that while it is started again connections wait.
    `heed` is given each line of its output and says what the operator is told of it (empty: nothing).
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: tuple[int, int] | None = None
    ready: Callable[[], bool] | None = None
    needs: tuple[str, ...] = ()
    grace: float = 5.0
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    cwd: Path | None = None
    note: str = ""
    listens: int | None = None
    heed: Callable[[str], str] | None = None


class State(StrEnum):
    """Where a child stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Status:
    """One child as it is now.

    `pid` is 0 while it does not run; `since` is seconds in this state; `log` is the file with its output.
    """

    name: str
    state: State
    pid: int
    since: float
    restarts: int
    last_exit: str
    log: Path


def back_off(deaths: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds to wait before the restart after `deaths` deaths in a row.

    It doubles from death to death up to 30 s; chance takes up to half of it away.
    """
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(deaths - 1, 16))
    return longest * (0.5 + chance() / 2)


def layers(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Names in groups, each needing only names of groups before it. ValueError for a name nobody has, or a circle."""
    left = {name: set(wanted) for name, wanted in needs.items()}
    if unknown := set().union(*left.values()) - set(left):
        raise ValueError(f"needed but not given: {', '.join(sorted(unknown))}")
    found: list[list[str]] = []
    while left:
        layer = [name for name, wanted in left.items() if not wanted & set(left)]
        if not layer:
            raise ValueError(f"these need each other in a circle: {', '.join(sorted(left))}")
        left = {name: wanted for name, wanted in left.items() if name not in layer}
        found.append(layer)
    return found


def ending(code: int) -> str:
    """An exit code as words: `ended with code 3`, `was killed by SIGKILL`."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
