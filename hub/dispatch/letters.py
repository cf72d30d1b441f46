"""The hub's own mails: to confirm an address, and to warn an agency of what is about to end or has been paused.

Each is noted when it was sent, and sent once to each address; what fails is tried again as any event is, for three days.
"""

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from hub.core.mail.letters import Letter, of_a_pause, of_an_ending, to_confirm
from hub.core.mail.tokens import CONFIRM_WITHIN, token
from hub.core.mail.warnings import Ending, Warned, warnings
from hub.core.mail.writing import Language
from hub.mail_ports import Addressee, Letters, Mailer

log = structlog.get_logger()


class OwnLetters:
    """`mailer` makes the sender, inside the loop that it works in. `link`: the hub's public address; `secret`: that of tokens."""

    def __init__(
        self,
        letters: Letters,
        mailer: Callable[[], Mailer],
        name: Callable[[str, Language], str],
        link: str,
        secret: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._letters = letters
        self._mailer = mailer
        self._name = name
        self._link = link.rstrip("/")
        self._secret = secret
        self._now = now

    def look(self, stop: threading.Event) -> bool:
        """Send what is to be said now. True when all of it was tried, whatever came of it; NotReady without the database."""
        wanted = {(letter.id, to.mailbox): (letter, to) for letter, to in self._wanted()}
        ours = self._letters.claim(wanted.keys())
        if ours and not stop.is_set():
            asyncio.run(self._send([pair for name, pair in wanted.items() if name in ours], stop))
        return True

    def _wanted(self) -> Iterator[tuple[Letter, Addressee]]:
        """All that is to be said at this moment, said before or not."""
        for one in self._letters.unconfirmed():
            yield self._confirming(one), one
        warned = self._letters.warned()
        for warning in warnings(self._letters.endings(), self._letters.paused(), self._now()) if warned else ():
            for one in (one for one in warned if one.agency == warning.agency):
                yield _warning(warning, one.writing.language), one

    def _confirming(self, to: Addressee) -> Letter:
        given = token(self._secret, "confirm", to.mailbox, self._now() + CONFIRM_WITHIN)
        language = to.writing.language
        return to_confirm(to.mailbox, self._name(to.agency, language), f"{self._link}/v1/mail/confirm/{given}", language)

    async def _send(self, letters: list[tuple[Letter, Addressee]], stop: threading.Event) -> None:
        mailer = self._mailer()
        for letter, to in letters:
            if stop.is_set():
                break
            may_stop = None if letter.id.startswith("confirm/") else to.mailbox
            answer = await mailer.send(to.writing.address, letter, self._now(), may_stop)
            chance = random.random()  # noqa: S311 - spreads attempts
            await asyncio.to_thread(self._letters.sent, letter.id, to.mailbox, answer, chance)
            log.info("a mail of the hub's own", letter=letter.id, mailbox=to.mailbox, outcome=answer.outcome, code=answer.code)
        await mailer.close()


def _warning(warning: Warned, language: Language) -> Letter:
    about = warning.about
    if isinstance(about, Ending):
        return of_an_ending(warning.id, about.what, about.name, about.label, about.ends, language)
    return of_a_pause(warning.id, about.what, about.name, about.why, about.since, language)
