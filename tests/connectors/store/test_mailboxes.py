"""Addresses as agencies manage them: the same over PostgreSQL and in memory; and the hub's own letters, each sent once."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, text

from connectors.memory.mailboxes import MemoryMailboxes
from connectors.store.deliveries import PostgresDeliveries
from connectors.store.endpoints import PostgresEndpoints
from connectors.store.keys import PostgresKeys
from connectors.store.letters import PostgresLetters
from connectors.store.mailboxes import MOST_A_DAY, PostgresMailboxes
from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.partners import PostgresPartners
from hub.core.delivering import Waiting
from hub.core.mail import replies
from hub.core.mail.writing import Digest, Writing
from hub.core.partners import Asked
from hub.mail_ports import Mailboxes, MailTarget
from hub.ports import Taken
from schemas.errors import Conflict, TooMuch, Unknown

pytestmark = pytest.mark.database
SECRET = b"a secret of the tests"
AGENCY, OTHER = "ta-39", "evk-03"
WRITING = Writing("employers@agency.example", "sv", Digest(at=time(7, 30), weekdays=("mon", "fri")))


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    """One set for all tests here, which clean up what they leave."""
    return Schemas(f"m{os.getpid()}_")


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, schemas: Schemas) -> Iterator[Engine]:
    url = request.getfixturevalue("servers").url
    drop_everything(url, schemas.prefix)
    migrate(url, schemas.prefix)
    engine = connect(url, size=4)
    yield engine
    engine.dispose()
    drop_everything(url, schemas.prefix)


@pytest.fixture
def engine(shared: Engine, schemas: Schemas) -> Engine:
    with shared.begin() as connection:
        tables = ", ".join(f"{schemas.work}.{name}" for name in ("endpoints", "positions", "deliveries", "letters", "api_keys"))
        connection.execute(text(f"TRUNCATE {tables}"))
    return shared


@pytest.fixture(params=["postgres", "memory"])
def boxes(request: pytest.FixtureRequest, schemas: Schemas) -> Mailboxes:
    if request.param == "memory":
        return MemoryMailboxes(lambda: datetime.now(UTC))
    return PostgresMailboxes(request.getfixturevalue("engine"), SECRET, schemas)


def test_an_address_is_new_until_it_is_confirmed(boxes: Mailboxes) -> None:
    info = boxes.add(AGENCY, "notices", WRITING)
    assert (info.told.state, info.gets, info.writing) == ("new", "notices", WRITING)
    for act in (boxes.pause, boxes.resume):
        with pytest.raises(Unknown, match="not confirmed"):
            act(AGENCY, info.told.id)
    assert boxes.confirm(info.told.id)
    assert boxes.confirm(info.told.id), "a link may be followed twice"
    assert boxes.of(AGENCY) == [boxes.get(AGENCY, info.told.id)]
    assert boxes.get(AGENCY, info.told.id).told.state == "active"
    assert boxes.pause(AGENCY, info.told.id).told.why == "asked"
    assert boxes.confirm(info.told.id)
    assert boxes.get(AGENCY, info.told.id).told.state == "paused", "a link resumes nothing"
    assert boxes.resume(AGENCY, info.told.id).told.state == "active"


def test_whoever_reads_mail_there_may_stop_it_for_good(boxes: Mailboxes) -> None:
    name = boxes.add(AGENCY, "notices", WRITING).told.id
    boxes.confirm(name)
    boxes.stop(name)
    boxes.stop(name)
    told = boxes.get(AGENCY, name).told
    assert (told.state, told.why) == ("closed", "unsubscribed")
    assert boxes.of(AGENCY) == []
    assert not boxes.confirm(name)
    assert not boxes.confirm("mb_0000000000000000")
    with pytest.raises(Unknown):
        boxes.change(AGENCY, name, WRITING)
    assert boxes.add(AGENCY, "notices", WRITING).told.state == "new", "it may be registered again, and confirmed again"


def test_what_is_another_agencys_is_not_there(boxes: Mailboxes) -> None:
    name = boxes.add(AGENCY, "notices", WRITING).told.id
    assert boxes.of(OTHER) == []
    for act in (boxes.get, boxes.pause, boxes.resume, boxes.close):
        with pytest.raises(Unknown):
            act(OTHER, name)
    with pytest.raises(Unknown):
        boxes.attempts(OTHER, name, None, 10)


def test_an_address_is_told_once_of_each_thing(boxes: Mailboxes) -> None:
    boxes.add(AGENCY, "notices", WRITING)
    with pytest.raises(Conflict):
        boxes.add(AGENCY, "notices", replace(WRITING, address="Employers@Agency.example"))
    boxes.add(AGENCY, "warnings", Writing(WRITING.address))
    boxes.add(OTHER, "notices", WRITING)


def test_it_may_be_written_to_another_way(boxes: Mailboxes) -> None:
    name = boxes.add(AGENCY, "notices", WRITING).told.id
    other = Writing(WRITING.address, "en", Digest(each_hours=4))
    assert boxes.change(AGENCY, name, other).writing == other
    assert boxes.get(AGENCY, name).writing == other


# What stands in the database alone


@pytest.fixture
def stored(engine: Engine, schemas: Schemas) -> PostgresMailboxes:
    return PostgresMailboxes(engine, SECRET, schemas)


def test_webhooks_and_addresses_know_nothing_of_each_other(stored: PostgresMailboxes, engine: Engine, schemas: Schemas) -> None:
    endpoints = PostgresEndpoints(engine, SECRET, SECRET, schemas)
    hook, _ = endpoints.add(AGENCY, "https://agency.example/hook", "structured")
    box = stored.add(AGENCY, "notices", WRITING).told.id
    warned = stored.add(AGENCY, "warnings", Writing("technical@agency.example")).told.id
    assert [info.id for info in endpoints.of(AGENCY)] == [hook.id]
    assert {info.told.id for info in stored.of(AGENCY)} == {box, warned}
    for act in (endpoints.get, endpoints.resume, endpoints.close):
        with pytest.raises(Unknown):
            act(AGENCY, box)
    by_hook, by_mail = (PostgresDeliveries(engine, SECRET, "me", schemas, kind=kind) for kind in ("webhook", "mail"))  # type: ignore[arg-type]
    assert [one.id for one in by_mail.claim()] == [], "none is confirmed"
    stored.confirm(box)
    stored.confirm(warned)
    assert [one.id for one in by_hook.claim()] == [hook.id]
    (claimed,) = by_mail.claim()
    assert claimed.target == MailTarget(f"mail:{WRITING.address}", "mail", (), box, WRITING)  # type: ignore[arg-type]


def test_an_agency_that_is_suspended_is_written_no_letter(stored: PostgresMailboxes, engine: Engine, schemas: Schemas) -> None:
    letters, partners = PostgresLetters(engine, schemas), PostgresPartners(engine, schemas)
    stored.confirm(stored.add(AGENCY, "warnings", Writing("technical@agency.example")).told.id)
    stored.add(AGENCY, "notices", WRITING)
    assert (len(letters.warned()), len(letters.unconfirmed())) == (1, 1)
    partners.move(AGENCY, Asked("suspend", "a test"), "tests")
    try:
        assert (letters.warned(), letters.unconfirmed()) == ([], [])
    finally:
        partners.move(AGENCY, Asked("activate", "a test"), "tests")


def test_another_digest_lets_go_what_waited_for_the_one_before(
    stored: PostgresMailboxes, engine: Engine, schemas: Schemas
) -> None:
    name = stored.add(AGENCY, "notices", WRITING).told.id
    stored.confirm(name)
    deliveries = PostgresDeliveries(engine, SECRET, "me", schemas, kind="mail")
    deliveries.claim()
    later = datetime.now(UTC) + timedelta(days=3)
    deliveries.take([Taken(name, "e1", 1, (Waiting("id", 0, "notice", "fi:1", "r", 1, later),))])
    assert [event.due for event in deliveries.waiting(name)] == [later]
    (before,) = deliveries.claim()
    stored.change(AGENCY, name, Writing(WRITING.address))
    (after,) = deliveries.claim()
    assert after.since > before.since, "whoever tells it begins anew, with what is noted now"
    assert deliveries.waiting(name)[0].due < later - timedelta(days=2)
    assert stored.get(AGENCY, name).told.waiting == 1


def test_an_agency_asks_only_so_many_addresses_in_a_day(stored: PostgresMailboxes) -> None:
    for number in range(MOST_A_DAY):
        stored.close(AGENCY, stored.add(AGENCY, "notices", Writing(f"a{number}@agency.example")).told.id)
    with pytest.raises(TooMuch):
        stored.add(AGENCY, "notices", WRITING)


# The hub's own letters


@pytest.fixture
def letters(engine: Engine, schemas: Schemas) -> PostgresLetters:
    return PostgresLetters(engine, schemas)


def run(engine: Engine, schemas: Schemas, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement.replace("work.", f"{schemas.work}.")))


def test_a_letter_is_claimed_by_one_and_sent_once(letters: PostgresLetters, engine: Engine, schemas: Schemas) -> None:
    one = ("key/k/7", "mb_1")
    assert letters.claim([one, ("key/k/7", "mb_2")]) == {one, ("key/k/7", "mb_2")}
    assert letters.claim([one]) == frozenset(), "whoever claimed it sends it"
    letters.sent(*one, replies.to_the_rest(451), 0.0)
    assert letters.claim([one]) == frozenset(), "tried again in a while"
    run(engine, schemas, "UPDATE work.letters SET due = now()")
    assert one in letters.claim([one])
    letters.sent(*one, replies.TAKEN, 0.0)
    run(engine, schemas, "UPDATE work.letters SET due = now()")
    assert letters.claim([one]) == frozenset()
    run(engine, schemas, "UPDATE work.letters SET made = made - interval '3 days'")
    assert letters.claim([("key/k/7", "mb_2")]) == frozenset(), "given up"


def test_a_letter_after_which_the_dispatcher_dies_each_time_goes_ever_more_seldom(
    letters: PostgresLetters, engine: Engine, schemas: Schemas
) -> None:
    """Claimed, sent, and never noted."""
    one, waits = ("key/k/7", "mb_1"), list[float]()
    for _ in range(9):
        assert letters.claim([one]) == {one}
        with engine.connect() as connection:
            query = f"SELECT extract(epoch FROM due - now())::float FROM {schemas.work}.letters"
            waits.append(connection.execute(text(query)).scalar_one())
        run(engine, schemas, "UPDATE work.letters SET due = now()")
    assert [round(wait / 60) for wait in waits] == [5, 5, 5, 15, 30, 60, 120, 240, 360]


def test_who_is_refused_for_good_is_asked_no_more(letters: PostgresLetters, stored: PostgresMailboxes) -> None:
    name = stored.add(AGENCY, "notices", WRITING).told.id
    assert [one.mailbox for one in letters.unconfirmed()] == [name]
    letters.claim([("confirm", name)])
    letters.sent("confirm", name, replies.to_recipient(550, "5.1.1 no such user"), 0.0)
    told = stored.get(AGENCY, name).told
    assert (told.state, told.why) == ("closed", "smtp-550")
    assert letters.unconfirmed() == []


def test_an_address_that_nobody_confirms_is_closed_after_a_week(
    letters: PostgresLetters, stored: PostgresMailboxes, engine: Engine, schemas: Schemas
) -> None:
    name = stored.add(AGENCY, "notices", WRITING).told.id
    run(engine, schemas, "UPDATE work.endpoints SET made = now() - interval '8 days'")
    assert letters.unconfirmed() == []
    told = stored.get(AGENCY, name).told
    assert (told.state, told.why) == ("closed", "not-confirmed")


def test_what_ends_soon_and_what_was_paused_by_the_hub_is_found(
    letters: PostgresLetters, stored: PostgresMailboxes, engine: Engine, schemas: Schemas
) -> None:
    for days in (5, 40):
        PostgresKeys(engine, SECRET, schemas, timedelta(days=days)).issue(AGENCY, f"{days} days", frozenset({"read"}))
    assert [(one.what, one.agency, one.label) for one in letters.endings()] == [("key", AGENCY, "5 days")]
    endpoints = PostgresEndpoints(engine, SECRET, SECRET, schemas)
    by_us, by_them = (endpoints.add(AGENCY, f"https://agency.example/{name}", "structured")[0].id for name in "ab")
    endpoints.pause(AGENCY, by_them)
    run(engine, schemas, f"UPDATE work.endpoints SET state = 'paused', why = 'gone' WHERE id = '{by_us}'")
    assert [(one.what, one.name, one.why) for one in letters.paused()] == [("webhook", by_us, "gone")]
    box = stored.add(AGENCY, "warnings", WRITING).told.id
    assert letters.warned() == []
    stored.confirm(box)
    assert [(one.mailbox, one.agency, one.writing) for one in letters.warned()] == [(box, AGENCY, WRITING)]
