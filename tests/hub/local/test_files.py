"""Small files and locks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.local import files, logs


def test_a_secret_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    first = files.secret(tmp_path / "password")
    assert files.secret(tmp_path / "password") == first
    assert len(first) >= 32
    assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600


def test_a_second_holder_of_the_folder_is_told_who_has_it(tmp_path: Path) -> None:
    first, second = files.FolderLock(tmp_path), files.FolderLock(tmp_path)
    first.take()
    with pytest.raises(files.AlreadyRunning) as refused:
        second.take()
    assert refused.value.pid == os.getpid()
    assert str(os.getpid()) in str(refused.value)
    first.release()
    second.take()
    second.release()


def test_a_large_log_is_moved_aside_and_three_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    for text in ("one", "two", "three", "four", "five"):
        log.write_text(text)
        logs.rotate(log, limit=2)
    assert not log.exists()
    assert [(tmp_path / f"kafka.log.{number}").read_text() for number in (1, 2, 3)] == ["five", "four", "three"]
    assert not (tmp_path / "kafka.log.4").exists()


def test_a_log_that_is_held_open_is_emptied_in_place(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    with log.open("ab", buffering=0) as child:
        child.write(b"old\n")
        logs.trim(log, limit=2)
        child.write(b"new\n")
    assert (log.read_text(), (tmp_path / "kafka.log.1").read_text()) == ("new\n", "old\n")


def test_the_last_words_skip_empty_lines(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    assert logs.last_line(log) == ""
    log.write_text("first\nno space left on device\n\n")
    assert logs.last_line(log) == "no space left on device"
