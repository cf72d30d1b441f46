"""One attempt to tell an address something by SMTP. What came of it is a value, whatever the server does.

Each mail has a connection of its own: rather a greeting more than a state shared. Of many that are to go at once so many go
beside each other, the others wait; a server that hangs costs nobody but mail.
"""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Literal, cast

import aiosmtplib
from aiosmtplib import errors

from connectors.outbound.message import message_of
from hub.core.answers import Answer
from hub.core.mail import replies
from hub.core.mail.letters import Letter, Place, about
from hub.core.mail.tokens import token
from hub.mail_ports import Mailer, MailTarget
from hub.ports import Target, Told

Tls = Literal["starttls", "tls", "none"]
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server that takes our mails, how we sign in there, and from which address they come."""

    host: str
    port: int
    sender: str
    tls: Tls = "starttls"
    user: str | None = None
    password: str | None = None
    seconds: float = 30.0


class Mail:
    """The sender. `link`: the hub's public address; `secret`: that of tokens in links; `trust`: whose certificates hold."""

    def __init__(self, server: Server, link: str, secret: bytes, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._place = Place(link.rstrip("/"))
        self._secret = secret
        self._trust = trust or ssl.create_default_context()
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def attempt(self, target: Target, told: Told, at: datetime) -> Answer:
        """Tell an address of what `told.data` shows (hub.core.mail.showing)."""
        here = cast("MailTarget", target)
        letter = about(told.data["shown"], here.writing.language, self._place)
        return await self.send(here.writing.address, letter, at, here.id)

    async def send(self, address: str, letter: Letter, at: datetime, stop: str | None = None) -> Answer:
        """A letter; `stop`: the id of the address, where it may stop such letters."""
        link = None if stop is None else f"{self._place.link}/v1/mail/stop/{token(self._secret, 'stop', stop)}"
        answer, _ = await self.hand_over(message_of(letter, self._server.sender, address, at, link), address)
        return answer

    async def hand_over(self, message: EmailMessage, address: str) -> tuple[Answer, str]:
        """Give the server a message; what came of it, and what the server said, for whoever runs the hub."""
        async with self._room:
            try:
                async with asyncio.timeout(self._server.seconds):
                    return replies.TAKEN, await self._deliver(message, address)
            except (TimeoutError, errors.SMTPTimeoutError):
                return replies.NO_ANSWER, ""
            except errors.SMTPRecipientsRefused as error:
                refused = error.recipients[0]
                return replies.to_recipient(refused.code, refused.message), f"{refused.code} {refused.message}"
            except errors.SMTPResponseException as error:
                return replies.to_the_rest(error.code), f"{error.code} {error.message}"
            except (errors.SMTPException, OSError, ValueError) as error:
                return _failure(error), f"{type(error).__name__}: {error}"

    async def close(self) -> None:
        """No connection outlives its mail."""

    async def _deliver(self, message: EmailMessage, address: str) -> str:
        server = self._server
        how = {"use_tls": server.tls == "tls", "start_tls": server.tls == "starttls", "tls_context": self._trust}
        client = aiosmtplib.SMTP(hostname=server.host, port=server.port, timeout=server.seconds, **how)  # type: ignore[arg-type]
        try:
            await client.connect()
            if server.user is not None:
                await client.login(server.user, server.password or "")
            _, said = await client.sendmail(server.sender, [address], message.as_bytes())
            return said
        finally:
            client.close()


_: type[Mailer] = Mail


def _failure(error: BaseException) -> Answer:
    """Also where the failure of TLS stands behind the one of the connection."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError | ssl.CertificateError):
            return replies.BROKEN_TLS
        seen = seen.__cause__ or seen.__context__
    if type(error) in (errors.SMTPException, errors.SMTPNotSupported):  # so it says that there is no STARTTLS, or no AUTH
        return replies.NOT_OFFERED
    lost = isinstance(error, errors.SMTPConnectError | errors.SMTPServerDisconnected | OSError)
    return replies.NO_SERVER if lost else replies.NO_MAIL
