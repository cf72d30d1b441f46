"""Searching by words: Finnish ones in any form and either case, and none that were cut from a copy."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from connectors.store.migrate import migrate
from connectors.store.names import REAL, connect
from connectors.store.reading import PostgresReading
from hub.ports import Reading
from tests.connectors.store.filling import CURSOR_SECRET, Filler, found
from tests.hub.projection import said

pytestmark = pytest.mark.database


def test_finnish_words_are_found_in_any_of_their_forms(fill: Filler, reading: Reading) -> None:
    fill([
        said.history(said.accepted(said.notice(1, text="Etsimme hitsaajia telakalle"))),
        said.history(said.accepted(said.notice(2, text="Yksi hitsaaja, osa-aikainen", employer={"name": "Ha\u0308meen Rekry"}))),
        said.history(said.accepted(said.notice(3, text="Svetsare sökes", occupations=[], employer={"name": "Östnyland Ab"}))),
    ])  # fmt: skip
    assert found(reading, text="hitsaajien") == ["R-1", "R-2"]
    assert found(reading, text="TELAKALLA") == ["R-1"]
    assert found(reading, text="svetsare östnyland") == ["R-3"]
    assert found(reading, text="Hämeen") == found(reading, text="Ha\u0308meen") == ["R-2"]
    assert found(reading, text="9000001-1") == ["R-1", "R-2", "R-3"]
    assert found(reading, text="telakka svetsare") == []
    assert found(reading, text="  ") == ["R-1", "R-2", "R-3"]
    for odd in ("'", "\\", "a & b | !c:*", "<->", "((", '"', "%", "ja"):
        found(reading, text=odd)


WRITTEN_AND_ASKED = (
    ("Äänekosken sähkötyöt", "ÄÄNEKOSKEN"),
    ("PÄLKÄNE", "pälkäne"),
    ("Åbo Hållbar Ab", "åbo hållbar"),
    ("ångström", "ÅNGSTRÖM"),
    ("Öljytyöt Oy", "öljytyöt"),
    ("Asentajia etsitään Ähtäriin", "ÄHTÄRI"),
    ("Kärsämäen työvoima", "ka\u0308rsa\u0308ma\u0308en"),
)


def test_letters_with_dots_and_rings_are_found_in_either_case(fill: Filler, reading: Reading) -> None:
    for number, (written, _) in enumerate(WRITTEN_AND_ASKED):
        fill(said.path(said.notice(number, text=written, employer={"name": written}), to=("ta-08",)))
    for number, (_, asked) in enumerate(WRITTEN_AND_ASKED):
        assert found(reading, "ta-39", text=asked) == [f"R-{number}"]
        assert found(reading, "ta-08", text=asked) == [f"R-{number}"]
    for without_dots in ("aanekoski", "abo", "oljytyot"):
        assert found(reading, "ta-39", text=without_dots) == []


@pytest.fixture
def plain_engine(engine: Engine) -> Iterator[Engine]:
    """Of a database that knows no letters but those of English."""
    name = f"plain_{os.getpid()}"
    server = engine.execution_options(isolation_level="AUTOCOMMIT")
    made = connect(engine.url.set(database=name).render_as_string(hide_password=False))
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'"))
    migrate(made.url.render_as_string(hide_password=False))
    yield made
    made.dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def test_a_database_with_the_locale_c_finds_them_too(plain_engine: Engine) -> None:
    Filler(plain_engine, REAL)(said.path(said.notice(text="ÄÄNEKOSKI, Åbo: sähköasentajia"), to=()))
    for asked in ("äänekoski", "ÅBO", "SÄHKÖASENTAJA"):
        assert found(PostgresReading(plain_engine, CURSOR_SECRET), text=asked) == ["R-1"]


def test_a_recipient_finds_nothing_by_what_was_cut_from_its_copy(fill: Filler, reading: Reading) -> None:
    fill(said.path(said.notice(text="fuusio", diary_number="HEL-77"), to=("ta-08",)))
    assert found(reading, "ta-39", text="fuusio") == ["R-1"]
    assert found(reading, "ta-08", text="fuusio") == []
    assert found(reading, "ta-08", text="hitsaaja") == ["R-1"]
