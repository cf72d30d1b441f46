"""Root of the bridge: inboxes in, the one door out, until SIGTERM."""

from api.envelope import read_enveloped
from hub.bridge.bridge import Bridge
from hub.bridge.crossing import Crossing
from hub.bridge.inboxes import Inboxes
from hub.lasting import settle
from hub.stopping import told_to_stop
from hub.wiring import Wiring


def bridge(wiring: Wiring) -> None:
    """Take over what agencies write, until asked to stop."""
    settle()
    crossing = Crossing(wiring.prefix, read_enveloped)
    try:
        with told_to_stop() as stop:
            Bridge(Inboxes(wiring.bootstrap, wiring.prefix), wiring.publisher, crossing).run(stop)
    finally:
        wiring.publisher.close()
