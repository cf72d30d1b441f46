"""Ports: usual, remembered, other."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.local import ports


@pytest.fixture
def stranger() -> Iterator[socket.socket]:
    with socket.create_server((ports.HOST, 0)) as server:
        yield server


@pytest.fixture
def unused(tmp_path: Path) -> int:
    return ports.pick({"x": 0}, tmp_path / "unused.json")["x"]


def test_the_usual_port_is_taken_where_it_is_free(tmp_path: Path, unused: int) -> None:
    assert ports.pick({"hub": unused}, tmp_path / "ports.json") == {"hub": unused}


def test_another_port_is_taken_where_a_stranger_has_the_usual_one(tmp_path: Path, stranger: socket.socket) -> None:
    taken = stranger.getsockname()[1]
    assert ports.pick({"hub": taken}, tmp_path / "ports.json")["hub"] != taken


def test_a_stranger_on_all_addresses_counts_too(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        taken = server.getsockname()[1]
        assert ports.pick({"hub": taken}, tmp_path / "ports.json")["hub"] != taken


def test_the_port_of_last_time_comes_before_the_usual_one(tmp_path: Path, unused: int) -> None:
    first = ports.pick({"hub": 0}, tmp_path / "ports.json")
    assert ports.pick({"hub": unused}, tmp_path / "ports.json") == first


def test_no_port_is_given_twice(tmp_path: Path, unused: int) -> None:
    chosen = ports.pick({"hub": unused, "partner": unused}, tmp_path / "ports.json")
    assert len(set(chosen.values())) == 2


def test_a_damaged_memory_is_no_memory(tmp_path: Path, unused: int) -> None:
    (tmp_path / "ports.json").write_text("{")
    assert ports.pick({"hub": unused}, tmp_path / "ports.json") == {"hub": unused}
