"""What a partner's side has to know to be told: addresses and secrets, as a file for the process that receives."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hub.trials.soak.partners.members import Member

CALM = "calm"
"""This file in the folder says that the partners' sides are well from now on."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user of the agency on Kafka."""

    bootstrap: str
    user: str
    password: str
    outbox: str
    inbox: str
    group: str

    def settings(self) -> dict[str, Any]:
        """For a client of librdkafka."""
        way = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512", "log_level": 0}
        return way | {"bootstrap.servers": self.bootstrap, "sasl.username": self.user, "sasl.password": self.password}


@dataclass(frozen=True, slots=True)
class Seat:
    """A member with what it was given: a key, and by its channel a port and a secret, or a user on Kafka."""

    member: Member
    url: str
    key: str
    port: int = 0
    endpoint: str = ""
    secret: str = ""
    subscription: str | None = None
    login: Login | None = None

    @property
    def agency(self) -> str:
        """Whose it is."""
        return self.member.agency


_SEATS = TypeAdapter(list[Seat])


def write_seats(path: Path, seats: Sequence[Seat]) -> None:
    """Readable by its owner only: it holds secrets."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(_SEATS.dump_json(list(seats)))


def read_seats(path: Path) -> list[Seat]:
    """As they were written."""
    return _SEATS.validate_json(path.read_bytes())
