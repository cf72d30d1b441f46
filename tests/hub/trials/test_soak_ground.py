"""How a trial knows that its children work: by what each process says itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hub.trials.soak.ground import Ground


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").mkdir()
    file = tmp_path / "log" / "worker-1.log"
    file.touch()
    return file


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    nothing: Any = None
    supervisor: Any = SimpleNamespace(folder=tmp_path)
    return Ground(supervisor, nothing, nothing)


def test_a_process_works_once_it_says_so(ground: Ground, log: Path) -> None:
    says = ground.says("worker-1")
    log.write_text("registry revision=1\n")
    assert not says()
    log.write_text("registry revision=1\n[info] works  agents=[]\n")
    assert says()


def test_what_it_said_before_the_first_look_counts(ground: Ground, log: Path) -> None:
    log.write_text("[info] works  agents=[]\n")
    assert ground.says("worker-1")()


def test_what_the_one_before_said_does_not_count(ground: Ground, log: Path) -> None:
    says = ground.says("worker-1")
    log.write_text("[info] works  agents=[]\n")
    assert says()
    assert not says(), "the next process has said nothing yet"
    log.write_text(f"{log.read_text()}killed\n[info] works  agents=[]\n")
    assert says()


def test_a_log_that_was_moved_aside_is_read_from_its_start(ground: Ground, log: Path) -> None:
    says = ground.says("worker-1")
    log.write_text("much before\n" * 100 + "[info] works  agents=[]\n")
    assert says()
    log.write_text("[info] works  agents=[]\n")
    assert says()
