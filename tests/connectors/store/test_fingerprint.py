"""A sum over a view that tells whether two of them say the same."""

import pytest
from sqlalchemy import Engine, update

from connectors.store.names import Schemas
from connectors.store.view_tables import OUTBOX
from connectors.store.views import fingerprint
from tests.connectors.store.filling import Filler
from tests.hub.projection import said

pytestmark = pytest.mark.database


def test_two_views_have_one_fingerprint_only_where_they_say_the_same(engine: Engine, schemas: Schemas, fill: Filler) -> None:
    empty = fingerprint(engine, schemas)
    assert set(empty.values()) == {(0, "0/0")}
    fill(said.path(said.notice(1)))
    before = fingerprint(engine, schemas)
    assert before["notices"][0] == 1
    change = update(OUTBOX).values(stub=True).where(OUTBOX.c.agency == "ta-08")
    with schemas.bind(engine).begin() as connection:
        connection.execute(change)
    after = fingerprint(engine, schemas)
    assert {name for name in before if before[name] != after[name]} == {"outbox"}
    assert before["outbox"][0] == after["outbox"][0]
