"""Root of the projector: fills the views from the log until SIGTERM."""

import signal
import threading

from hub.projection.projector import Projector
from hub.wiring import Wiring


def project(wiring: Wiring) -> None:
    """Project until asked to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Projector(wiring.bootstrap, wiring.view_writer(), wiring.prefix).run(stop)
