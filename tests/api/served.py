"""The API over the twins in memory, on a real socket: started, stopped and started again on the same port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from hub.listening import PATIENCE
from hub.serving import Server
from tests.api.conftest import Hub
from tests.waiting import until


class Served:
    """One process' API, in a thread. `url` is where it listens."""

    def __init__(self, hub: Hub, port: int = 0, patience: float = PATIENCE) -> None:
        settings = {"host": "127.0.0.1", "port": port, "log_level": "warning", "ws": "none", "timeout_graceful_shutdown": 10}
        self._server = Server(uvicorn.Config(hub.app, **settings), hub.streams.stop, patience)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        until(lambda: self._server.started)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self) -> float:
        """Stop as SIGTERM would; how many seconds it took."""
        began = time.monotonic()
        self._server.should_exit = True
        self._thread.join()
        return time.monotonic() - began


@contextmanager
def served(hub: Hub, port: int = 0, patience: float = PATIENCE) -> Iterator[Served]:
    running = Served(hub, port, patience)
    try:
        yield running
    finally:
        running.stop()
