"""Root of the projector: fills the views from the log until SIGTERM."""

from hub.lasting import settle
from hub.projection.process import run_until_signal
from hub.projection.projector import Projector
from hub.wiring import Wiring


def project(wiring: Wiring) -> None:
    """Project until asked to stop."""
    settle()
    run_until_signal(Projector(wiring.bootstrap, wiring.view_writer(), wiring.prefix))
