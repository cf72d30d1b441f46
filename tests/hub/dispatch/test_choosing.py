"""Endpoints with a subscription: what goes to it is told, and nothing is passed over while it is stopped."""

import time

from hub.core.registry import Registry
from schemas.agency import Agency
from schemas.subscription import Between, Filter
from tests.hub.dispatch.boxes import AGENCY, Dispatcher, a_copy
from tests.receiving import Receiver, receiver

LARGE = Filter(size=(Between(least=50),))


def told(here: Receiver) -> list[tuple[str, int]]:
    return [(got.event["data"]["receipt"], got.event["data"]["step"]) for got in here.got]


def as_a_partner(registry: Registry) -> Registry:
    agencies = [
        Agency.model_validate(agency.model_dump() | {"ring": "partner"}) if agency.id == AGENCY else agency
        for agency in registry.all_agencies.values()
    ]
    return Registry.of(registry.revision + 1, registry.areas.values(), agencies, registry.all_offerings.values())


def test_it_is_told_what_meets_its_subscription_and_each_later_step_of_that() -> None:
    hub = Dispatcher()
    swedish = hub.subscriptions.add(AGENCY, "på svenska", Filter(language=("sv",)), "test")
    with receiver() as chosen, receiver() as everything:
        hub.add(chosen.url, subscription=swedish.id)
        hub.add(everything.url)
        with hub.running():
            hub.boxes.put(a_copy("r1", language="fi"), a_copy("r2", employer="fi:2", language="sv"))
            everything.wait(2)
            chosen.wait(1)
            hub.boxes.put(a_copy("r1", 2, language="fi"), a_copy("r2", 2, employer="fi:2", language="fi"))
            everything.wait(4)
            chosen.wait(2)
    assert told(chosen) == [("r2", 1), ("r2", 2)]


def test_while_it_asks_for_what_its_agency_may_not_see_nothing_is_told_and_all_waits() -> None:
    hub = Dispatcher()
    large = hub.subscriptions.add(AGENCY, "suuret", LARGE, "test")
    before, hub.registry = hub.registry, as_a_partner(hub.registry)
    with receiver() as here, receiver() as other:
        hub.add(here.url, subscription=large.id)
        hub.add(other.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            other.wait(1)
            time.sleep(1.5)
            assert here.got == []
            hub.registry = before
            here.wait(1)
    assert told(here) == [("r1", 1)]


def test_one_whose_subscription_has_ended_is_told_nothing_more() -> None:
    hub = Dispatcher()
    mine = hub.subscriptions.add(AGENCY, "kaikki", Filter(kind=("recruitment",)), "test")
    with receiver() as here, receiver() as other:
        hub.add(here.url, subscription=mine.id)
        hub.add(other.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            here.wait(1)
            hub.subscriptions.end(AGENCY, mine.id, "test")
            time.sleep(2.5)
            hub.boxes.put(a_copy("r2", employer="fi:2"))
            other.wait(2)
            time.sleep(0.5)
    assert told(here) == [("r1", 1)]
