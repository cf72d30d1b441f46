"""Runs jgo, the Maven resolver in Python, in a process of its own with a home of its own.

So nothing depends on the user's home (which may be empty or not writable) or on settings left there for other uses of
jgo, and a resolver that hangs can be ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

LIMIT = 600.0  # seconds for the whole fetch
TURN = 2.0  # seconds between two lines of progress

_PROGRAM = "import json, sys, jgo; print(json.dumps([str(jar) for jar in jgo.build('+'.join(sys.argv[1:])).all_jars]))"


class ResolveFailed(RuntimeError):
    """jgo did not give the jars; the message holds its last words."""


def resolve(coordinates: Sequence[str], work: Path, say: Callable[[str], None]) -> dict[str, Path]:
    """Download `coordinates` and all they need below `work`; file name to file.

    ResolveFailed if jgo fails or takes more than 10 minutes.
    """
    work.mkdir(parents=True, exist_ok=True)
    home = {"HOME": str(work), "JGO_CACHE_DIR": str(work / "cache"), "M2_REPO": str(work / "repository")}
    with (work / "out").open("wb") as out, (work / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *coordinates],
            env={**os.environ, **home},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            cwd=work,
        )
        _watch(process, work / "repository", say)
    if process.returncode:
        asked = f"jgo, asked for {coordinates[0]} and {len(coordinates) - 1} more artifacts"
        raise ResolveFailed(f"{asked}, {_last_words(work, process.returncode)}")
    last = (work / "out").read_text(encoding="utf-8").strip().splitlines()[-1]
    return {Path(name).name: Path(name) for name in json.loads(last)}


def _watch(process: subprocess.Popen[bytes], repository: Path, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    try:
        while time.monotonic() - started < LIMIT and not _ended(process, TURN):
            say(_progress(repository))
    finally:
        process.kill()
        process.wait()


def _ended(process: subprocess.Popen[bytes], within: float) -> bool:
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _progress(repository: Path) -> str:
    sizes = [jar.stat().st_size for jar in repository.rglob("*.jar")]
    descriptions = sum(1 for _ in repository.rglob("*.pom"))
    return f"Kafka's jars: {descriptions} descriptions read, {len(sizes)} jars here ({sum(sizes) / 1_000_000:.0f} MB)"


def _last_words(work: Path, code: int) -> str:
    if code < 0:
        return f"was ended after {LIMIT:.0f} s"
    lines = (work / "errors").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"said: {lines[-1][:500] if lines else f'nothing (exit code {code})'}"
