"""Kafka's 45 jars from Maven Central, each checked against its SHA-256, kept beside the Python environment."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub.local import files
from hub.local.resolve import ResolveFailed, resolve
from hub.local.supervisor import tell

MARKER = ".verified.json"


class JarsUnavailable(RuntimeError):
    """Kafka's jars could not be had. The message says what was tried and what to do."""


@dataclass(frozen=True)
class Jar:
    """One pinned artifact of Maven Central."""

    group: str
    artifact: str
    version: str
    sha256: str

    @classmethod
    def parse(cls, line: str) -> Jar:
        """From `group:artifact:version sha256`."""
        coordinate, sha256 = line.split()
        group, artifact, version = coordinate.split(":")
        return cls(group, artifact, version, sha256)

    @property
    def name(self) -> str:
        """File name."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinate(self) -> str:
        """`group:artifact:version`."""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def maven_path(self) -> str:
        """Place inside a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"


def pinned() -> list[Jar]:
    """All jars of the broker.

    `kafka_2.13` stands first: with another one first, jgo settles for an older kafka-clients.
    """
    jars = [Jar.parse(line) for line in files.template("coordinates.txt").splitlines()]
    return sorted(jars, key=lambda jar: jar.artifact != "kafka_2.13")


def default_folder() -> Path:
    """Where the jars are kept: inside the Python environment, so that they go when it goes."""
    return Path(sys.prefix) / "share" / "employer-hub" / "kafka-jars"


def usable_folder(fallback: Path) -> Path:
    """The default folder if the jars are in it or can be put there, else `fallback`."""
    folder = default_folder()
    if all((folder / jar.name).exists() for jar in pinned()):
        return folder
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return folder if os.access(folder, os.W_OK | os.X_OK) else fallback


def fetch_jars(folder: Path | None = None, say: Callable[[str], None] = tell) -> list[Path]:
    """Kafka's jars, verified, in class path order; fetched only where `folder` lacks one or holds a damaged one.

    JarsUnavailable if that fails. Two processes may call it at once on one folder: the second waits for the first.
    """
    folder = (folder or default_folder()).absolute()
    jars = pinned()
    if _bad(folder, jars):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with files.exclusive(folder / ".lock", lambda: say("Kafka's jars: another process is fetching them; waiting")):
                _complete(folder, jars, say)
        except OSError as error:
            raise JarsUnavailable(f"Kafka's jars cannot be kept in {folder}: {error}. {_ADVICE}") from error
    return [folder / jar.name for jar in jars]


def _complete(folder: Path, jars: list[Jar], say: Callable[[str], None]) -> None:
    for jar in _bad(folder, jars):
        if (folder / jar.name).exists():
            say(f"Kafka's jars: {jar.name} is damaged; fetching it again")
            (folder / jar.name).unlink()
    for _ in range(2):
        if not (missing := _bad(folder, jars)):
            return
        started = time.monotonic()
        say(f"Kafka's jars: fetching {len(missing)} of {len(jars)} from Maven Central into {folder}")
        strange = _fetch(folder, jars, say)
        say(f"Kafka's jars: {len(missing) - len(strange)} fetched and checked in {time.monotonic() - started:.1f} s")
    if strange:
        raise JarsUnavailable(f"fetched twice, still wrong: {'; '.join(strange)}. {_ADVICE}")


def _fetch(folder: Path, jars: list[Jar], say: Callable[[str], None]) -> list[str]:
    """Resolve into a work folder and move what is right to its place; a sentence for each jar that is not right."""
    work = folder / ".fetching"
    shutil.rmtree(work, ignore_errors=True)
    try:
        _seed(folder, work / "repository", jars)
        found = resolve([jar.coordinate for jar in jars], work, say)
        return [complaint for jar in jars if (complaint := _take(jar, found.get(jar.name), folder))]
    except ResolveFailed as error:
        raise JarsUnavailable(f"Kafka's jars could not be fetched: {error}. {_ADVICE}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _seed(folder: Path, repository: Path, jars: list[Jar]) -> None:
    # What is here and right need not be downloaded again.
    for jar in jars:
        if (folder / jar.name).exists():
            place = repository / jar.maven_path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / jar.name, place)


def _take(jar: Jar, source: Path | None, folder: Path) -> str:
    if source is None:
        return f"{jar.coordinate} was not among the jars that jgo found"
    if (found := _sha256(source)) != jar.sha256:
        return f"{jar.name} has SHA-256 {found}, expected {jar.sha256}"
    if not (folder / jar.name).exists():
        draft = folder / f".{jar.name}"
        shutil.copyfile(source, draft)
        draft.replace(folder / jar.name)
    return ""


def _bad(folder: Path, jars: list[Jar]) -> list[Jar]:
    """Jars that are absent or differ from their pin.

    Those unchanged (size, time) since they were last found right are not read again.
    """
    known = _known(folder)
    seen = {jar.name: _print_of(folder / jar.name, jar) for jar in jars}
    bad = [jar for jar in jars if not seen[jar.name] or (known.get(jar.name) != seen[jar.name] and _damaged(folder, jar))]
    good = {jar.name: seen[jar.name] for jar in jars if jar not in bad}
    if good != known:
        with suppress(OSError):  # a folder that we may only read is fine: it is then read whole each time
            files.write(folder / MARKER, json.dumps(good, indent=1) + "\n")
    return bad


def _damaged(folder: Path, jar: Jar) -> bool:
    return _sha256(folder / jar.name) != jar.sha256


def _print_of(path: Path, jar: Jar) -> list[object]:
    with suppress(OSError):
        found = path.stat()
        return [found.st_size, found.st_mtime_ns, jar.sha256]
    return []


def _known(folder: Path) -> dict[str, list[object]]:
    with suppress(OSError, ValueError):
        return dict(json.loads((folder / MARKER).read_text(encoding="utf-8")))
    return {}


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


_ADVICE = (
    "What to do: give this machine access to https://repo1.maven.org or repo.maven.apache.org (HTTPS_PROXY is obeyed) "
    "and start again; or copy the folder share/employer-hub/kafka-jars from a machine where the hub runs; "
    "or set HUB_KAFKA__BOOTSTRAP to the address of an existing Kafka"
)
