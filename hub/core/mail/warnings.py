"""What an agency is warned of by mail: credentials that end, endpoints that are told no more. Pure.

Each is said once: 30, 7 and 1 days before the end (where several of these have passed, the nearest alone), and at a pause.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

DAYS = (1, 7, 30)
"""Before the end, nearest first."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A credential of an agency that still holds, and when it ends."""

    what: Literal["key", "kafka-user"]
    name: str
    agency: str
    label: str
    ends: datetime


@dataclass(frozen=True, slots=True)
class Paused:
    """An endpoint or address that the hub itself has stopped telling, since when and why (a code)."""

    what: Literal["webhook", "mail"]
    name: str
    agency: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Warned:
    """One thing to say once. `id` tells it from every other."""

    id: str
    about: Ending | Paused

    @property
    def agency(self) -> str:
        """Whom it is for."""
        return self.about.agency


def warnings(endings: Iterable[Ending], paused: Iterable[Paused], now: datetime) -> tuple[Warned, ...]:
    """All that is to be said at this moment, said before or not."""
    return (*_of_endings(endings, now), *(Warned(f"paused/{one.name}/{one.since.isoformat()}", one) for one in paused))


def _of_endings(endings: Iterable[Ending], now: datetime) -> Iterator[Warned]:
    for one in endings:
        left = one.ends - now
        days = next((days for days in DAYS if timedelta() < left <= timedelta(days=days)), None)
        if days is not None:
            yield Warned(f"{one.what}/{one.name}/{one.ends.isoformat()}/{days}", one)
