"""The projector as the work of a process: until it is told to stop, then everything is let go."""

from hub.projection.projector import Projector
from hub.stopping import told_to_stop


def run_until_signal(projector: Projector) -> None:
    """Run until SIGTERM or SIGINT, finish the batch, close. Call it in the main thread.

    Misconfigured where another projector took over or a record is newer than this program: the process has to end then.
    """
    with told_to_stop() as stop:
        projector.run(stop)
