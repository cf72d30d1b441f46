"""Addresses of mail in memory: hub.mail_ports.Mailboxes over the twin of webhooks, whose dispatcher's side it shares."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.memory.endpoints import MemoryEndpoints
from hub.core.mail.writing import Writing
from hub.mail_ports import Gets, Mailboxes, MailboxInfo, MailTarget
from hub.ports import Page, Target
from schemas.errors import Conflict, Unknown


class _Told(MemoryEndpoints):
    """The dispatcher's side: endpoints that are called by how they are written to."""

    def __init__(self, now: Callable[[], datetime], most: int) -> None:
        super().__init__(now, most)
        self.writings: dict[str, Writing] = {}

    def target(self, agency: str, endpoint: str) -> Target:
        """Where it is written to, and how."""
        found = super().target(agency, endpoint)
        return MailTarget(found.url, found.mode, (), endpoint, self.writings[endpoint])


class MemoryMailboxes:
    """`told` is what a dispatcher of mail works on."""

    def __init__(self, now: Callable[[], datetime], most: int = 20) -> None:
        self.told = _Told(now, most)
        self._gets: dict[str, Gets] = {}
        self._now = now

    def add(self, agency: str, gets: Gets, writing: Writing, subscription: str | None = None) -> MailboxInfo:
        """A new address, told nothing until it is confirmed."""
        if any((one.gets, one.writing.address.lower()) == (gets, writing.address.lower()) for one in self.of(agency)):
            raise Conflict("your agency has this address already: each event would be told twice")
        info, _ = self.told.add(agency, secrets.token_hex(8), "structured", subscription)
        name = f"mb_{info.id.removeprefix('ep_')}"
        kept = self.told.kept.pop(info.id)
        kept.info = replace(info, id=name, state="new")
        self.told.kept[name], self.told.writings[name], self._gets[name] = kept, writing, gets
        return self.get(agency, name)

    def of(self, agency: str) -> list[MailboxInfo]:
        """All that are not closed, oldest first."""
        return [self.get(agency, info.id) for info in self.told.of(agency)]

    def get(self, agency: str, mailbox: str) -> MailboxInfo:
        """One of them, closed or not."""
        return MailboxInfo(self.told.get(agency, mailbox), self._gets[mailbox], self.told.writings[mailbox])

    def change(self, agency: str, mailbox: str, writing: Writing) -> MailboxInfo:
        """Another language or digest."""
        if self.get(agency, mailbox).told.state == "closed":
            raise Unknown("your agency has no such address, or it is closed")
        self.told.writings[mailbox] = writing
        kept = self.told.kept[mailbox]
        for event in kept.waiting():
            kept.events[event.event_id] = (replace(event, due=self._now()), "waiting")
        return self.get(agency, mailbox)

    def pause(self, agency: str, mailbox: str) -> MailboxInfo:
        """Nothing is sent to it until it is resumed."""
        self.told.pause(agency, self._confirmed(agency, mailbox))
        return self.get(agency, mailbox)

    def resume(self, agency: str, mailbox: str) -> MailboxInfo:
        """It is told on from where it stopped."""
        self.told.resume(agency, self._confirmed(agency, mailbox))
        return self.get(agency, mailbox)

    def close(self, agency: str, mailbox: str) -> None:
        """It is told nothing any more."""
        self.told.close(agency, mailbox)

    def attempts(self, agency: str, mailbox: str, cursor: str | None, limit: int) -> Page:
        """Each mail and what came of it, newest first."""
        return self.told.attempts(agency, mailbox, cursor, limit)

    def confirm(self, mailbox: str) -> bool:
        """It is told what comes from now on."""
        if mailbox in self.told.kept and self._state(mailbox) == "new":
            self._become(mailbox, state="active", made=self._now())
        return mailbox in self.told.kept and self._state(mailbox) != "closed"

    def stop(self, mailbox: str) -> None:
        """Whoever reads mail there wants no more."""
        if mailbox in self.told.kept and self._state(mailbox) != "closed":
            self._become(mailbox, state="closed", why="unsubscribed")

    def _state(self, mailbox: str) -> str:
        return self.told.kept[mailbox].info.state

    def _become(self, mailbox: str, **changes: Any) -> None:
        kept = self.told.kept[mailbox]
        kept.info = replace(kept.info, since=self._now(), **changes)

    def _confirmed(self, agency: str, mailbox: str) -> str:
        if self.get(agency, mailbox).told.state == "new":
            raise Unknown("the address is not confirmed yet: whoever reads mail there follows the link that was sent")
        return mailbox


_: type[Mailboxes] = MemoryMailboxes
