"""How an address is written to: language, each step by itself or gathered into digests, and when those go. Pure.

A digest goes at a time of day, or each so many hours from midnight on, on the weekdays that were chosen; all in Finnish time.
Where that time is left out by the clock's change it goes an hour later, where it comes twice at the first of the two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from hub.core.delivering import Waiting
from schemas.errors import Finding

Language = Literal["fi", "sv", "en"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FINNISH_TIME = ZoneInfo("Europe/Helsinki")

_ADDRESS = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)


@dataclass(frozen=True, slots=True)
class Digest:
    """When what has gathered goes: at that time of day, or each so many hours; only on these days of the week."""

    at: time | None = None
    each_hours: int | None = None
    weekdays: tuple[Weekday, ...] = WEEKDAYS


@dataclass(frozen=True, slots=True)
class Writing:
    """An address, and how it is written to; no digest: a mail for each step."""

    address: str
    language: Language = "fi"
    digest: Digest | None = None


def address_findings(address: str) -> tuple[Finding, ...]:
    """What is wrong with an address of mail; none where it can be written to."""
    if _ADDRESS.fullmatch(address):
        return ()
    message = "one plain address such as employers@agency.example: no name, no brackets, ASCII only, at most 254 signs"
    return (Finding(rule="mail-address", place="/address", message=message),)


def first_due(writing: Writing, event: Waiting, now: datetime) -> datetime:
    """When an event that came now is to go: an alert at once, whatever else is gathered."""
    return now if writing.digest is None or event.lane == "alert" else next_digest(writing.digest, now)


def next_digest(digest: Digest, now: datetime) -> datetime:
    """The first moment after this one at which a digest goes, in UTC."""
    return next(moment for moment in _moments(digest, now) if moment > now)


def _moments(digest: Digest, now: datetime) -> Iterator[datetime]:
    """In their order, from the day of that moment on; a week later the same day comes again."""
    today = now.astimezone(FINNISH_TIME).date()
    for day in (today + timedelta(days=ahead) for ahead in range(9)):
        if WEEKDAYS[day.weekday()] in digest.weekdays:
            yield from (datetime.combine(day, at, FINNISH_TIME).astimezone(UTC) for at in _times(digest))


def _times(digest: Digest) -> Iterator[time]:
    if digest.at is not None:
        yield digest.at
    elif digest.each_hours is not None:
        yield from (time(hour) for hour in range(0, 24, digest.each_hours))
