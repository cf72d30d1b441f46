"""Kafka's jars: none of these tests needs the network, once the jars are there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hub.local import jars


@pytest.fixture(scope="module")
def source() -> Path:
    return jars.fetch_jars(jars.usable_folder(Path("var/kafka-jars")))[0].parent


@pytest.fixture
def shelf(source: Path, tmp_path: Path) -> Path:
    """A folder with all the jars right."""
    shelf = tmp_path / "jars"
    shelf.mkdir()
    for jar in jars.pinned():
        (shelf / jar.name).symlink_to(source / jar.name)
    return shelf


@pytest.fixture
def registry(source: Path, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """jgo's place is taken by our own jars; the list gets, for each call, the names that were not there beforehand."""
    calls: list[set[str]] = []

    def resolve(coordinates: Sequence[str], work: Path, say: Callable[[str], None]) -> dict[str, Path]:
        calls.append({jar.name for jar in jars.pinned()} - {path.name for path in work.rglob("*.jar")})
        return {jar.name: source / jar.name for jar in jars.pinned()}

    monkeypatch.setattr(jars, "resolve", resolve)
    return calls


def spoil(jar: Path, content: bytes) -> None:
    jar.unlink()  # the shelf holds links to the real ones
    jar.write_bytes(content)


def test_there_are_45_and_kafka_stands_first() -> None:
    pinned = jars.pinned()
    assert len(pinned) == 45
    assert pinned[0].coordinate == "org.apache.kafka:kafka_2.13:4.4.0"


def test_what_is_there_is_taken_without_a_call(shelf: Path, registry: list[set[str]]) -> None:
    found = jars.fetch_jars(shelf, say=pytest.fail)
    assert [path.name for path in found] == [jar.name for jar in jars.pinned()]
    assert registry == []


@pytest.mark.parametrize("harm", ["truncated", "changed", "absent"])
def test_a_damaged_jar_is_noticed_and_only_that_one_is_fetched(shelf: Path, registry: list[set[str]], harm: str) -> None:
    jars.fetch_jars(shelf)
    jar = shelf / "slf4j-api-1.7.36.jar"
    content = jar.read_bytes()
    spoil(jar, {"truncated": content[:1000], "changed": b"X" + content[1:], "absent": b""}[harm])
    if harm == "absent":
        jar.unlink()
    said: list[str] = []
    jars.fetch_jars(shelf, said.append)
    assert jar.read_bytes() == content
    assert registry == [{jar.name}]
    assert (harm == "absent") != any("slf4j-api-1.7.36.jar is damaged" in line for line in said)


def test_a_jar_that_stays_wrong_is_named_after_a_second_try(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = shelf / "re2j-1.8.jar"
    spoil(jar, b"not a jar")
    (tmp_path / "bad.jar").write_bytes(b"still not a jar")
    calls: list[str] = []

    def resolve(coordinates: Sequence[str], work: Path, say: Callable[[str], None]) -> dict[str, Path]:
        calls.append(coordinates[0])
        return {path.name: path for path in shelf.glob("*.jar")} | {jar.name: tmp_path / "bad.jar"}

    monkeypatch.setattr(jars, "resolve", resolve)
    with pytest.raises(jars.JarsUnavailable, match=r"re2j-1\.8\.jar has SHA-256 .* expected 7b52c7"):
        jars.fetch_jars(shelf, lambda line: None)
    assert len(calls) == 2
    assert not jar.exists()


def test_without_the_network_it_says_what_was_tried_and_what_to_do(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shelf / "re2j-1.8.jar").unlink()
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(jars.JarsUnavailable) as failed:
        jars.fetch_jars(shelf, lambda line: None)
    for part in ("org.apache.kafka:kafka_2.13:4.4.0", "HUB_KAFKA__BOOTSTRAP", "repo1.maven.org", "HTTPS_PROXY"):
        assert part in str(failed.value)
    assert not (shelf / ".fetching").exists()


def test_a_folder_that_may_only_be_read_will_do(shelf: Path, registry: list[set[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr("hub.local.files.write", refuse)
    assert len(jars.fetch_jars(shelf)) == 45
    assert registry == []


def test_two_processes_at_once_do_not_spoil_each_others_work(shelf: Path, source: Path, tmp_path: Path) -> None:
    for jar in jars.pinned()[:5]:
        (shelf / jar.name).unlink()
    program = (
        "import sys, time; from pathlib import Path; from hub.local import jars\n"
        "source = Path(sys.argv[2])\n"
        "def resolve(*_):\n time.sleep(0.3); print('fetched'); return {p.name: p for p in source.glob('*.jar')}\n"
        "jars.resolve = resolve; print(len(jars.fetch_jars(Path(sys.argv[1]), lambda line: None)))"
    )
    argv = [sys.executable, "-c", program, str(shelf), str(source)]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=30)[0] for process in both)
    assert said == ["45\n", "fetched\n45\n"]
    assert len(json.loads((shelf / jars.MARKER).read_text())) == 45
    shutil.rmtree(shelf)
