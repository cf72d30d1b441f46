"""Small files that must never be seen half written, and the locks that keep two processes out of each other's way."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """Another supervisor holds this folder. `pid` is its process id, 0 if it could not be read."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(f"another hub (process {pid or 'unknown'}) already runs on {folder}; stop it or choose another folder")
        self.pid = pid


def template(name: str) -> str:
    """Text of a file in hub/local/templates."""
    return (resources.files("hub.local") / "templates" / name).read_text(encoding="utf-8")


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Put `text` at `path` as one step: readers see the old file or the whole new one. The file gets exactly `mode`."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        os.fchmod(out.fileno(), mode)
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    os.replace(draft, path)


def once(path: Path, make: Callable[[], str], mode: int = 0o644) -> str:
    """Text kept at `path`; made by `make` the first time."""
    with suppress(FileNotFoundError):
        if kept := path.read_text(encoding="utf-8").strip():
            return kept
    text = make()
    write(path, text + "\n", mode)
    return text


def secret(path: Path) -> str:
    """Password kept at `path`, readable by its owner alone; made up the first time."""
    return once(path, lambda: secrets.token_urlsafe(24), 0o600)


@contextmanager
def exclusive(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock file `path`, waiting for whoever has it; `waiting` is called once if that is needed."""
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class FolderLock:
    """The right to run the hub on one folder. The kernel takes it back when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._handle = -1

    def take(self) -> None:
        """Take the lock and write our pid into it. AlreadyRunning if someone has it."""
        handle = os.open(self.folder / "hub.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _holder(handle)
            os.close(handle)
            raise AlreadyRunning(pid, self.folder) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Let others in. The file stays: removing it would let two processes lock two files of one name."""
        if self._handle >= 0:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1


def _holder(handle: int) -> int:
    # The holder locks first and writes second, so its pid may be a moment late.
    for _ in range(20):
        text = os.pread(handle, 32, 0)
        if text.isdigit():
            return int(text)
        time.sleep(0.01)
    return 0
