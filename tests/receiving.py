"""An agency's endpoint as tests need it: a real socket that takes what it is sent, and answers as it is told, well or badly."""

import base64
import hmac
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TLS = Path(__file__).parent / "data/tls"
TOLERANCE = 300


@dataclass(frozen=True, slots=True)
class Received:
    """One request; names of headers in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """A structured event."""
        found: dict[str, Any] = json.loads(self.body)
        return found


Answering = Callable[[socket.socket, Received], bool]
"""Writes what it likes to the socket; whether another request may come on it."""


def says(status: int = 204, body: bytes = b"", **headers: str) -> Answering:
    """An ordinary answer; `retry_after` is the header Retry-After."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *lines, "", ""]).encode()

    def answer(connection: socket.socket, _: Received) -> bool:
        connection.sendall(head + body)
        return True

    return answer


def sends(*parts: bytes, pause: float = 0.0, for_ever: bool = False) -> Answering:
    """These bytes, with a pause between them; the last again and again until nobody listens."""

    def answer(connection: socket.socket, _: Received) -> bool:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        while for_ever:
            connection.sendall(parts[-1])
            time.sleep(pause)
        return False

    return answer


@dataclass
class Receiver:
    """What came, and how it is answered: by `answering`, which a test may change at any time."""

    port: int = 0
    answering: Answering = field(default_factory=says)
    got: list[Received] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait(self, count: int, within: float = 10.0) -> list[Received]:
        """The first that came, as soon as there are so many."""
        until = time.monotonic() + within
        while len(self.got) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.got) >= count, f"{len(self.got)} of {count} came"
        return self.got[:count]


@contextmanager
def receiver(answering: Answering | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a port of its own, in threads."""
    here = Receiver(answering=answering or says())

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            here.connections += 1
            _serve(here, self.request, tls)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 128
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        here.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()


def _serve(here: Receiver, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    try:
        plain = tls.wrap_socket(connection, server_side=True) if tls else connection
        with plain.makefile("rb") as incoming:
            while request := _request(incoming):
                here.got.append(request)
                if not here.answering(plain, request):
                    return
    except OSError:  # the other side went away
        return


def _request(incoming: Any) -> Received | None:
    first = incoming.readline()
    if not first:
        return None
    headers: dict[str, str] = {}
    while (line := incoming.readline().strip()) != b"":
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = incoming.read(length)
    if len(body) < length:  # whoever called was killed in the middle
        return None
    return Received(first.split()[1].decode(), headers, body, time.time())


def server_tls() -> ssl.SSLContext:
    """As `webhook.test`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "webhook.test.pem", TLS / "webhook.test.key")
    return context


def client_tls() -> ssl.SSLContext:
    """Trusts the certificate of the tests, and checks names as ever."""
    return ssl.create_default_context(cafile=str(TLS / "webhook.test.pem"))


def is_signed(secret: str, headers: dict[str, str], body: bytes, now: float) -> bool:
    """What a receiver checks, as the specification of Standard Webhooks has it."""
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(now - int(stamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{stamp}.".encode() + body
    wanted = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    given = (part.partition(",") for part in headers.get("webhook-signature", "").split(" "))
    return any(version == "v1" and hmac.compare_digest(found, wanted) for version, _, found in given)
