"""Root of the dispatcher: it tells agencies' endpoints and addresses what stands in their outboxes, and fires clocks.

It also purges once a day, empties outboxes whose agencies may see less than before, and says which alerts nobody is told of. What
stands there for each agency it tells when it is asked.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime
from functools import partial

import structlog

from connectors.inbound.log import Log, LogRecord
from hub.agents.hand import day_of
from hub.core.registry import Registry
from hub.dispatch.again import Again
from hub.dispatch.choosing import Choosing
from hub.dispatch.clocks import Clocks
from hub.dispatch.due import Board
from hub.dispatch.following import Following
from hub.dispatch.inheriting import hand_over
from hub.dispatch.replaying import Replaying
from hub.dispatch.webhooks import Webhooks
from hub.kafka_doors import KafkaDoors
from hub.mailing import Rights, mail_runs
from hub.narrowing import Narrowing
from hub.stopping import told_to_stop
from hub.wiring import Wiring
from schemas.errors import HubError, MalformedMessage, NotReady
from schemas.messages import LayoffAlert
from schemas.topics import ALERTS, outbox_owner
from schemas.wire import read

log = structlog.get_logger()
Run = Callable[[threading.Event], None]

REGISTRY_WITHIN = 10.0
"""Seconds in which endpoints wait for the first look at the registry."""
LOOKS_EACH = 1.0
AGAIN_AFTER = 60.0
"""Seconds after which it is tried again where settings hinder that endpoints are told."""


def dispatch(wiring: Wiring) -> None:
    """Tell endpoints, fire clocks, follow the alerts, and what comes again and again, until asked to stop."""
    clocks = Clocks(wiring.bootstrap, wiring.publisher, lambda: datetime.now(UTC), wiring.prefix)
    try:
        with ExitStack() as beside:
            stop = beside.enter_context(told_to_stop())
            rights = partial(_rights, wiring)
            runs: list[Run] = [clocks.run, partial(_tell_endpoints, wiring, rights), partial(end_when_lost, wiring.follower.lost)]
            runs += mail_runs(wiring, rights, partial(datetime.now, UTC))
            runs += [one.run for one in _again(wiring)]
            for run in runs:
                beside.enter_context(_beside(run, stop))
            Following(wiring.bootstrap, wiring.prefix, lambda agency: _has_endpoint(wiring, agency)).run(stop)
    finally:
        wiring.publisher.close()


def _again(wiring: Wiring) -> Iterator[Again]:
    """What comes again and again: the purge once a day, a look at rights every few seconds, at users on Kafka each minute."""

    def purged(stop: threading.Event) -> bool:
        log.info("purged", **wiring.purge().run(datetime.now(UTC).date(), "hub", stop))
        return True

    def today() -> date:
        return day_of(datetime.now(UTC))

    narrowing, doors = Narrowing(wiring, today), KafkaDoors(wiring)
    yield Again("the purge", purged, 86_400.0, 600.0)
    yield Again("the emptying of outboxes", lambda stop: narrowing.look(stop).is_done, 5.0, 60.0)
    yield Again("the end of users on Kafka", lambda stop: doors.sweep(today, stop), 60.0, 60.0)
    rights = partial(_rights, wiring)
    yield Again("the hand-over of subscriptions", lambda stop: hand_over(wiring.subscriptions, rights, stop), 60.0, 60.0)


def _rights(wiring: Wiring) -> tuple[Registry, date]:
    return wiring.followed_registry(), day_of(datetime.now(UTC))


def _tell_endpoints(wiring: Wiring, rights: Rights, stop: threading.Event) -> None:
    """Without a database clocks are fired all the same, and it tries again. A copy of a newer version ends the process."""
    with suppress(NotReady):
        wiring.follower.start(REGISTRY_WITHIN)
    try:
        while (made := _webhooks(wiring, rights)) is None:
            if stop.wait(AGAIN_AFTER):
                return
        made.run(stop)
    finally:
        wiring.follower.close()


def end_when_lost(lost: Callable[[], str | None], stop: threading.Event) -> None:
    """Until `stop` is set. NotReady once the registry is no longer followed: only the next process begins to follow it again.

    `lost` tells why it is not. A broker that says nothing for a while is enough; endpoints would then wait for ever.
    """
    while not stop.wait(LOOKS_EACH):
        if reason := lost():
            raise NotReady(f"the registry is no longer followed ({reason}): start the dispatcher again, `hub up` does so")


def _webhooks(wiring: Wiring, rights: Rights) -> Webhooks | None:
    """None where settings are missing."""
    now = partial(datetime.now, UTC)
    try:
        choosing = Choosing(wiring.subscriptions.standing, rights)
        deliveries, outboxes = wiring.deliveries(), wiring.outboxes()
        replaying = Replaying(wiring.replaying(deliveries.holder), outboxes, choosing, rights, now)
        reads = (deliveries, outboxes, wiring.webhook, wiring.publisher)
        return Webhooks(*reads, rights, choosing, now, wiring.prefix, replaying=replaying)
    except HubError as error:
        log.error("no endpoint is told", error=error.detail)
        return None


def _has_endpoint(wiring: Wiring, agency: str) -> bool:
    """Whether somebody tells it by a webhook or by mail; nobody does where it is no active partner."""
    if wiring.partners.state(agency) != "active":
        return False
    mailed = wiring.mailboxes.of(agency) if wiring.settings.mail.host else []
    by_mail = any(one.told.state == "active" and one.gets == "notices" for one in mailed)
    return by_mail or any(info.state == "active" for info in wiring.endpoints.of(agency))


@contextmanager
def _beside(run: Run, stop: threading.Event) -> Iterator[None]:
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
