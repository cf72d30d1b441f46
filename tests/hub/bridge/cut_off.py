"""A bridge that is killed right after the broker has confirmed its second batch, before anything of it is acknowledged.

Arguments: bootstrap, topic prefix.
"""

import os
import signal
import sys
import threading
from collections.abc import Sequence

from api.envelope import read_enveloped
from connectors.outbound.kafka import KafkaPublisher
from hub.bridge.bridge import Bridge
from hub.bridge.crossing import Crossing
from hub.bridge.inboxes import Inboxes
from schemas.messages import Coordinates
from schemas.wire import Message

LAST = 2


class CutOff:
    """A publisher that does its work, and then there is no process any more."""

    def __init__(self, bootstrap: str) -> None:
        self._publisher = KafkaPublisher(bootstrap)
        self._batches = 0

    def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
        places = self._publisher.publish(messages)
        self._batches += bool(messages)
        if self._batches == LAST:
            os.kill(os.getpid(), signal.SIGKILL)
        return places


def main(bootstrap: str, prefix: str) -> None:
    Bridge(Inboxes(bootstrap, prefix), CutOff(bootstrap), Crossing(prefix, read_enveloped)).run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
