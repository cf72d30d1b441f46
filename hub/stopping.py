"""How a process hears that it has to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TOLD_BY = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; afterwards the signals mean what they meant before. In the main thread only."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _TOLD_BY}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
