"""What subscriptions do with an outbox: check a filter, let pass what goes to one, tell why. Over ports and hub.core only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from hub.core.registry import Registry
from hub.core.subscriptions.judging import verdict
from hub.core.subscriptions.matching import Asked, asked_by, followed, meets
from hub.core.subscriptions.problems import not_permitted, problems, remarks
from hub.core.subscriptions.told import Told, told_in
from hub.ports import Page, Reading, Subscriptions
from schemas.agency import Agency
from schemas.errors import BadSubscription, Finding, NotPermitted, Unknown
from schemas.subscription import Filter, Subscription, Verdict

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subscribing:
    """Where subscriptions stand, the outboxes (cut again at each read), the registry of the moment and today's day."""

    store: Subscriptions
    reading: Reading
    registry: Callable[[], Registry]
    today: Callable[[], date]

    # A filter

    def check(self, agency: str, filter: Filter) -> tuple[Finding, ...]:
        """What is odd about the filter. BadSubscription, with every finding, where it cannot stand."""
        if found := self.problems(agency, filter):
            told = f"{len(found)} finding{'s' if len(found) > 1 else ''}: {', '.join(sorted({one.rule for one in found}))}"
            raise BadSubscription(told, found)
        return remarks(filter, self._agency(agency), self.registry(), self.today())

    def admit(self, agency: str, filter: Filter) -> None:
        """Whether it may be saved. BadSubscription as above; NotPermitted for an agency that is no more.

        What such a one has goes to its successor, for which nobody else asks.
        """
        if not self.reading.admits(agency):
            raise NotPermitted("your agency is not in force today: it is told nothing, and asks for nothing")
        self.check(agency, filter)

    def problems(self, agency: str, filter: Filter) -> tuple[Finding, ...]:
        """What would keep the filter from being saved today."""
        return problems(filter, self._agency(agency), self.registry(), self.today())

    def stopped(self, agency: str, filter: Filter) -> tuple[Finding, ...]:
        """What the filter asks for that the agency may not see today."""
        return not_permitted(filter, self._agency(agency))

    def _agency(self, agency: str) -> Agency:
        found = self.registry().agency(agency)
        if found is None:
            raise NotPermitted("the agency of this key is not in the registry: it has no outbox to subscribe to")
        return found

    # A subscription

    def find(self, agency: str, id: str) -> Subscription:
        """The subscription as it stands. Unknown where there is none of the agency, or it has ended."""
        for one in self.store.standing(agency):
            if one.id == id:
                return one
        raise Unknown("there is no such subscription of your agency, or it has ended")

    def filter_of(self, agency: str, id: str) -> Filter:
        """What it asks for. NotPermitted where the agency may no longer see that."""
        found = self.find(agency, id).filter
        assert found is not None  # noqa: S101 - one that stands has a filter
        if stopped := self.stopped(agency, found):
            raise NotPermitted("your agency may no longer see what this subscription asks for: it is stopped", stopped)
        return found

    # The outbox

    def page(self, agency: str, id: str, cursor: str | None, limit: int) -> Page:
        """Of a part of the outbox what goes to the subscription; `next` goes on after the whole part."""
        asked = self._asked(self.filter_of(agency, id))
        page = self.reading.outbox(agency, cursor, limit)
        going = self._going(agency, asked, page.items)
        return Page([item for item in page.items if item["cursor"] in going], page.next)

    def tried(self, agency: str, filter: Filter, last: int) -> tuple[list[Item], dict[str, Verdict]]:
        """The last items of the outbox, and the verdict on each by its cursor."""
        asked, items = self._asked(filter), self.reading.latest(agency, last)
        going = self._going(agency, asked, items)
        return items, {item["cursor"]: self._verdict(asked, item, item["cursor"] in going) for item in items}

    def tried_on(self, agency: str, filter: Filter, receipt: str) -> list[tuple[Item, Verdict]]:
        """Each item of the outbox about a notice, with its verdict. Unknown where there is none."""
        asked, items = self._asked(filter), self.reading.about(agency, [receipt])
        if not items:
            raise Unknown("there is nothing about this notice in your outbox")
        goes = followed(asked, map(self._told, items))
        return [(item, self._verdict(asked, item, gone)) for item, gone in zip(items, goes, strict=True)]

    def _asked(self, filter: Filter) -> Asked:
        return asked_by(filter, self.registry(), self.today())

    def _told(self, item: Item) -> Told:
        return told_in(item["data"], item.get("subject"), self.registry())

    def _verdict(self, asked: Asked, item: Item, goes: bool) -> Verdict:
        """What goes without meeting the filter goes because of an earlier step."""
        return verdict(asked, self._told(item), goes, self.registry())

    def _going(self, agency: str, asked: Asked, items: Iterable[Item]) -> set[str]:
        """The cursors of those that go: by themselves, or since an earlier step of their notice went."""
        alone = {item["cursor"]: item["receipt"] for item in items if not meets(asked, self._told(item))}
        going = {item["cursor"] for item in items} - alone.keys()
        return going | self._later_steps(agency, asked, set(alone.values()))

    def _later_steps(self, agency: str, asked: Asked, receipts: set[str]) -> set[str]:
        if not receipts:
            return set()
        about = sorted(self.reading.about(agency, receipts), key=_receipt)  # stable: each notice's steps stay in order
        found = set[str]()
        for _, group in groupby(about, key=_receipt):
            steps = list(group)
            goes = followed(asked, map(self._told, steps))
            found.update(item["cursor"] for item, gone in zip(steps, goes, strict=True) if gone)
        return found


def _receipt(item: Item) -> str:
    return str(item["receipt"])
