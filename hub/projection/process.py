"""The projector as the work of a process: until it is told to stop, then everything is let go."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hub.projection.projector import Projector

_TOLD_BY = (signal.SIGTERM, signal.SIGINT)


def run_until_signal(projector: Projector) -> None:
    """Run until SIGTERM or SIGINT, finish the batch, close. Call it in the main thread.

    Misconfigured where another projector took over or a record is newer than this program: the process has to end then.
    """
    with told_to_stop() as stop:
        projector.run(stop)


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; afterwards the signals mean what they meant before."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _TOLD_BY}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
