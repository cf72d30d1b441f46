"""What a lasting process asks of Python's memory."""

import gc
from collections.abc import Iterator

import pytest

from hub.lasting import settle


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The collector's settings are the whole process's: the other tests get them back."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_is_there_is_searched_no_more_and_new_rubbish_still_is() -> None:
    gc.set_threshold(2_000, 10, 10)  # as a process begins; another test here may have settled already
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] > 2_000
    ring: list[object] = []
    ring.append(ring)
    del ring
    assert gc.collect() >= 1
