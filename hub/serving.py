"""Root of the API: adapters put in, served by uvicorn on 127.0.0.1 until SIGTERM.

Started again it refuses no request: whoever started it (the supervisor, systemd) holds the listening socket, in which
connections wait for the next process; and the one that ends answers all that it was asked, telling each client not to ask
again on the same connection.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import structlog
import uvicorn

from api.acting import Acting
from api.app import SERVING, create_app
from api.confirming import Confirming
from api.dependencies import MailParts, ReplayParts, Webhooks
from api.events import Streams
from api.partnering import Partnering
from api.subscribing import Subscribing
from hub.agents.hand import day_of
from hub.lasting import settle
from hub.listening import PATIENCE, limit
from hub.wiring import Wiring
from schemas.topics import Topic

log = structlog.get_logger()
REGISTRY_WITHIN = 60.0
LEAVE_WITHIN = 2.0
"""Seconds in which clients on open connections ask once more and are told to leave; who says nothing is closed then."""
_FIRST_GIVEN = 3


class Server(uvicorn.Server):
    """Closes no connection on which a client may just be asking something: each ends with an answer that says so.

    `leave` is called when the end begins, for answers that would go on. `patience`: seconds a client may take nothing.
    """

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None] = lambda: None, patience: float = PATIENCE) -> None:
        super().__init__(config)
        self._leave = leave
        self._patience = patience

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; each connection has the limits of the socket that it came in by."""
        await super().startup(sockets)
        for listening in (one for server in self.servers for one in server.sockets):
            limit(listening, self._patience)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, let those that are open run out, then shut down as ever."""
        self._leave()
        for server in self.servers:
            server.close()
        # The list itself: answers that are under way read it when they begin.
        self.server_state.default_headers.append((b"connection", b"close"))
        before = self._unsent()
        leave_at = asyncio.get_running_loop().time() + LEAVE_WITHIN
        while self.server_state.connections and asyncio.get_running_loop().time() < leave_at:  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.05)
        for connection, unsent in self._unsent().items():
            if unsent and unsent == before.get(connection):  # takes nothing of its answer: nobody waits for that
                connection.transport.abort()
        await super().shutdown(sockets)

    def _unsent(self) -> dict[Any, int]:
        """The bytes that wait for each client."""
        return {one: one.transport.get_write_buffer_size() for one in self.server_state.connections if one.transport}


def given_sockets() -> list[socket.socket] | None:
    """The listening sockets that were handed on to this process (systemd's LISTEN_FDS); None where there are none."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = int(os.environ.get("LISTEN_FDS", "0"))
    given = [socket.socket(fileno=number) for number in range(_FIRST_GIVEN, _FIRST_GIVEN + count)]
    for listening in given:  # now: who comes before this process is ready has the limits of this moment
        limit(listening)
    return given or None


def serve(wiring: Wiring, port: int, host: str = "127.0.0.1") -> None:
    """Serve until asked to stop, on the socket that was handed on, else on that port."""
    wiring.follower.start(REGISTRY_WITHIN)

    def name(topic: Topic) -> str:
        return wiring.prefix + topic.name

    streams = Streams()

    def today() -> date:
        return day_of(datetime.now(UTC))

    reading = wiring.reading(wiring.follower.current, today)
    app = create_app(
        wiring.publisher,
        wiring.keys,
        reading,
        Webhooks(wiring.endpoints, wiring.webhook(), wiring.opened_networks()),
        name,
        checks={"kafka": wiring.publisher.ready, "registry": wiring.follower.lost},
        backlog=wiring.intake_lag,
        streams=streams,
        partners=Partnering(wiring.partners, wiring.follower.current, lambda: datetime.now(UTC), today),
        mail=MailParts(wiring.mailboxes, wiring.mail_secret()) if wiring.settings.mail.host else None,
        subscribing=Subscribing(wiring.subscriptions, reading, wiring.follower.current, today),
        acting=Acting(wiring.followed_registry, today, wiring.audit().record, wiring.partners.state, wiring.security_servers()),
        replaying=ReplayParts(wiring.replays, wiring.settings.webhooks.replays_per_second),
        confirming=Confirming(wiring.confirmed(), wiring.partner_groups(), lambda: datetime.now(UTC)),
    )
    settle()
    if wiring.security_servers().trusts_addresses:
        log.warning("X-Road is believed by address alone: a proxy in such a network needs HUB_XROAD__SECRET")
    settings: dict[str, Any] = {"host": host, "port": port, "log_level": "warning", **SERVING}
    try:
        Server(uvicorn.Config(app, **settings), streams.stop).run(given_sockets())
    finally:
        wiring.publisher.close()
        wiring.follower.close()
