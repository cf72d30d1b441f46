"""Records that are kept until they are told."""

from hub.dispatch.held import Held
from hub.dispatch.outboxes import InOutbox


def record(offset: int, size: int = 4) -> InOutbox:
    return InOutbox("ta-39", offset, None, b"x" * size, ())


def test_the_newest_are_held_up_to_so_many_bytes() -> None:
    held = Held(10)
    for offset in range(3):
        held.put(record(offset))
    assert [held.get("ta-39", offset) is not None for offset in range(3)] == [False, True, True]


def test_what_is_read_again_counts_once_and_the_room_stays_as_it_was() -> None:
    held = Held(10)
    for _ in range(100):
        held.put(record(0))
        held.put(record(1))
    assert held.get("ta-39", 0) is not None
    assert held.get("ta-39", 1) is not None


def test_one_that_is_too_large_for_all_is_not_held() -> None:
    held = Held(10)
    held.put(record(0, 11))
    held.put(record(1))
    assert held.get("ta-39", 0) is None
    assert held.get("ta-39", 1) is not None
