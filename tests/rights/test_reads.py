"""What an agency reads, by every way that the views serve, in made-up situations: never more than the rights give."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.reading import PostgresReading
from hub.core.acknowledging import hears
from hub.core.recutting import recut
from hub.core.registry import Registry
from hub.core.succession import predecessors_of
from hub.ports import Page, Search
from schemas.ids import receipt_of
from tests.connectors.store.filling import CURSOR_SECRET, Filler, everything
from tests.embedded import Services
from tests.rights.model import Situation, View, words_in
from tests.rights.playing import PLACES, Played, finland, played

pytestmark = pytest.mark.database
CASES, TOWNS = 14, 3
DAY = date(2026, 3, 2)
Read = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def engine(servers: Services) -> Iterator[Engine]:
    made = connect(servers.url, size=5)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def schemas(servers: Services) -> Iterator[Schemas]:
    names = Schemas(f"rights{os.getpid()}_")
    migrate(servers.url, names.prefix)
    yield names
    drop_everything(servers.url, names.prefix)


@pytest.fixture(scope="module")
def world(engine: Engine, schemas: Schemas) -> list[Played]:
    """All of it in the view."""
    made = list(played(CASES, seed=5, towns=TOWNS, answered=True))
    Filler(engine, schemas)([message for one in made for message in one.messages])
    return made


def reading(engine: Engine, schemas: Schemas, registry: Registry) -> PostgresReading:
    """As the hub's wiring makes it."""

    def cut(agency: str, copy: dict[str, Any]) -> dict[str, Any] | None:
        return recut(agency, copy, registry, DAY)

    def names(agency: str) -> tuple[str, ...]:
        return (agency, *predecessors_of(agency, registry, DAY))

    def hears_of(agency: str, by: str) -> bool:
        return hears(agency, by, registry)

    return PostgresReading(engine, CURSOR_SECRET, schemas, recut=cut, names=names, hears=hears_of)


def agencies(world: list[Played]) -> list[str]:
    """All who may have heard of anything, and some who may not."""
    responsible = {name for one in world for told in one.steps for name in told.authorities()}
    towns = [town for one in world for told in one.steps for town in told.towns]
    beyond = {body.id for body in PLACES.bodies if any(body.acts_in(town) for town in towns)}
    strangers = {"ta-01", "evk-10"} - responsible
    return sorted(responsible | beyond | strangers)


def all_reads(reading: PostgresReading, agency: str, one: Played) -> Iterator[Read]:
    """What the agency is told about that notice by search apart: as a whole, its trace, the employer's time-line."""
    last = one.steps[-1]
    receipt = receipt_of(last.sender, "rights", f"rights-{last.number}")
    yield "notice", {"found": reading.notice(agency, receipt)}
    yield "trace", {"found": reading.trace(agency, receipt)}
    key = one.said[0].messages[0].key
    assert key is not None
    yield "timeline", {"found": pages(lambda cursor: reading.timeline(agency, key.decode(), cursor, 100))}
    area = last.towns[0].code
    yield "timeline of a place", {"found": pages(lambda cursor: reading.timeline(agency, key.decode(), cursor, 100, area))}


def pages(page: Callable[[str | None], Page]) -> list[dict[str, Any]]:
    return everything(page)


def test_no_read_tells_more_than_the_agency_may_see(world: list[Played], engine: Engine, schemas: Schemas) -> None:
    told_something = look(world, reading(engine, schemas, finland()), lambda view, _: view)
    assert told_something > CASES


def test_a_right_that_was_narrowed_since_counts_at_each_read(world: list[Played], engine: Engine, schemas: Schemas) -> None:
    """Today the ministry's group are partners, and one authority is no more."""
    gone = world[0].steps[0].sender
    changes: dict[str, dict[str, Any]] = {gone: {"valid_to": date(2026, 3, 1)}}
    group = [body.id for body in PLACES.bodies if body.ring == "tem-group"]
    changes |= {agency: {"ring": "partner"} for agency in group}
    old = finland()
    rows = [agency.model_copy(update=changes.get(agency.id, {})) for agency in old.all_agencies.values()]
    today = Registry.of(2, old.areas.values(), rows, old.all_offerings.values())

    def narrowed(view: View, agency: str) -> View:
        if agency == gone:
            return "whole" if view == "whole" else "nothing"  # what it sent itself stays its own
        return "partner" if agency in group and view == "authority" else view

    assert look(world, reading(engine, schemas, today), narrowed) > CASES / 2


def test_no_read_tells_of_an_answer_that_the_agency_may_not_hear(world: list[Played], engine: Engine, schemas: Schemas) -> None:
    reads, told = reading(engine, schemas, finland()), 0
    for agency in agencies(world):
        outbox = reads.outbox(agency, None, 500).items
        for one in world:
            last = one.steps[-1]
            receipt = receipt_of(last.sender, "rights", f"rights-{last.number}")
            found = reads.acknowledgements(agency, receipt)
            mine = [item for item in outbox if item["receipt"] == receipt]
            text = str([found, mine, reads.trace(agency, receipt)])
            for by, _ in one.answers:
                may = agency == by or last.hears(agency, by, PLACES)
                assert may or f"SAID-BY-{by}." not in text, (agency, by, last)
                told += f"SAID-BY-{by}." in text
            known = {row["agency"] for row in found["told"]} if found else set[str]()
            assert agency == last.sender or known <= {agency}
    assert told > CASES


def look(world: list[Played], reading: PostgresReading, today: Callable[[View, str], View]) -> int:
    """Every read of every agency against the model; how many told something."""
    told = 0
    for agency in agencies(world):
        found = pages(lambda cursor, agency=agency: reading.search(agency, Search(), cursor, 500))
        by_receipt = {item["receipt"]: item for item in found}
        outbox = reading.outbox(agency, None, 500).items
        for one in world:
            last = one.steps[-1]
            receipt = receipt_of(last.sender, "rights", f"rights-{last.number}")
            listed = ("search", {"found": by_receipt.get(receipt)})
            for way, read in (listed, *all_reads(reading, agency, one)):
                told += bool(check(one, agency, way, read["found"], today))
            mine = [item for item in outbox if item["receipt"] == receipt]
            assert_words(one, agency, "outbox", mine, lambda step, one=one: one.steps[step - 1], today)
            assert reading.about(agency, [receipt]) == mine
        assert reading.latest(agency, 500) == outbox[-500:]
    return told


def check(one: Played, agency: str, way: str, read: Any, today: Callable[[View, str], View]) -> set[str | int]:
    """The words read, each of them allowed; none at all where the last step no longer concerns the agency."""
    last = one.steps[-1]
    words = assert_words(one, agency, way, read, lambda step: one.steps[step - 1], today)
    if last.view_of(agency, PLACES) == "nothing" and not last.alerted(agency):
        left = {word for step in range(1, len(one.steps) + 1) for word in words_in(read, step)}
        assert not left, (way, agency, last, left)
    return words


def assert_words(
    one: Played, agency: str, way: str, read: Any, at: Callable[[int], Situation], today: Callable[[View, str], View]
) -> set[str | int]:
    seen = set[str | int]()
    for step in range(1, len(one.steps) + 1):
        told = at(step)
        view = today(told.view_of(agency, PLACES), agency)
        allowed = told.words(view)
        if told.alerted(agency) and today("authority", agency) == "authority":
            allowed |= told.words("authority")
        words = words_in(read, step)
        assert words <= allowed, (way, agency, step, view, words - allowed, told)
        seen |= words
    return seen
