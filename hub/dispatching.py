"""Root of the dispatcher. As long as no channel is there it looks on, and tells what a channel would have to carry."""

import signal
import threading

from connectors.inbound.log import Log, LogRecord
from hub.dispatch.due import Board
from hub.dispatch.following import Following
from hub.wiring import Wiring
from schemas.errors import MalformedMessage
from schemas.messages import LayoffAlert
from schemas.topics import ALERTS
from schemas.wire import read

_BEFORE, _AFTER = "agency.", ".outbox"


def dispatch(wiring: Wiring) -> None:
    """Follow the alerts until asked to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Following(wiring.bootstrap, wiring.prefix).run(stop)


def waiting(wiring: Wiring) -> Board:
    """What waits at this moment, read from the log itself."""
    log, board = Log(wiring.bootstrap, wiring.prefix), Board()
    try:
        outboxes = [name for name in log.topics() if name.startswith(_BEFORE) and name.endswith(_AFTER)]
        starts = log.starts(outboxes)
        for place, end in log.ends(outboxes).items():
            board.outbox(place[0].removeprefix(_BEFORE).removesuffix(_AFTER), starts[place], end)
        for record in log.read([ALERTS.name]):
            _take(board, record)
        return board
    finally:
        log.close()


def _take(board: Board, record: LogRecord) -> None:
    """What is no alert is passed over: the projector has it among the dead letters."""
    try:
        board.alert(read(LayoffAlert, record.value, record.headers))
    except MalformedMessage:
        return
