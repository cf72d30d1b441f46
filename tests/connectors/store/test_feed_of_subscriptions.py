"""An outbox in PostgreSQL read by a subscription: what the projector laid down is what the rules look at."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from api.subscribing import Subscribing
from connectors.store.names import Schemas
from connectors.store.reading import PostgresReading
from connectors.store.subscriptions import PostgresSubscriptions
from hub.core.recutting import recut
from hub.core.registry import Registry
from schemas.errors import NotPermitted, Unknown
from schemas.subscription import Filter
from tests.builders import DAY, a_small_registry, an_agency
from tests.connectors.store.filling import CURSOR_SECRET, Filler
from tests.hub.projection import said

pytestmark = pytest.mark.database
AGENCY, LIMIT = "ta-08", 2


@pytest.fixture
def subscribed(engine: Engine, schemas: Schemas, fill: Filler) -> Subscribing:
    """One notice is small, one is large, shrinks and is taken back."""
    small, large = (said.notice(number, posts=posts, language="fi") for number, posts in ((1, 3), (2, 40)))
    steps = [
        said.copy(said.accepted(small), AGENCY),
        said.copy(said.accepted(large), AGENCY),
        said.copy(said.accepted(large | {"posts": 4}, step=2), AGENCY),
        said.stub_of(said.accepted(small, step=2), AGENCY),
        said.stub_of(said.accepted(large, step=3), AGENCY),
    ]
    fill(steps)
    return with_registry(a_small_registry(), engine, schemas)


def with_registry(registry: Registry, engine: Engine, schemas: Schemas) -> Subscribing:
    reading = PostgresReading(engine, CURSOR_SECRET, schemas, recut=lambda agency, copy: recut(agency, copy, registry, DAY))
    return Subscribing(PostgresSubscriptions(engine, schemas), reading, lambda: registry, lambda: DAY)


def saved(subscribed: Subscribing, **clauses: Any) -> str:
    return subscribed.store.add(AGENCY, "mine", Filter.model_validate(clauses, strict=False), "k").id


def read_all(subscribed: Subscribing, id: str) -> list[tuple[str, int]]:
    """Notice and step of all that is read, part by part."""
    found, cursor = [], None
    for _ in range(10):
        page = subscribed.page(AGENCY, id, cursor, LIMIT)
        found += [(item["data"]["notice"]["id"], item["step"]) for item in page.items]
        if page.next == cursor:
            return found
        cursor = page.next
    raise AssertionError("the cursor never stands still")


@pytest.mark.parametrize(
    ("clauses", "goes"),
    [
        ({}, [("R-1", 1), ("R-2", 1), ("R-2", 2), ("R-1", 2), ("R-2", 3)]),
        ({"count": [{"least": 10}]}, [("R-2", 1), ("R-2", 2), ("R-2", 3)]),
        ({"employer": ["9000001-1"], "count": [{"most": 3}]}, [("R-1", 1), ("R-1", 2)]),
        ({"kind": ["downsizing"]}, []),
        ({"area": ["fi:maakunta:06"], "occupation": ["72"], "language": ["fi"], "count": [{"most": 4}]},
         [("R-1", 1), ("R-2", 2), ("R-1", 2), ("R-2", 3)]),
    ],
)  # fmt: skip
def test_what_goes_and_every_later_step_of_it(
    subscribed: Subscribing, clauses: dict[str, Any], goes: list[tuple[str, int]]
) -> None:
    assert read_all(subscribed, saved(subscribed, **clauses)) == goes


def test_a_preview_says_the_same(subscribed: Subscribing) -> None:
    filter = Filter.model_validate({"count": [{"least": 10}]}, strict=False)
    items, verdicts = subscribed.tried(AGENCY, filter, 3)
    assert [verdicts[item["cursor"]].code for item in items] == ["had-before", "no-content", "had-before"]
    steps = subscribed.tried_on(AGENCY, filter, said.receipt(2))
    assert [(item["step"], verdict.code) for item, verdict in steps] == [(1, "met"), (2, "had-before"), (3, "had-before")]
    with pytest.raises(Unknown):
        subscribed.tried_on("ta-39", filter, said.receipt(2))


def test_a_right_that_is_gone_stops_it_and_what_is_cut_finds_nothing(
    subscribed: Subscribing, engine: Engine, schemas: Schemas
) -> None:
    id = saved(subscribed, language=["fi"])
    known = a_small_registry()
    nobody = an_agency(AGENCY, ring="none", kind="hub")
    others = (agency for agency in known.all_agencies.values() if agency.id != AGENCY)
    narrowed = with_registry(Registry.of(9, known.areas.values(), (nobody, *others), ()), engine, schemas)
    with pytest.raises(NotPermitted):
        narrowed.page(AGENCY, id, None, LIMIT)
    here = replace(narrowed, store=subscribed.store)
    here.store.change(AGENCY, id, Filter(kind=("recruitment",)), "k")
    assert len(here.page(AGENCY, id, None, LIMIT).items) == LIMIT, "the kind may still be seen"
