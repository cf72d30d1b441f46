"""Looks beside the clocks, every few seconds, whether outboxes hold what their agencies may see no more. It tries again."""

import threading
from collections.abc import Callable

import structlog

from schemas.errors import HubError

log = structlog.get_logger()

EACH = 5.0
"""Seconds between two looks: a look at which nothing has changed asks the broker for the ends of two topics."""
AGAIN_AFTER = 60.0
"""Seconds after which it is tried again where something hindered it."""


class Rights:
    """`look` does it, until it is done or told to stop; whether it came to its end."""

    def __init__(self, look: Callable[[threading.Event], bool]) -> None:
        self._look = look

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        while not stop.is_set():
            stop.wait(EACH if self.once(stop) else AGAIN_AFTER)

    def once(self, stop: threading.Event) -> bool:
        """One look; whether it came to its end."""
        try:
            return self._look(stop)
        except HubError as error:
            log.warning("the outboxes wait for their new rights", error=error.detail)
        except Exception as error:  # whatever is wrong with a record, no clock waits for it
            log.error("the outboxes could not be looked through", error=type(error).__name__)
        return False
