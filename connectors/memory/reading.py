"""The views in memory: hub.ports.Reading over lists. What an agency may see is put in for that agency and no other."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from hub.answering import Answerable
from hub.core.numbers import groups_of
from hub.ports import Page, Reading, Search
from schemas.errors import Finding, HubError, Refusal, Unknown

Item = dict[str, Any]
Lists = defaultdict[str, list[Item]]


class MemoryReading:
    """`show`, `trace_of`, `refuse` and `deliver` put things in; `failure` is raised by every read while it is set."""

    def __init__(self, epoch: str = "memory") -> None:
        self.epoch = epoch
        self.failure: HubError | None = None
        self.lag: dict[str, int] = {}
        self.ended: set[str] = set()
        self._steps: Lists = defaultdict(list)
        self._refused: Lists = defaultdict(list)
        self._outbox: Lists = defaultdict(list)
        self._traces: dict[tuple[str, str], Item] = {}
        self._answerable: dict[tuple[str, str], Answerable] = {}
        self._said: dict[tuple[str, str], Item] = {}

    # What is put in

    def show(self, agency: str, step: Item) -> None:
        """One step of a notice as that agency may see it: receipt, step, kind, employer_key, received_at, notice …"""
        self._steps[agency].append(step)

    def trace_of(self, agency: str, receipt: str, trace: Item) -> None:
        """What became of a notice, as far as that agency may see it."""
        self._traces[agency, receipt] = trace

    def told(self, agency: str, receipt: str, notice: Answerable) -> None:
        """A notice that the agency was told of and may answer."""
        self._answerable[agency, receipt] = notice

    def said_of(self, agency: str, receipt: str, said: Item) -> None:
        """What was said of a notice, as far as that agency may see it."""
        self._said[agency, receipt] = said

    def refuse(self, agency: str, refusal: Item) -> None:
        """A notice of that agency that was refused."""
        self._refused[agency].append(refusal)

    def deliver(self, agency: str, event: Item) -> None:
        """An event at the end of the agency's outbox."""
        self._outbox[agency].append(event)

    # What is read

    def notice(self, agency: str, receipt: str) -> Item | None:
        """The newest step as that agency may see it, with all its versions; None where there is none for it."""
        steps = sorted((step for step in self._of(agency) if step["receipt"] == receipt), key=lambda step: int(step["step"]))
        return {**steps[-1], "versions": steps} if steps else None

    def trace(self, agency: str, receipt: str) -> Item | None:
        """What became of a notice, as far as that agency may see it."""
        self._ask()
        return self._traces.get((agency, receipt))

    def acknowledgements(self, agency: str, receipt: str) -> Item | None:
        """What was said of a notice, as far as that agency may see it."""
        self._ask()
        return self._said.get((agency, receipt))

    def answerable(self, agency: str, receipt: str) -> Answerable | None:
        """A notice that the agency was told of."""
        self._ask()
        return self._answerable.get((agency, receipt))

    def search(self, agency: str, wanted: Search, cursor: str | None, limit: int) -> Page:
        """Notices that the agency may see, newest first, each by its newest step."""
        newest = {step["receipt"]: step for step in sorted(self._of(agency), key=lambda step: int(step["step"]))}
        found = [step for step in newest.values() if _meets(step, wanted)]
        return _page(sorted(found, key=_order, reverse=True), cursor, limit)

    def timeline(self, agency: str, employer_key: str, cursor: str | None, limit: int, area: str | None = None) -> Page:
        """An employer's history as far as the agency may see it, oldest first; with an area, of the notices about it."""
        steps = [step for step in self._of(agency) if step["employer_key"] == employer_key]
        about = {step["receipt"] for step in steps if _meets(step, Search(area=area))}
        return _page(sorted((step for step in steps if step["receipt"] in about), key=_order), cursor, limit)

    def refused(self, agency: str, cursor: str | None, limit: int) -> Page:
        """The agency's own refused notices, newest first."""
        self._ask()
        return _page(self._refused[agency][::-1], cursor, limit)

    def outbox(self, agency: str, cursor: str | None, limit: int) -> Page:
        """The agency's outbox in its order; `next` always goes on from here."""
        self._ask()
        epoch, _, offset = (cursor or f"{self.epoch}.-1").rpartition(".")
        if epoch != self.epoch:
            raise Unknown("this cursor is of an outbox that is no more: leave it out to begin at the start of today's")
        begin = int(offset) + 1
        if begin > len(self._outbox[agency]):
            raise Unknown("this cursor is ahead of your outbox, and was not given out by the hub")
        items = self._items(agency)[begin : begin + limit]
        return Page(items, items[-1]["cursor"] if items else cursor)

    def admits(self, agency: str) -> bool:
        """Whether the agency is not among those put in `ended`."""
        return agency not in self.ended

    def latest(self, agency: str, count: int) -> list[Item]:
        """The last items of the agency's outbox, in its order."""
        return self._items(agency)[-count:]

    def about(self, agency: str, receipts: Collection[str]) -> list[Item]:
        """All items of the agency's outbox about these notices, in its order."""
        return [item for item in self._items(agency) if item.get("receipt") in receipts]

    def _items(self, agency: str) -> list[Item]:
        self._ask()
        return [{"cursor": f"{self.epoch}.{place}", **event} for place, event in enumerate(self._outbox[agency])]

    def behind(self) -> dict[str, int]:
        """What was put in `lag`."""
        self._ask()
        return dict(self.lag)

    def ready(self) -> str | None:
        """None when reads can be served, else what is missing."""
        return None if self.failure is None else self.failure.detail

    def _of(self, agency: str) -> list[Item]:
        self._ask()
        return self._steps[agency]

    def _ask(self) -> None:
        if self.failure is not None:
            raise self.failure


def _order(step: Item) -> tuple[datetime, str, int]:
    return datetime.fromisoformat(step["received_at"]), step["receipt"], step["step"]


_TESTS: dict[str, Callable[[Item, Any], bool]] = {
    "text": lambda step, text: text.casefold() in str(step.get("notice")).casefold(),
    "kind": lambda step, kind: bool(step.get("kind") == kind),
    "employer_key": lambda step, key: bool(step.get("employer_key") == key),
    "group": lambda step, group: group in groups_of(step.get("notice") or {}, step.get("employer_key")),
    "area": lambda step, area: any(place.get("area") == area for place in step.get("notice", {}).get("workplaces", ())),
    "stage": lambda step, stage: bool(step.get("stage") == stage),
    "received_from": lambda step, moment: datetime.fromisoformat(step["received_at"]) >= moment,
    "received_to": lambda step, moment: datetime.fromisoformat(step["received_at"]) < moment,
}


def _meets(step: Item, wanted: Search) -> bool:
    asked = ((test, getattr(wanted, name)) for name, test in _TESTS.items())
    return all(test(step, value) for test, value in asked if value is not None)


def _page(items: list[Item], cursor: str | None, limit: int) -> Page:
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
        finding = Finding(rule="cursor", place="/cursor", message="this is no cursor of this list")
        raise Refusal("the cursor does not belong to this list", (finding,))
    begin = int(cursor or 0)
    rest = len(items) > begin + limit
    return Page(items[begin : begin + limit], str(begin + limit) if rest else None)


_: type[Reading] = MemoryReading
