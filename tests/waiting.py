"""How a test waits for what happens elsewhere: no time is measured by it, it only gives up one day."""

import time
from collections.abc import Callable
from typing import TypeVar

from schemas.errors import NotReady

PATIENCE = 60.0
"""Seconds after which it is given up."""
T = TypeVar("T")


def until(found: Callable[[], T], what: str = "that") -> T:
    """The first answer that is not empty; what is not ready yet has none."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := _asked(found)):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)
    return answer


def _asked(found: Callable[[], T]) -> T | None:
    try:
        return found()
    except NotReady:
        return None
