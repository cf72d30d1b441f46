"""Sends rows through the API in parts, keeps what became of each, and asks what intake made of what the door took."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any

from connectors.inbound import NotTaken
from hub.trials.client import Answered, Client
from schemas.errors import Finding, NotPermitted, Refusal

AT_ONCE = 500
BYTES_AT_ONCE = 4 * 1024 * 1024
MOST_FOLLOWED = 1_000
"""Receipts that are asked for one by one; of a larger file /v1/refused tells what intake refused."""

PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """A notice to be sent, and where it stands in the file. `alone`: sent by itself, and may hold line breaks."""

    place: str
    body: bytes
    alone: bool = False


@dataclass(slots=True)
class Tally:
    """What became of the rows. `tell` gets a line for whatever was not taken; `receipts` hold the places of each."""

    tell: Callable[[str], None]
    rows: int = 0
    taken: int = 0
    refused: int = 0
    held: int = 0
    receipts: dict[str, list[str]] = field(default_factory=dict)
    advice: list[str] = field(default_factory=list)

    def take(self, row: Row, answer: Answered) -> None:
        """What the door said of a row."""
        self.rows += 1
        if answer.problem is not None:
            self.refused += 1
            self._tell("refused", row.place, answer.problem.findings, answer.problem.detail, answer.problem.advice)
        elif answer.receipt is not None:
            self.taken += 1
            if len(self.receipts) <= MOST_FOLLOWED:
                self.receipts.setdefault(answer.receipt, []).append(row.place)

    def keep_back(self, row: NotTaken) -> None:
        """A row that its reader did not take: nothing of it was sent."""
        self.rows += 1
        self.held += row.outcome == "held"
        self.refused += row.outcome == "refused"
        for finding in row.findings:
            self.tell(f"{row.outcome}: {finding.place}: {finding.message} [{finding.rule}]")

    def refuse_later(self, refusal: dict[str, Any]) -> None:
        """A notice that the door took and intake did not; the newest refusal of a receipt is that of its last row."""
        places = self.receipts[refusal["receipt"]]
        place = places.pop() if len(places) > 1 else places[0]
        self.taken -= 1
        self.refused += 1
        findings = tuple(Finding.model_validate(found) for found in refusal["findings"])
        self._tell("refused", place, findings, refusal["code"], Refusal.advice)

    def _tell(self, outcome: str, place: str, findings: Sequence[Finding], detail: str, advice: str) -> None:
        for finding in findings:
            self.tell(f"{outcome}: {place} {finding.place or '(the whole)'}: {finding.message} [{finding.rule}]")
        if not findings:
            self.tell(f"{outcome}: {place}: {detail}")
        if advice not in self.advice:
            self.advice.append(advice)


def deliver(rows: Iterable[Row | NotTaken], client: Client, tally: Tally, advance: Callable[[int], None]) -> None:
    """Send everything; what a reader kept back is told in its place."""
    for part in _parts(_kept_back_told(rows, tally, advance)):
        if part[0].alone:
            answers = [client.publish(row.body) for row in part]
        else:
            answers = client.publish_lines([row.body for row in part])
        for row, answer in zip(part, answers, strict=True):
            tally.take(row, answer)
        advance(len(part))


def _kept_back_told(rows: Iterable[Row | NotTaken], tally: Tally, advance: Callable[[int], None]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row, Row):
            yield row
        else:
            tally.keep_back(row)
            advance(1)


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    size = 0
    for row in rows:
        if part and (len(part) == AT_ONCE or size + len(row.body) > BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row.body)
    if part:
        yield part


# What intake made of it


@dataclass(slots=True)
class Followed:
    """Asks for the verdicts of what was sent after it was made; `before` is the newest refusal of that moment."""

    client: Client
    before: datetime | None = None
    may: bool = True

    def __post_init__(self) -> None:
        try:
            self.before = next((_moment(refusal) for refusal in self._refusals(limit=1)), None)
        except NotPermitted:  # a key that may publish and not read: then its owner hears of refusals elsewhere
            self.may = False

    def ask(self, tally: Tally, within: float) -> int | None:
        """Tell the tally what intake refused; how many have no verdict in time, None where it cannot be asked."""
        if not self.may or len(tally.receipts) > MOST_FOLLOWED:
            return None
        left = set(tally.receipts)
        deadline = time.monotonic() + within
        while left and time.monotonic() < deadline:
            left -= {refusal["receipt"] for refusal in self._new(left)}
            left = {receipt for receipt in left if self._is_unknown(receipt)}
            time.sleep(PAUSE)
        for refusal in self._new(tally.receipts):  # once more: a conflict comes after the notice itself is known
            tally.refuse_later(refusal)
        return len(left)

    def _new(self, receipts: Collection[str]) -> list[dict[str, Any]]:
        """The refusals of these since the beginning, newest first."""
        new = takewhile(lambda refusal: self.before is None or _moment(refusal) > self.before, self._refusals(limit=200))
        return [refusal for refusal in new if refusal["receipt"] in receipts]

    def _refusals(self, limit: int) -> Iterator[dict[str, Any]]:
        query: dict[str, str | int] = {"limit": limit}
        while True:
            page = self.client.get("/v1/refused", **query) or {"items": [], "next": None}
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def _is_unknown(self, receipt: str) -> bool:
        return self.client.get(f"/v1/notices/{receipt}") is None


def _moment(refusal: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(refusal["received_at"])
