"""What the dispatcher does beside the clocks, again and again. Whatever hinders one of them, clocks are fired; it tries again."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from schemas.errors import HubError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Again:
    """`act` does it, until it is done or told to stop, and says whether it came to its end.

    Done, it comes again after `each` seconds; hindered, after `tries_again` seconds. `what` names it in the log.
    """

    what: str
    act: Callable[[threading.Event], bool]
    each: float
    tries_again: float

    def run(self, stop: threading.Event) -> None:
        """At once, and again, until `stop` is set."""
        while not stop.is_set():
            stop.wait(self.each if self.once(stop) else self.tries_again)

    def once(self, stop: threading.Event) -> bool:
        """Once; whether it came to its end."""
        try:
            return self.act(stop)
        except HubError as error:
            log.warning(f"{self.what} waits", error=error.detail)
        except Exception as error:  # whatever is wrong with a record or row, no clock waits for it
            log.error(f"{self.what} failed", error=type(error).__name__)
        return False
