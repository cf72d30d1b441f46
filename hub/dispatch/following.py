"""Follows alerts.layoff and says of each alert whose agency has no endpoint that somebody has to read it. Nothing is sent here.

The position (offsets of the group `hub.dispatch`) says up to where alerts were looked at, not that any was delivered: endpoints
are told from `work.positions`, which knows nothing of this group.
"""

import threading
from collections.abc import Callable
from typing import cast

import structlog
from confluent_kafka import Consumer, KafkaException, Message

from hub.dispatch.consuming import cannot_read, settings
from hub.dispatch.due import CHANNELS
from schemas.errors import HubError, MalformedMessage
from schemas.messages import LayoffAlert
from schemas.topics import ALERTS
from schemas.wire import read

log = structlog.get_logger()

GROUP = "hub.dispatch"
WAIT = 0.5


class Following:
    """One reader of the alerts. `reached` says whether an agency has an endpoint that is told."""

    def __init__(self, bootstrap: str, prefix: str, reached: Callable[[str], bool]) -> None:
        self._reached = reached
        self._consumer = Consumer(settings(bootstrap, prefix + GROUP, "hub-dispatch"))
        self._consumer.subscribe([prefix + ALERTS.name])
        self.told = 0

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        log.info("the dispatcher works", channels=CHANNELS)
        try:
            while not stop.is_set():
                self.step()
        finally:
            self.close()
            log.info("the dispatcher has stopped", told=self.told)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def step(self) -> None:
        """Tell of the next alert, where there is one."""
        message = self._consumer.poll(WAIT)
        if message is None:
            return
        if (error := message.error()) is not None:
            cannot_read("alerts", error)
            return
        self._tell(message)
        self.told += 1
        self._note(message)

    def _note(self, message: Message) -> None:
        try:
            self._consumer.commit(message=message, asynchronous=False)
        except KafkaException as error:
            log.warning("the position is not noted yet; after a restart alerts are told of again", error=error.args[0].name())

    def _tell(self, message: Message) -> None:
        """By ids and times alone."""
        where = {"partition": message.partition(), "offset": message.offset()}
        try:
            headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
            alert = read(LayoffAlert, message.value(), headers)
        except MalformedMessage as error:
            log.warning("this is no alert; the projector has it among the dead letters", detail=error.detail, **where)
            return
        if not self._is_reached(alert.agency):
            named = {"agency": alert.agency, "event_id": alert.event_id, "since": alert.received_at.isoformat()}
            log.info("an alert is due, and its agency has no endpoint", **named, **where)

    def _is_reached(self, agency: str) -> bool:
        try:
            return self._reached(agency)
        except HubError:  # the database is away: rather told once too often
            return False
