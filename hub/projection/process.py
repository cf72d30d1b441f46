"""The projector as the work of a process: until it is told to stop, then everything is let go."""

import threading
from collections.abc import Callable

from hub.projection.projector import Projector
from hub.stopping import told_to_stop


def _nothing(_: threading.Event) -> None:
    pass


def run_until_signal(projector: Projector, before: Callable[[threading.Event], None] = _nothing) -> None:
    """Do what has to be done before, run until SIGTERM or SIGINT, finish the batch, close. Call it in the main thread.

    Misconfigured where another projector took over or a record is newer than this program: the process has to end then.
    """
    with told_to_stop() as stop:
        before(stop)
        projector.run(stop)
