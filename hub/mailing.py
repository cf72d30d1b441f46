"""Mail in the dispatcher: addresses are told what comes into outboxes, and the hub's own letters go. Each in a thread of its own.

Without a mail server in the settings there is none of it.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime

import structlog

from hub.core.mail.words import named
from hub.core.mail.writing import Language
from hub.core.registry import Registry
from hub.dispatch.again import Again
from hub.dispatch.choosing import Choosing
from hub.dispatch.letters import OwnLetters
from hub.dispatch.mail import MAIL
from hub.dispatch.webhooks import Webhooks
from hub.wiring import Wiring
from schemas.errors import HubError, NotReady

log = structlog.get_logger()

LOOK_EACH = 5.0
"""Seconds between two looks for letters: who has registered an address waits for one."""
Rights = Callable[[], tuple[Registry, date]]
Now = Callable[[], datetime]


def mail_runs(wiring: Wiring, rights: Rights, now: Now) -> Iterator[Callable[[threading.Event], None]]:
    """What runs until it is told to stop. Where settings are missing that is said, and all else goes on without mail."""
    if wiring.settings.mail.host is None:
        return
    try:
        wiring.mail()
    except HubError as error:
        log.error("no mail is sent", error=error.detail)
        return
    yield _telling(wiring, rights, now).run
    yield Again("the hub's own mail", _own_letters(wiring, rights, now).look, LOOK_EACH, LOOK_EACH).run


def _telling(wiring: Wiring, rights: Rights, now: Now) -> Webhooks:
    choosing = Choosing(wiring.subscriptions.standing, rights)
    reads = (wiring.deliveries("mail"), wiring.outboxes(), wiring.mail, wiring.publisher)
    return Webhooks(*reads, rights, choosing, now, wiring.prefix, MAIL)


def _own_letters(wiring: Wiring, rights: Rights, now: Now) -> OwnLetters:
    def name(agency: str, language: Language) -> str:
        """Its id, where the registry cannot be asked now."""
        try:
            found = rights()[0].agency(agency)
        except NotReady:
            return agency
        return agency if found is None else named(found.names, language)

    secret = wiring.mail_secret()
    return OwnLetters(wiring.letters(), wiring.mail, name, wiring.mail_link(), secret, now)
