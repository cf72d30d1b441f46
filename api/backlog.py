"""Bulk doors stop while intake lags, so that a load of old notices never stands before a layoff of today."""

import time
from collections.abc import Callable

from schemas.errors import TooMuch

MOST_BEHIND = 20_000
_ASKED_EVERY = 1.0


class Backlog:
    """How many submissions wait for intake, asked once a second at the most; without a way to ask, never too many."""

    def __init__(self, behind: Callable[[], int] | None, most: int = MOST_BEHIND) -> None:
        self._behind = behind
        self._most = most
        self._known = 0
        self._asked = float("-inf")

    def check(self) -> None:
        """TooMuch while intake is behind."""
        if self._behind is None:
            return
        now = time.monotonic()
        if now - self._asked >= _ASKED_EVERY:
            self._asked = now
            self._known = self._behind()
        if self._known > self._most:
            raise TooMuch("many submissions wait already: bulk submissions stop until they are taken in; single ones go on")
