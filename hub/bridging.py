"""Root of the bridge: inboxes in, the one door out, until SIGTERM."""

import signal
import threading

from api.envelope import read_enveloped
from hub.bridge.bridge import Bridge
from hub.bridge.crossing import Crossing
from hub.bridge.inboxes import Inboxes
from hub.wiring import Wiring


def bridge(wiring: Wiring) -> None:
    """Take over what agencies write, until asked to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    crossing = Crossing(wiring.prefix, read_enveloped)
    try:
        Bridge(Inboxes(wiring.bootstrap, wiring.prefix), wiring.publisher, crossing).run(stop)
    finally:
        wiring.publisher.close()
