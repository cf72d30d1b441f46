"""The place of a subscriber, in memory and on disk: both do the same."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.client import FileStore, MemoryStore, Store
from connectors.client.stores import MOST_REMEMBERED


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    made = FileStore(tmp_path / "place")
    yield made
    made.close()


def test_at_first_it_knows_nothing(store: Store) -> None:
    assert (store.cursor(), store.step("notice r-1")) == (None, -1)


def test_it_keeps_the_place_and_the_highest_step(store: Store) -> None:
    store.acknowledge("notice r-1", 3, "e.7")
    store.acknowledge("notice r-1", 2, None)
    assert (store.cursor(), store.step("notice r-1"), store.step("alert r-1")) == ("e.7", 3, -1)
    store.move("e.9")
    assert store.cursor() == "e.9"


def test_who_begins_again_still_knows_what_was_dealt_with(store: Store) -> None:
    store.acknowledge("notice r-1", 3, "e.7")
    store.forget()
    assert (store.cursor(), store.step("notice r-1")) == (None, 3)
    store.acknowledge("notice r-2", 1, None)
    assert store.cursor() is None
    store.move("f.1")
    assert store.cursor() == "f.1"


def test_on_disk_it_outlives_its_process(tmp_path: Path) -> None:
    first = FileStore(tmp_path / "place")
    first.acknowledge("notice r-1", 3, "e.7")
    first.close()
    second = FileStore(str(tmp_path / "place"))
    assert (second.cursor(), second.step("notice r-1")) == ("e.7", 3)
    second.close()


def test_a_second_subscriber_on_the_same_file_is_refused(tmp_path: Path) -> None:
    first = FileStore(tmp_path / "place")
    first.close()
    first = FileStore(tmp_path / "place")
    with pytest.raises(ValueError, match="another subscriber uses it"):
        FileStore(tmp_path / "place")
    first.acknowledge("notice r-1", 1, "e.1")
    first.close()


def test_a_file_that_is_none_or_has_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a store" * 100)
    for path in (tmp_path / "text", tmp_path / "nowhere" / "place"):
        with pytest.raises(ValueError, match="cannot be a subscriber's place"):
            FileStore(path)
    assert (tmp_path / "text").read_text().startswith("not a store")


def test_in_memory_the_newest_are_remembered() -> None:
    store = MemoryStore()
    for number in range(MOST_REMEMBERED + 10):
        store.acknowledge(str(number), 1, None)
    assert (store.step("9"), store.step("10")) == (-1, 1)


def test_what_the_file_holds_can_be_read_by_hand(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "place")
    store.acknowledge("notice r-1", 3, "e.7")
    store.close()
    database = sqlite3.connect(tmp_path / "place")
    assert database.execute("SELECT * FROM acknowledged").fetchall() == [("notice r-1", 3)]
    database.close()
