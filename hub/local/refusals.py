"""Log-ins that the broker refused for a wrong password, as its log tells them: each said once, and counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}Z INFO org\.apache\.kafka\.common\.network\.Selector - "
    r"[^()]*Failed (?:re-)?authentication with \S*/(?P<address>[0-9a-fA-F.:]+)\S* "
    r"\(channelId=\S+\) \([A-Za-z -]*invalid credentials "
)

QUIET = timedelta(days=1)
"""After so long without a refusal from an address the next one is told of again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One log-in that was refused. The broker does not tell the user: only the address, and when."""

    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """What came from one address: how many at least, since the broker's log leaves out most of very many."""

    address: str
    count: int
    last: datetime


def refusal(line: str) -> Refusal | None:
    """The refused log-in that a line of the broker's log tells of; None for any other line."""
    if found := _LINE.match(line):
        with suppress(ValueError):  # no moment that there is: not the broker's line
            return Refusal(found["address"], datetime.fromisoformat(found["at"]).replace(tzinfo=UTC))
    return None


def counted(lines: Iterable[str], since: datetime) -> list[Refused]:
    """Those that were refused since then, by address, the newest first."""
    times: dict[str, list[datetime]] = {}
    for found in filter(None, map(refusal, lines)):
        if found.at >= since:
            times.setdefault(found.address, []).append(found.at)
    by_address = (Refused(address, len(at), max(at)) for address, at in times.items())
    return sorted(by_address, key=lambda one: (one.last, one.address), reverse=True)


class SaidOnce:
    """Says of each address once, in plain words, that a log-in from there was refused; again after a day without one.

    Behind a proxy many come from one address: who errs months later is another one.
    """

    def __init__(self) -> None:
        self._last: dict[str, datetime] = {}

    def __call__(self, line: str) -> str:
        """What the operator is told of a line of the broker's log; empty for nothing."""
        found = refusal(line)
        if found is None:
            return ""
        self._last = {address: at for address, at in self._last.items() if found.at - at < QUIET}
        is_known = found.address in self._last
        self._last[found.address] = found.at
        if is_known:
            return ""
        return (
            f"a log-in from {found.address} was refused: a wrong password, or a user that has ended. Its client tries again "
            "until somebody mends it: `hub partner kafka list` shows the users, `hub partner kafka open AGENCY` makes a new "
            "one. This is said once for each address; `hub doctor` counts them"
        )
