"""Purges once a day beside the clocks. Whatever hinders it, clocks are fired; it tries again."""

import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime

import structlog

from schemas.errors import HubError

log = structlog.get_logger()

DAY = 86_400.0
AGAIN_AFTER = 600.0
"""Seconds after which it is tried again where the database was away."""


class Daily:
    """`purge` erases what is past its time on a day (UTC), until it is done or told to stop, and says how much by rule."""

    def __init__(self, purge: Callable[[date, threading.Event], Mapping[str, int]], now: Callable[[], datetime]) -> None:
        self._purge = purge
        self._now = now

    def run(self, stop: threading.Event) -> None:
        """At once, and each day again, until `stop` is set."""
        while not stop.is_set():
            stop.wait(DAY if self.once(stop) else AGAIN_AFTER)

    def once(self, stop: threading.Event) -> bool:
        """Purge; whether it came to its end."""
        try:
            gone = self._purge(self._now().date(), stop)
        except HubError as error:
            log.warning("the purge waits", error=error.detail)
        except Exception as error:  # whatever is wrong with a row, no clock waits for it
            log.error("the purge failed", error=type(error).__name__)
        else:
            log.info("purged", **gone)
            return True
        return False
