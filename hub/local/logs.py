"""The files into which children write.

Each is opened for appending, so it can be cut short while the child keeps it open.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

START_LIMIT = 10 * 1024 * 1024  # bytes above which a file is moved aside when its child starts
RUNNING_LIMIT = 100 * 1024 * 1024  # bytes above which it is copied aside and emptied under a running child
KEPT = 3  # older files kept for each child
LOOKED_AT = 1024 * 1024  # bytes of what is new that are read at once


def rotate(log: Path, limit: int = START_LIMIT) -> None:
    """Move `log` to `log.1`, `log.1` to `log.2` and so on, if it is larger than `limit` bytes."""
    if _size(log) > limit:
        _shift(log)
        log.replace(_older(log, 1))


def trim(log: Path, limit: int = RUNNING_LIMIT) -> None:
    """As `rotate`, for a file that a running child holds open: a few lines written meanwhile may be lost."""
    if _size(log) > limit:
        _shift(log)
        shutil.copyfile(log, _older(log, 1))
        with log.open("r+b") as handle:
            handle.truncate(0)


def last_line(log: Path) -> str:
    """The last line in `log` that says something, at most 300 characters; empty if there is none."""
    with suppress(OSError), log.open("rb") as handle:
        handle.seek(max(0, _size(log) - 4096))
        lines = [line.strip() for line in handle.read().decode(errors="replace").splitlines()]
        return next((line[:300] for line in reversed(lines) if line), "")
    return ""


def lines(log: Path) -> Iterator[str]:
    """All lines in `log` and in the one before it, oldest first; none where there is neither."""
    for path in (_older(log, 1), log):
        with suppress(FileNotFoundError), path.open(encoding="utf-8", errors="replace") as handle:
            yield from handle


class Tail:
    """The lines that come to `log` from now on, each once. A file that became shorter is read from its start."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = _size(log)

    def fresh(self) -> list[str]:
        """The whole lines that came since it was last asked; of very many the rest next time."""
        if _size(self._log) < self._at:
            self._at = 0
        there = self._read()
        whole = there[: there.rfind(b"\n") + 1] if b"\n" in there or len(there) < LOOKED_AT else there
        self._at += len(whole)
        return whole.decode(errors="replace").splitlines()

    def _read(self) -> bytes:
        with suppress(OSError), self._log.open("rb") as handle:
            handle.seek(self._at)
            return handle.read(LOOKED_AT)
        return b""


def _shift(log: Path) -> None:
    for number in range(KEPT - 1, 0, -1):
        with suppress(FileNotFoundError):
            _older(log, number).replace(_older(log, number + 1))


def _older(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
