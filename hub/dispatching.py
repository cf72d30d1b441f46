"""Root of the dispatcher: it fires clocks, purges once a day and empties outboxes whose agencies may see less than before.

As long as no channel is there it looks on at alerts.

What waits for a channel it tells when it is asked.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

from connectors.inbound.log import Log, LogRecord
from hub.agents.hand import day_of
from hub.dispatch.clocks import Clocks
from hub.dispatch.daily import Daily
from hub.dispatch.due import Board
from hub.dispatch.following import Following
from hub.dispatch.rights import Rights
from hub.narrowing import Narrowing
from hub.stopping import told_to_stop
from hub.wiring import Wiring
from schemas.errors import MalformedMessage
from schemas.messages import LayoffAlert
from schemas.topics import ALERTS, outbox_owner
from schemas.wire import read


def dispatch(wiring: Wiring) -> None:
    """Fire clocks, purge, empty outboxes whose rights were narrowed, and follow the alerts, until asked to stop."""
    daily = Daily(lambda day, stop: wiring.purge().run(day, "hub", stop), lambda: datetime.now(UTC))
    clocks = Clocks(wiring.bootstrap, wiring.publisher, lambda: datetime.now(UTC), wiring.prefix)
    narrowing = Narrowing(wiring, lambda: day_of(datetime.now(UTC)))
    rights = Rights(lambda stop: narrowing.look(stop).is_done)
    try:
        with told_to_stop() as stop, _beside(clocks.run, stop), _beside(daily.run, stop), _beside(rights.run, stop):
            Following(wiring.bootstrap, wiring.prefix).run(stop)
    finally:
        wiring.publisher.close()


@contextmanager
def _beside(run: Callable[[threading.Event], None], stop: threading.Event) -> Iterator[None]:
    """Runs in a thread of its own until `stop` is set; if one of the two ends, so does the other."""
    with ThreadPoolExecutor(1, "beside") as pool:
        running = pool.submit(run, stop)
        running.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            stop.set()
        running.result()


def waiting(wiring: Wiring) -> Board:
    """What waits at this moment, read from the log itself."""
    log, board = Log(wiring.bootstrap, wiring.prefix), Board()
    outboxes = [name for name in log.topics() if outbox_owner(name)]
    starts = log.starts(outboxes)
    for place, end in log.ends(outboxes).items():
        board.outbox(outbox_owner(place[0]) or "", starts[place], end)
    for record in log.read([ALERTS.name]):
        _take(board, record)
    return board


def _take(board: Board, record: LogRecord) -> None:
    """What is no alert is passed over: the projector has it among the dead letters."""
    try:
        board.alert(read(LayoffAlert, record.value, record.headers))
    except MalformedMessage:
        return
