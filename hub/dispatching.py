"""Root of the dispatcher. As long as no channel is there it looks on, and tells what a channel would have to carry."""

from connectors.inbound.log import Log, LogRecord
from hub.dispatch.due import Board
from hub.dispatch.following import Following
from hub.stopping import told_to_stop
from hub.wiring import Wiring
from schemas.errors import MalformedMessage
from schemas.messages import LayoffAlert
from schemas.topics import ALERTS, outbox_owner
from schemas.wire import read


def dispatch(wiring: Wiring) -> None:
    """Follow the alerts until asked to stop."""
    with told_to_stop() as stop:
        Following(wiring.bootstrap, wiring.prefix).run(stop)


def waiting(wiring: Wiring) -> Board:
    """What waits at this moment, read from the log itself."""
    log, board = Log(wiring.bootstrap, wiring.prefix), Board()
    try:
        outboxes = [name for name in log.topics() if outbox_owner(name)]
        starts = log.starts(outboxes)
        for place, end in log.ends(outboxes).items():
            board.outbox(outbox_owner(place[0]) or "", starts[place], end)
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
