"""The dispatcher hands subscriptions over, on the day that the registry says and not before."""

import threading
from datetime import date

from connectors.memory.subscriptions import MemorySubscriptions
from hub.dispatch.inheriting import hand_over
from schemas.errors import NameTaken
from schemas.ids import AgencyId
from schemas.subscription import Filter, Subscription
from tests.hub.core.subscriptions.test_inheriting import AFTER, BEFORE, registry

LAYOFFS = Filter(kind=("downsizing",))


def look(subscriptions: MemorySubscriptions, day: date, stop: threading.Event | None = None) -> bool:
    return hand_over(subscriptions, lambda: (registry(), day), stop or threading.Event())


def test_from_the_day_on_they_are_the_heirs() -> None:
    subscriptions = MemorySubscriptions()
    mine = subscriptions.add("ta-39", "large", LAYOFFS, "k1")
    assert look(subscriptions, BEFORE)
    assert subscriptions.standing("ta-39") == [mine]
    assert look(subscriptions, AFTER)
    assert look(subscriptions, AFTER), "and once more changes nothing"
    (taken,) = subscriptions.standing("ta-50")
    assert (taken.name, taken.version, taken.filter, taken.by) == ("large", 1, LAYOFFS, "hub, ta-39 to ta-50 by revision 9")
    assert subscriptions.standing("ta-39") == []


def test_what_hinders_one_agency_holds_up_no_other() -> None:
    class Hindered(MemorySubscriptions):
        def hand_over(self, before: AgencyId, heir: AgencyId, revision: int) -> list[Subscription]:
            if before == "kehy-b":
                raise NameTaken("of another")
            return super().hand_over(before, heir, revision)

    subscriptions = Hindered()
    for agency in ("kehy-b", "ta-39"):
        subscriptions.add(agency, "large", LAYOFFS, "k1")
    assert look(subscriptions, AFTER) is False
    assert [one.name for one in subscriptions.standing("ta-50")] == ["large"]
    assert subscriptions.owners() == ["kehy-b", "ta-50"]


def test_it_ends_when_it_is_told_to() -> None:
    subscriptions = MemorySubscriptions()
    subscriptions.add("ta-39", "large", LAYOFFS, "k1")
    stop = threading.Event()
    stop.set()
    assert look(subscriptions, AFTER, stop) is False
    assert subscriptions.standing("ta-50") == []
