"""An outbox in PostgreSQL followed over a real socket: rights are the database's and the registry's, at each look."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine

from connectors.memory.publisher import MemoryPublisher
from connectors.store.keys import PostgresKeys
from connectors.store.names import Schemas
from connectors.store.reading import PostgresReading
from hub.core.recutting import is_told, recut
from hub.core.registry import Registry
from tests.api.conftest import Hub
from tests.api.served import Served, served
from tests.builders import DAY, a_small_registry, an_agency
from tests.connectors.store.filling import CURSOR_SECRET, Filler
from tests.hub.projection import said

pytestmark = pytest.mark.database
READ = frozenset({"read"})


class Rights:
    """The registry as the API follows it."""

    def __init__(self) -> None:
        self.registry = a_small_registry()

    def end(self, agency: str) -> None:
        found = an_agency(agency, valid_to=DAY - timedelta(days=1))
        self.registry = Registry.of(8, self.registry.areas.values(), [found], ())

    def recut(self, agency: str, copy: dict[str, Any]) -> dict[str, Any] | None:
        return recut(agency, copy, self.registry, DAY)

    def admits(self, agency: str) -> bool:
        return is_told(agency, self.registry, DAY)


@pytest.fixture
def rights() -> Rights:
    return Rights()


@pytest.fixture
def keys(engine: Engine, schemas: Schemas) -> PostgresKeys:
    return PostgresKeys(engine, b"the keys of the tests", schemas, lifetime=timedelta(seconds=4))


@pytest.fixture
def running(engine: Engine, schemas: Schemas, keys: PostgresKeys, rights: Rights) -> Iterator[Served]:
    reading = PostgresReading(engine, CURSOR_SECRET, schemas, recut=rights.recut, admits=rights.admits)
    with served(Hub(MemoryPublisher(), keys, reading)) as running:  # type: ignore[arg-type]
        yield running


def followed(running: Served, key: str) -> Iterator[Any]:
    """The data of each event, a problem as the last."""
    headers = {"X-API-Key": key}
    with httpx2.Client(timeout=20) as http, http.sse(f"{running.url}/v1/outbox/stream", headers=headers) as source:
        assert source.response.status_code == 200, source.response.read()
        yield from (json.loads(event.data) for event in source if event.data)


def test_copies_come_and_after_the_key_s_last_moment_nothing_does(fill: Filler, keys: PostgresKeys, running: Served) -> None:
    steps = [said.accepted(said.notice(number)) for number in range(3)]
    fill([said.copy(step, "ta-08") for step in steps[:2]])
    key, began = keys.issue("ta-08", "test", READ), time.monotonic()
    found = followed(running, key)
    assert [next(found)["data"]["notice"]["id"] for _ in range(2)] == ["R-0", "R-1"]
    fill([said.copy(steps[2], "ta-08")])
    assert next(found)["data"]["notice"]["id"] == "R-2"
    (last,) = found
    assert (last["status"], last["code"]) == (401, "unauthenticated")
    assert 3 < time.monotonic() - began < 8


def test_a_key_revoked_in_the_database_ends_it(fill: Filler, keys: PostgresKeys, running: Served) -> None:
    fill([said.copy(said.accepted(said.notice(1)), "ta-08")])
    key = keys.issue("ta-08", "test", READ)
    found = followed(running, key)
    next(found)
    keys.revoke(key.split("_")[1])
    began = time.monotonic()
    (last,) = found
    assert last["code"] == "unauthenticated"
    assert time.monotonic() - began < 3


def test_an_agency_that_the_registry_ends_is_told_nothing_more(
    fill: Filler, keys: PostgresKeys, running: Served, rights: Rights
) -> None:
    fill([said.copy(said.accepted(said.notice(1)), "ta-08")])
    found = followed(running, keys.issue("ta-08", "test", READ))
    next(found)
    rights.end("ta-08")
    fill([said.copy(said.accepted(said.notice(2)), "ta-08")])
    (last,) = found
    assert (last["status"], last["code"]) == (403, "not-permitted")
