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


def test_what_comes_to_a_log_is_read_once_by_whole_lines_also_where_it_is_emptied(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("before\n")
    tail = logs.Tail(log)
    assert tail.fresh() == []
    with log.open("ab", buffering=0) as child:
        child.write(b"one\ntwo\nthr")
        assert tail.fresh() == ["one", "two"]
        child.write("ee äö\n".encode())
        assert (tail.fresh(), tail.fresh()) == (["three äö"], [])
        logs.trim(log, limit=2)
        child.write(b"four\n")
        assert tail.fresh() == ["four"]
    log.unlink()
    assert tail.fresh() == []


def test_a_line_too_long_to_be_read_at_once_holds_up_nothing(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    tail = logs.Tail(log)
    log.write_bytes(b"x" * (logs.LOOKED_AT + 5) + b"\nnext\n")
    assert [len(line) for line in tail.fresh()] == [logs.LOOKED_AT]
    assert tail.fresh() == ["xxxxx", "next"]


def test_a_log_is_read_with_the_one_before_it(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    assert list(logs.lines(log)) == []
    log.write_text("old\n")
    logs.rotate(log, limit=2)
    log.write_bytes(b"new \xff\n")
    assert list(logs.lines(log)) == ["old\n", "new \ufffd\n"]
