"""What the database knows of what was confirmed, and what the broker knows of agencies' groups: on the real ones."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Consumer, TopicPartition
from sqlalchemy import Engine

from connectors.outbound.kafka import KafkaPublisher
from connectors.outbound.partner_groups import KafkaPartnerGroups
from connectors.outbound.topics import apply_topics
from connectors.store.confirming import PostgresConfirmed
from connectors.store.deliveries import PostgresDeliveries
from connectors.store.endpoints import PostgresEndpoints
from connectors.store.mailboxes import PostgresMailboxes
from connectors.store.names import Schemas
from connectors.store.replays import PostgresReplays
from hub.core.delivering import Waiting
from hub.core.gap import EndpointAt, GroupAt, OutboxAt, PlaceAt
from hub.core.mail.writing import Writing
from hub.ports import Noted, Taken
from hub.replays import Wanted
from schemas.errors import Unknown
from schemas.topics import outbox
from tests.builders import AT
from tests.connectors.store.filling import Filler
from tests.hub.dispatch.boxes import AGENCY, a_copy

SECRET = b"a secret of the tests"
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.mark.database
def test_endpoints_readers_and_when_events_came(engine: Engine, schemas: Schemas, fill: Filler) -> None:
    store, endpoints = PostgresConfirmed(engine, schemas), PostgresEndpoints(engine, SECRET, SECRET, schemas)
    deliveries = PostgresDeliveries(engine, SECRET, "me", schemas)
    first, second = (endpoints.add(AGENCY, f"https://agency.example/{number}", "structured")[0].id for number in range(2))
    deliveries.claim()
    events = tuple(Waiting(f"e{place}", place, "notice", "fi:1", f"r{place}", 1, NOW) for place in range(4))
    deliveries.take([Taken(first, "e1", 9, events)])
    deliveries.note([Noted(first, AGENCY, events[0], "delivered", NOW), Noted(first, AGENCY, events[1], "given-up", NOW)])
    found, other = store.endpoints(AGENCY)
    assert found.oldest is not None
    assert datetime.now(UTC) - found.oldest < timedelta(minutes=1)
    counts = {"delivered": 1, "given-up": 1, "waiting": 2}
    assert found == EndpointAt(first, "active", ("e1", 9), counts, 1, found.oldest)
    assert other == EndpointAt(second, "active", None, {})
    assert store.states(first, ["e0", "e1", "e3", "e9"]) == {"e0": "delivered", "e1": "given-up", "e3": "waiting"}
    assert store.endpoints("ta-08") == []
    for cursor in ("e1.3", "e1.7"):
        store.note(AGENCY, PlaceAt("k1", "feed", cursor, NOW))
    assert store.readers(AGENCY) == [PlaceAt("k1", "feed", "e1.7", NOW)]
    assert store.readers("ta-08") == []
    fill([a_copy("r1"), a_copy("r2")])
    assert store.came(AGENCY, "e1", [0, 1, 2]) == {0: AT, 1: AT + timedelta(milliseconds=1)}


@pytest.mark.database
def test_an_address_of_mail_is_a_channel_once_it_is_confirmed_and_one_for_warnings_is_none(
    engine: Engine, schemas: Schemas
) -> None:
    store, boxes = PostgresConfirmed(engine, schemas), PostgresMailboxes(engine, SECRET, schemas)
    box, warned = (boxes.add(AGENCY, gets, Writing(f"{gets}@agency.example", "sv")).told.id for gets in ("notices", "warnings"))
    assert store.endpoints(AGENCY) == []
    assert boxes.confirm(box)
    assert boxes.confirm(warned)
    (found,) = store.endpoints(AGENCY)
    assert (found.endpoint, found.channel) == (box, "mail")
    with pytest.raises(Unknown):
        PostgresReplays(engine, schemas).ask(AGENCY, box, Wanted(since=NOW), 10, "key")


@pytest.fixture
def prefix(bootstrap: str, topic_prefix: str) -> str:
    made = f"{topic_prefix}{os.getpid()}."
    apply_topics(bootstrap, [outbox(AGENCY)], made)
    return made


@pytest.mark.broker
def test_groups_by_what_they_have_committed_also_ahead_of_the_end(bootstrap: str, prefix: str) -> None:
    name, asked = prefix + outbox(AGENCY).name, KafkaPartnerGroups(bootstrap, lambda topics: dict.fromkeys(topics, "e1"), prefix)
    publisher = KafkaPublisher(bootstrap)
    try:
        publisher.publish([replace(copy, topic=name) for copy in (a_copy("r1"), a_copy("r2"))])
    finally:
        publisher.close()
    assert asked.of(AGENCY) == (OutboxAt("e1", 0, 2), [])
    for group, offset in (("behind", 1), ("ahead", 7)):
        consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{prefix}agency.{AGENCY}.{group}"})
        consumer.commit(offsets=[TopicPartition(name, 0, offset)], asynchronous=False)
        consumer.close()
    other = Consumer({"bootstrap.servers": bootstrap, "group.id": f"{prefix}agency.{AGENCY}-x.foreign"})
    other.commit(offsets=[TopicPartition(name, 0, 1)], asynchronous=False)
    other.close()
    _, groups = asked.of(AGENCY)
    assert groups == [GroupAt(f"agency.{AGENCY}.ahead", 7, 0), GroupAt(f"agency.{AGENCY}.behind", 1, 0)]
