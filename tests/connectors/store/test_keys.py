"""API keys: shown once, kept hashed."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from connectors.store import audit
from connectors.store.keys import DEMO_SCOPES, PostgresKeys, demo_key
from connectors.store.names import Schemas
from connectors.store.tables import API_KEYS, AUDIT
from hub.partner_ports import Keys
from schemas.errors import Misconfigured, Unknown

pytestmark = pytest.mark.database
SECRET = b"a secret of the tests"
SCOPES = frozenset({"notices:read", "notices:write"})


@pytest.fixture
def keys(engine: Engine, schemas: Schemas) -> PostgresKeys:
    return PostgresKeys(engine, SECRET, schemas)


def test_a_key_names_its_agency_and_scopes(keys: PostgresKeys) -> None:
    port: Keys = keys
    key = port.issue("ta-39", "ura-bridge", SCOPES)
    caller = port.caller(key)
    assert caller is not None
    assert (caller.agency, caller.scopes) == ("ta-39", SCOPES)
    assert f"hub_{caller.key_id}_" in key


def test_the_key_itself_is_nowhere_in_the_database(keys: PostgresKeys, engine: Engine, schemas: Schemas) -> None:
    key = keys.issue("ta-39", "x", SCOPES)
    secret = key[-43:]
    with schemas.bind(engine).connect() as connection:
        kept = [str(dict(row)) for row in connection.execute(select(API_KEYS)).mappings()]
        kept += [str(dict(row)) for row in connection.execute(select(AUDIT)).mappings()]
    assert kept
    assert not any(secret in row for row in kept)


def test_the_hash_is_worth_nothing_without_the_secret(keys: PostgresKeys, engine: Engine, schemas: Schemas) -> None:
    key = keys.issue("ta-39", "x", SCOPES)
    assert PostgresKeys(engine, b"another secret of 16", schemas).caller(key) is None


def test_what_is_no_key_or_not_quite_right_is_none(keys: PostgresKeys) -> None:
    key = keys.issue("ta-39", "x", SCOPES)
    almost = [key[:-1], key + "x", key.upper(), f" {key}", key[:-1] + ("a" if key[-1] != "a" else "b")]
    nothing = ["", "hub_", "\x00", "\ud800", "hub_000000000000_" + "A" * 43, "ä" * 100_000]
    for given in almost + nothing:
        assert keys.caller(given) is None, given


def test_a_revoked_key_is_none_and_its_sisters_go_on(keys: PostgresKeys) -> None:
    old, new = keys.issue("ta-39", "old", SCOPES), keys.issue("ta-39", "new", SCOPES)
    caller = keys.caller(old)
    assert caller is not None
    keys.revoke(caller.key_id, "operator")
    assert keys.caller(old) is None
    assert keys.caller(new) is not None
    assert [(key.label, key.revoked is None) for key in keys.of("ta-39")] == [("old", False), ("new", True)]
    with pytest.raises(Unknown):
        keys.revoke(caller.key_id)


def test_all_keys_can_be_listed_without_what_opens_anything(keys: PostgresKeys) -> None:
    shown = [keys.issue("ta-39", "a", SCOPES), keys.issue("ta-08", "b", frozenset({"read"}))]
    listed = keys.all()
    assert [(key.agency, key.label, key.scopes) for key in listed] == [
        ("ta-39", "a", SCOPES),
        ("ta-08", "b", frozenset({"read"})),
    ]
    assert [f"hub_{key.key_id}_" == made[:17] for key, made in zip(listed, shown, strict=True)] == [True, True]
    assert all(key.issued < key.expires for key in listed)
    assert not any(made[-43:] in str(listed) for made in shown)


def test_a_demo_key_ends_the_one_before_and_no_other(keys: PostgresKeys) -> None:
    real, other = keys.issue("ta-39", "ura-bridge", SCOPES), demo_key(keys, "ta-08")
    first, second = demo_key(keys, "ta-39"), demo_key(keys, "ta-39")
    assert keys.caller(first) is None
    caller = keys.caller(second)
    assert caller is not None
    assert (caller.agency, caller.scopes) == ("ta-39", DEMO_SCOPES)
    assert keys.caller(real) is not None
    assert keys.caller(other) is not None


def test_an_expired_key_is_none(engine: Engine, schemas: Schemas) -> None:
    brief = PostgresKeys(engine, SECRET, schemas, lifetime=timedelta(seconds=-1))
    assert brief.caller(brief.issue("ta-39", "x", SCOPES)) is None


def test_a_short_secret_is_refused(engine: Engine) -> None:
    with pytest.raises(Misconfigured):
        PostgresKeys(engine, b"short")


def test_what_is_done_with_keys_stands_in_an_audit_that_cannot_be_changed(
    keys: PostgresKeys, engine: Engine, schemas: Schemas
) -> None:
    caller = keys.caller(keys.issue("ta-39", "x", SCOPES, by="operator"))
    assert caller is not None
    keys.revoke(caller.key_id, "operator")
    with schemas.bind(engine).connect() as connection:
        rows = connection.execute(select(AUDIT).order_by(AUDIT.c.id)).all()
    about = f"ta-39/{caller.key_id}"
    assert [(row.who, row.what, row.about) for row in rows] == [
        ("operator", "key.issued", about),
        ("operator", "key.revoked", about),
    ]
    assert audit.broken_at(engine, schemas, rows[0].day) is None
    for change in ("UPDATE {}.audit SET who = 'nobody'", "DELETE FROM {}.audit", "TRUNCATE {}.audit"):
        with pytest.raises(DBAPIError, match="only ever added to"), engine.begin() as connection:
            connection.execute(text(change.format(schemas.work)))


def test_a_changed_audit_is_found_out(keys: PostgresKeys, engine: Engine, schemas: Schemas) -> None:
    for label in "abc":
        keys.issue("ta-39", label, SCOPES)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {schemas.work}.audit DISABLE TRIGGER only_added_to"))
        row = connection.execute(text(f"UPDATE {schemas.work}.audit SET about = 'x' WHERE id = 2 RETURNING day")).one()
    assert audit.broken_at(engine, schemas, row.day) == 2
