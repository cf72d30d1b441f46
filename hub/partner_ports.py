"""What the hub needs from outside about partners and their keys, as Protocols. Adapters stand in connectors/."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from hub.core.conformance import Judged
from hub.core.partners import Asked
from hub.ports import Caller
from schemas.partner import PartnerChange, PartnerState, Trial


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key. `made_by`: the id of the key with which it was made; None where the operator made it."""

    key_id: str
    agency: str
    label: str
    scopes: frozenset[str]
    issued: datetime
    expires: datetime
    revoked: datetime | None
    made_by: str | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is for, what it may do, how long it holds."""

    label: str
    scopes: frozenset[str]
    lifetime: timedelta


class Keys(Protocol):
    """API keys, stored hashed. Whatever is another agency's is Unknown to it."""

    def caller(self, key: str) -> Caller | None:
        """Whose key this is, and in which state its agency is; None where it is unknown, expired or revoked."""

    def issue(self, agency: str, label: str, scopes: frozenset[str]) -> str:
        """A new key, made by the operator and shown this once."""

    def of(self, agency: str) -> list[KeyInfo]:
        """All keys of an agency, oldest first, also those that no longer hold."""

    def make(self, maker: Caller, new: NewKey) -> tuple[KeyInfo, str]:
        """A new key of the maker's agency, shown this once. Conflict where it has as many as it may have."""

    def rotate(self, maker: Caller, key_id: str, overlap: timedelta) -> tuple[KeyInfo, str]:
        """A key that may do the same, shown this once; the old one ends after the overlap, if it does not before.

        Unknown where the old one does not hold any more.
        """

    def end(self, maker: Caller, key_id: str) -> None:
        """From now on the key is worth nothing. One that has ended stays as it is; Unknown where there never was one."""


class Partners(Protocol):
    """The lives of partners, as the operator has decided, and what came of their test messages."""

    def state(self, agency: str) -> PartnerState:
        """In which state it is; active where nothing was ever said."""

    def history(self, agency: str) -> list[PartnerChange]:
        """How it came into its state, oldest first; nothing where nothing was ever said."""

    def newest(self) -> list[PartnerChange]:
        """The last change of each partner of which anything was said, by agency."""

    def move(self, agency: str, asked: Asked, by: str) -> PartnerChange:
        """The next change, by the rule of hub.core.partners.moved and with its errors.

        A request forgets the tests of a life before. Closing ends all keys and endpoints for good.
        """

    def remembered(self, agency: str, receipt: str) -> bytes | None:
        """What is known among the agency's tests under that receipt."""

    def keep(self, agency: str, judged: Judged) -> None:
        """Keep what came of a test message; of one agency the newest `MOST_TRIALS`."""

    def trials(self, agency: str) -> list[Trial]:
        """What came of its test messages, oldest first."""


MOST_TRIALS = 200
"""Test messages of one agency that are kept."""
MOST_KEYS = 50
"""Keys of one agency that hold at one time, as far as it makes them itself."""
