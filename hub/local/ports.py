"""TCP ports on 127.0.0.1: the usual one where it is free, the one used last time before that, else another."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from hub.local.files import write

HOST = "127.0.0.1"
# Below the range from which Linux takes ports for outgoing connections: such a connection could sit on our port while
# the server restarts.
_OTHERS = range(20_000, 30_000)


class NoPort(RuntimeError):
    """No free port was found on 127.0.0.1."""


def free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now.

    Connections of a former server that linger do not count.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return not answers(port)


def answers(port: int, timeout: float = 0.5) -> bool:
    """Whether anyone accepts a connection on 127.0.0.1:`port` within `timeout` seconds."""
    with suppress(OSError), socket.create_connection((HOST, port), timeout):
        return True
    return False


def pick(usual: Mapping[str, int], memory: Path) -> dict[str, int]:
    """A free port for each name in `usual`, all different, written to the file `memory` for the next start.

    The port in `memory` comes first, then the usual one (0: no usual one), then any other. NoPort if there is none.
    """
    remembered = _read(memory)
    chosen: dict[str, int] = {}
    for name, port in usual.items():
        chosen[name] = _first_free(_candidates(remembered.get(name, 0), port), set(chosen.values()))
    if chosen != remembered:
        write(memory, json.dumps(chosen) + "\n")
    return chosen


def _candidates(remembered: int, usual: int) -> Iterator[int]:
    yield from (port for port in (remembered, usual) if port)
    yield from random.sample(_OTHERS, 200)


def _first_free(candidates: Iterator[int], taken: set[int]) -> int:
    for port in candidates:
        if port not in taken and free(port):
            return port
    raise NoPort(f"none of 200 ports between {_OTHERS.start} and {_OTHERS.stop} on {HOST} is free")


def _read(memory: Path) -> dict[str, int]:
    with suppress(OSError, ValueError):
        kept = json.loads(memory.read_text(encoding="utf-8"))
        return {str(name): int(port) for name, port in kept.items()}
    return {}
