"""What the hub needs from outside for mail, beside hub.ports: an address is an endpoint of another kind."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from hub.core.answers import Answer
from hub.core.mail.letters import Letter
from hub.core.mail.warnings import Ending, Paused
from hub.core.mail.writing import Writing
from hub.ports import EndpointInfo, Page, Posting, Target

Gets = Literal["notices", "warnings"]
"""What an address is for: what comes into its agency's outbox, or what is wrong with keys, users on Kafka and endpoints."""


@dataclass(frozen=True, slots=True)
class MailTarget(Target):
    """An address that is told: its id, by which it can stop that, and how it is written to."""

    id: str
    writing: Writing


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """An address as its agency sees it. `told` is how it does, as of any endpoint; its state may be `new`: not confirmed."""

    told: EndpointInfo
    gets: Gets
    writing: Writing


class Mailboxes(Protocol):
    """An agency's addresses, as it manages them itself. Whatever is another agency's is Unknown to it."""

    def add(self, agency: str, gets: Gets, writing: Writing, subscription: str | None = None) -> MailboxInfo:
        """A new address, told nothing until it is confirmed. Conflict where the agency has it, or as many as it may have.

        TooMuch where the agency has asked so many addresses in a day.
        """

    def of(self, agency: str) -> list[MailboxInfo]:
        """All that are not closed, oldest first."""

    def get(self, agency: str, mailbox: str) -> MailboxInfo:
        """One of them, closed or not. Unknown where there is none."""

    def change(self, agency: str, mailbox: str, writing: Writing) -> MailboxInfo:
        """Another language or digest, from the next mail on; what waits for the digest of before goes at once."""

    def pause(self, agency: str, mailbox: str) -> MailboxInfo:
        """Nothing is sent to it until it is resumed. Unknown where it is not confirmed."""

    def resume(self, agency: str, mailbox: str) -> MailboxInfo:
        """It is told on from where it stopped. Unknown where it is not confirmed."""

    def close(self, agency: str, mailbox: str) -> None:
        """It is told nothing any more. Closing it again changes nothing."""

    def attempts(self, agency: str, mailbox: str, cursor: str | None, limit: int) -> Page:
        """Each mail and what came of it, newest first."""

    def confirm(self, mailbox: str) -> bool:
        """Whoever reads mail there has said that it is theirs: it is told what comes from now on. False where it is closed."""

    def stop(self, mailbox: str) -> None:
        """Whoever reads mail there wants no more; stopping it again changes nothing."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """An address for the hub's own letters: of which agency, and how it is written to."""

    mailbox: str
    agency: str
    writing: Writing


class Letters(Protocol):
    """What the hub itself has to say by mail, each thing once to each address, and what has become of it."""

    def unconfirmed(self) -> Sequence[Addressee]:
        """Addresses that wait to be confirmed; those whose time is over are closed first."""

    def warned(self) -> Sequence[Addressee]:
        """Addresses that get warnings."""

    def endings(self) -> Sequence[Ending]:
        """Keys and users on Kafka that end within the days of hub.core.mail.warnings."""

    def paused(self) -> Sequence[Paused]:
        """Endpoints and addresses that the hub itself has paused."""

    def claim(self, letters: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Of these letters (id, address) those that are ours to send now: not sent, not given up, and due."""

    def sent(self, letter: str, mailbox: str, answer: Answer, jitter: float) -> None:
        """Note what has become of it; one that failed is due later, one that the address refuses for good closes that."""


class Mailer(Posting, Protocol):
    """Sends mails."""

    async def send(self, address: str, letter: Letter, at: datetime, stop: str | None = None) -> Answer:
        """A letter of the hub's own; `stop`: the id of the address, where it may stop such letters."""
