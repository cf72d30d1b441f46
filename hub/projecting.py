"""Root of the projector: fills the views from the log until SIGTERM."""

import threading

from hub.lasting import settle
from hub.projection.process import run_until_signal
from hub.projection.projector import Projector
from hub.projection.rebuild import renew
from hub.wiring import Wiring


def project(wiring: Wiring) -> None:
    """Project until asked to stop; first build the view anew where another version of the hub laid it out."""

    def lay_out(stop: threading.Event) -> None:
        renew(wiring.bootstrap, wiring.views(), wiring.prefix, stop)

    settle()
    run_until_signal(Projector(wiring.bootstrap, wiring.view_writer(), wiring.prefix), lay_out)
