"""A real mail server for tests: takes what it is sent over SMTP, and answers as a test tells it to."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK = "250 OK"


@dataclass
class MailServer:
    """What came. `recipient`, `data`: its replies to RCPT TO and to the message, which a test may change at any time.

    `drop`: it breaks the connection in place of a reply to the message.
    """

    port: int = 0
    recipient: str = OK
    data: str = OK
    drop: bool = False
    got: list[tuple[str, EmailMessage]] = field(default_factory=list)
    """To each recipient of each message."""

    raw: list[bytes] = field(default_factory=list)
    """The messages, byte for byte."""

    tried: int = 0

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802
        self.tried += 1
        if self.recipient == OK:
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drop:
            cast("Any", server).transport.abort()
            return OK
        if self.data == OK:
            self.raw.append(cast("bytes", envelope.original_content))
            parsed = message_from_bytes(self.raw[-1], policy=policy.default)
            self.got.extend((recipient, cast("EmailMessage", parsed)) for recipient in envelope.rcpt_tos)
        return self.data

    def wait(self, count: int, within: float = 20.0) -> list[EmailMessage]:
        """The first that came, as soon as there are so many."""
        until = time.monotonic() + within
        while len(self.got) < count and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.got) >= count, f"{len(self.got)} of {count} came"
        return [message for _, message in self.got[:count]]

    def to(self, address: str) -> list[EmailMessage]:
        """What came for that address."""
        return [message for recipient, message in self.got if recipient == address]


class _OnAnyPort(Controller):
    def _trigger_server(self) -> None:
        """On port 0 the controller looks for itself where it listens, before it says that it does."""
        self.port = cast("Any", self).server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None, **more: Any) -> Iterator[MailServer]:
    """On a port of its own, in a thread; with TLS and a login, it takes nothing before both."""
    here = MailServer(**more)

    def may(_: SMTP, __: Session, ___: Envelope, ____: str, given: Any) -> AuthResult:
        said = (given.login.decode(), given.password.decode()) if isinstance(given, LoginPassword) else None
        return AuthResult(success=said == login, handled=False)

    how = {"tls_context": tls, "require_starttls": tls is not None, "authenticator": may, "auth_required": login is not None}
    controller = _OnAnyPort(here, hostname="127.0.0.1", port=0, **how)
    controller.start()
    here.port = controller.port
    try:
        yield here
    finally:
        controller.stop()


def texts(message: EmailMessage) -> str:
    """All that a reader of the mail can see: every header and both bodies, decoded."""
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return "\n".join([*(f"{name}: {value}" for name, value in message.items()), *parts])
