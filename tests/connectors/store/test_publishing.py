"""registry.changes: each revision once, whole, in order."""

import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import Engine, delete

from connectors.outbound.topics import apply_topics
from connectors.store.names import Schemas
from connectors.store.publishing import RegistryPublisher, publish_changes
from connectors.store.registry import entries_of, import_registry
from connectors.store.tables import PUBLISHED
from schemas.errors import Misconfigured, NotReady
from schemas.topics import REGISTRY
from tests.builders import an_offering
from tests.connectors.store.filling import an_entry
from tests.taking_away import take_away

pytestmark = [pytest.mark.database, pytest.mark.broker]


@pytest.fixture
def admin(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap})


@pytest.fixture
def prefix(bootstrap: str, topic_prefix: str, admin: AdminClient) -> Iterator[str]:
    made = f"{topic_prefix}{os.getpid()}r."
    apply_topics(bootstrap, [REGISTRY], made)
    yield made
    remove(admin, made)


def remove(admin: AdminClient, prefix: str) -> None:
    take_away(admin, prefix + REGISTRY.name)


def on_topic(bootstrap: str, prefix: str, wanted: int, seconds: float = 20.0) -> list[dict[str, Any]]:
    """The committed records; half a second more to see that there are no others."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "r", "auto.offset.reset": "earliest"}
    consumer = Consumer(settings | {"isolation.level": "read_committed"})
    consumer.subscribe([prefix + REGISTRY.name])
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is None or message.error():
            continue
        value = json.loads(message.value() or b"null")
        assert (message.key() or b"").decode() == f"{value['type']}/{value['id']}"
        found.append(value)
        if len(found) == wanted:
            deadline = min(deadline, time.monotonic() + 0.5)
    consumer.close()
    return found


def test_each_revision_is_published_whole_and_once(engine: Engine, schemas: Schemas, bootstrap: str, prefix: str) -> None:
    import_registry(engine, [an_entry("ta-39"), an_entry("ta-08")], "operator", schemas=schemas)
    offering = next(entries_of((), (), (an_offering("R06"),)))
    import_registry(engine, [offering], "operator", schemas=schemas)
    publisher = RegistryPublisher(engine, bootstrap, prefix, schemas)
    assert publisher.publish() == 2
    assert publisher.publish() == 2
    import_registry(engine, [an_entry("ta-39")], "operator", complete=True, schemas=schemas)
    assert publisher.publish() == 3
    assert publish_changes(engine, bootstrap, prefix, schemas) == 3
    found = on_topic(bootstrap, prefix, 8)
    assert [(value["revision"], value["type"], value["id"]) for value in found] == [
        (1, "agency", "ta-08"),
        (1, "agency", "ta-39"),
        (1, "snapshot", "revision"),
        (2, "offering", "R06"),
        (2, "snapshot", "revision"),
        (3, "agency", "ta-08"),
        (3, "offering", "R06"),
        (3, "snapshot", "revision"),
    ]
    assert found[1]["body"] == an_entry("ta-39").body
    assert found[5]["body"] is None
    assert found[7]["totals"] == {"agency": 1}


def test_a_reader_at_the_same_time_sees_each_revision_whole(
    engine: Engine, schemas: Schemas, bootstrap: str, prefix: str
) -> None:
    """Wherever the topic ends for it, it ends with a snapshot."""
    for revision in range(1, 21):
        entries = [an_entry(f"a-{number}", mailbox=f"m{revision}@b.example") for number in range(20)]
        assert import_registry(engine, entries, "operator", schemas=schemas) == revision
    ends: list[str] = []
    reader = threading.Thread(target=lambda: ends.extend(read_to_each_end(bootstrap, prefix, 20 * 21)))
    reader.start()
    assert publish_changes(engine, bootstrap, prefix, schemas) == 20
    reader.join(30)
    assert len(ends) > 1
    assert set(ends) == {"snapshot"}


def read_to_each_end(bootstrap: str, prefix: str, wanted: int) -> Iterator[str]:
    """The type of the last record each time when there was no more."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "e", "enable.partition.eof": True, "fetch.wait.max.ms": 1}
    consumer = Consumer(settings | {"isolation.level": "read_committed"})
    consumer.assign([TopicPartition(prefix + REGISTRY.name, 0, 0)])
    last, read, deadline = b"", 0, time.monotonic() + 20
    while read < wanted and time.monotonic() < deadline:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            last, read = message.value() or b"", read + 1
        elif message is not None and last:
            yield json.loads(last)["type"]
    yield json.loads(last)["type"]
    consumer.close()


def test_a_publisher_that_was_replaced_cannot_write(engine: Engine, schemas: Schemas, bootstrap: str, prefix: str) -> None:
    stalled = RegistryPublisher(engine, bootstrap, prefix, schemas)
    import_registry(engine, [an_entry("ta-39")], "operator", schemas=schemas)
    successor = RegistryPublisher(engine, bootstrap, prefix, schemas)
    with pytest.raises(Misconfigured, match="another publisher"):
        stalled.publish()
    assert successor.publish() == 1
    assert len(on_topic(bootstrap, prefix, 2)) == 2


def test_what_a_crash_left_open_is_not_seen(engine: Engine, schemas: Schemas, bootstrap: str, prefix: str) -> None:
    crashed = Producer({"bootstrap.servers": bootstrap, "transactional.id": f"{prefix}hub.registry"})
    crashed.init_transactions(30)
    crashed.begin_transaction()
    crashed.produce(prefix + REGISTRY.name, b'{"type": "agency", "id": "half", "revision": 1}', b"agency/half")
    crashed.flush(10)
    import_registry(engine, [an_entry("ta-39")], "operator", schemas=schemas)
    publish_changes(engine, bootstrap, prefix, schemas)
    assert [value["id"] for value in on_topic(bootstrap, prefix, 2)] == ["ta-39", "revision"]


def test_a_crash_before_the_database_knew_writes_the_revision_again(
    engine: Engine, schemas: Schemas, bootstrap: str, prefix: str
) -> None:
    import_registry(engine, [an_entry("ta-39")], "operator", schemas=schemas)
    assert publish_changes(engine, bootstrap, prefix, schemas) == 1
    with schemas.bind(engine).begin() as connection:
        connection.execute(delete(PUBLISHED))
    assert publish_changes(engine, bootstrap, prefix, schemas) == 1
    found = on_topic(bootstrap, prefix, 4)
    assert found[:2] == found[2:]


def test_a_topic_that_was_made_anew_gets_all_revisions(
    engine: Engine, schemas: Schemas, bootstrap: str, prefix: str, admin: AdminClient
) -> None:
    import_registry(engine, [an_entry("ta-39")], "operator", schemas=schemas)
    import_registry(engine, [an_entry("ta-08")], "operator", schemas=schemas)
    publisher = RegistryPublisher(engine, bootstrap, prefix, schemas)
    assert publisher.publish() == 2
    remove(admin, prefix)
    with pytest.raises(NotReady, match="cannot be written to"):
        publisher.publish()
    apply_topics(bootstrap, [REGISTRY], prefix)
    assert publish_changes(engine, bootstrap, prefix, schemas) == 2
    assert [value["id"] for value in on_topic(bootstrap, prefix, 4)] == ["ta-39", "revision", "ta-08", "revision"]
