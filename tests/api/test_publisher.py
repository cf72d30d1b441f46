"""hub.ports.Publisher: what every publisher does (the twin in memory and the real one), and what only Kafka can do."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from fastapi.testclient import TestClient

from api.app import create_app
from connectors.memory.keys import MemoryKeys
from connectors.memory.publisher import MemoryPublisher
from connectors.memory.reading import MemoryReading
from connectors.outbound.kafka import KafkaPublisher
from connectors.outbound.topics import apply_topics
from hub.ports import Publisher
from schemas.errors import Misconfigured, NotReady
from schemas.messages import Submission
from schemas.topics import LARGEST_INPUT, RECEIVED, Topic
from schemas.wire import Message, event, read
from tests.api.conftest import AGENCY, a_notice, is_problem, no_webhooks

SAID = Submission(sender="ta-39", way="api", body='{"text": "Jämsä"}')
EITHER = [pytest.param("memory"), pytest.param("kafka", marks=pytest.mark.broker)]


def a_message(topic: str, number: int = 0, key: str = "k") -> Message:
    return event(topic, key, SAID, id=f"id-{number}", type="t", source="s", time=datetime(2026, 11, 25, tzinfo=UTC))


def nobody_listens() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def topic(bootstrap: str, topic_prefix: str) -> str:
    apply_topics(bootstrap, [RECEIVED], topic_prefix)
    return topic_prefix + RECEIVED.name


@pytest.fixture
def kafka(bootstrap: str) -> Iterator[KafkaPublisher]:
    with KafkaPublisher(bootstrap) as publisher:
        yield publisher


@pytest.fixture
def either(request: pytest.FixtureRequest) -> tuple[Publisher, str]:
    """A publisher and a topic with 12 partitions."""
    if request.param == "memory":
        return MemoryPublisher(), "notices.received"
    return request.getfixturevalue("kafka"), request.getfixturevalue("topic")


def everything_in(bootstrap: str, topic: str, number: int) -> list[Any]:
    """The records of a topic, as many as are told to be there."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "nobody", "enable.auto.commit": False})
    with closing(consumer):
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(RECEIVED.partitions)])
        records: list[Any] = []
        until = time.monotonic() + 20
        while len(records) < number and time.monotonic() < until:
            records += consumer.consume(number, 0.5)
        return [record for record in records if record.error() is None]


@pytest.mark.parametrize("either", EITHER, indirect=True)
def test_places_come_back_in_the_order_given(either: tuple[Publisher, str]) -> None:
    publisher, topic = either
    messages = [a_message(topic, number, key=f"k-{number % 5}") for number in range(100)]
    places = publisher.publish(messages)
    assert len(places) == len({(place.partition, place.offset) for place in places}) == 100
    assert {place.topic for place in places} == {topic}
    for key in range(5):
        mine = places[key::5]
        assert len({place.partition for place in mine}) == 1
        assert [place.offset for place in mine] == sorted(place.offset for place in mine)


@pytest.mark.parametrize("either", EITHER, indirect=True)
def test_nothing_is_nothing(either: tuple[Publisher, str]) -> None:
    assert either[0].publish([]) == []


@pytest.mark.parametrize("either", EITHER, indirect=True)
def test_a_partition_that_is_named_is_taken(either: tuple[Publisher, str]) -> None:
    publisher, topic = either
    (place,) = publisher.publish([Message(topic, b"k", b"v", partition=7)])
    assert place.partition == 7


@pytest.mark.parametrize("either", EITHER, indirect=True)
def test_many_threads_write_at_once(either: tuple[Publisher, str]) -> None:
    publisher, topic = either

    def write(thread: int) -> list[tuple[int, int]]:
        places = publisher.publish([a_message(topic, thread * 10 + number, key=f"k-{thread}") for number in range(10)])
        return [(place.partition, place.offset) for place in places]

    with ThreadPoolExecutor(32) as threads:
        found = [place for places in threads.map(write, range(64)) for place in places]
    assert len(set(found)) == 640


@pytest.mark.broker
def test_what_is_written_is_read_back_with_its_headers(bootstrap: str, kafka: KafkaPublisher, topic: str) -> None:
    (place,) = kafka.publish([a_message(topic)])
    (record,) = everything_in(bootstrap, topic, 1)
    assert (record.partition(), record.offset()) == (place.partition, place.offset)
    assert read(Submission, record.value(), record.headers()) == SAID
    assert record.headers() == list(a_message(topic).headers)


@pytest.mark.broker
def test_keys_go_where_java_would_put_them(kafka: KafkaPublisher, topic: str) -> None:
    """murmur2 with the seed and the mask of the Java client, and so of Faust's aiokafka: computed here by aiokafka."""
    from aiokafka.partitioner import murmur2  # type: ignore[import-untyped]

    for key in (b"ta-39\x1fmuutosturva", b"fi:9000000-3", "ä".encode(), b""):
        (place,) = kafka.publish([Message(topic, key, b"v")])
        if key:
            assert place.partition == (murmur2(key) & 0x7FFFFFFF) % RECEIVED.partitions


@pytest.mark.broker
def test_the_largest_input_is_taken(kafka: KafkaPublisher, topic: str) -> None:
    """Quotes double in JSON: the record of an input is larger than the input."""
    said = Submission(sender="ta-39", way="api", body='"' * LARGEST_INPUT)
    message = event(topic, "k", said, id="1", type="t", source="s", time=datetime(2026, 11, 25, tzinfo=UTC))
    assert kafka.publish([message])


@pytest.mark.broker
def test_a_topic_that_is_not_there_is_the_operators_fault(kafka: KafkaPublisher, topic_prefix: str) -> None:
    with pytest.raises(Misconfigured, match="hub topics apply"):
        kafka.publish([a_message(f"{topic_prefix}nowhere")])


@pytest.mark.broker
def test_a_record_that_the_topic_does_not_allow(bootstrap: str, kafka: KafkaPublisher, topic_prefix: str) -> None:
    name = f"{topic_prefix}small"
    new = NewTopic(name, num_partitions=1, replication_factor=1, config={"max.message.bytes": "1000"})
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for made in admin.create_topics([new]).values():
        made.result(10)
    noise = "".join(chr(0x4E00 + number % 20_000) for number in range(20_000))
    with pytest.raises(Misconfigured, match="larger"):
        kafka.publish([Message(name, b"k", noise.encode())])
    assert kafka.publish([Message(name, b"k", b"v")])


@pytest.mark.broker
def test_it_is_ready_while_the_broker_answers(kafka: KafkaPublisher) -> None:
    assert kafka.ready() is None


@pytest.mark.broker
def test_closing_ends_what_is_on_its_way_and_takes_nothing_more(bootstrap: str, topic: str) -> None:
    publisher = KafkaPublisher(bootstrap)
    with ThreadPoolExecutor(8) as threads:
        writing = [threads.submit(publisher.publish, [a_message(topic, number)]) for number in range(8)]
        publisher.close()
        outcomes = [one.exception() for one in writing]
    publisher.close()
    assert all(outcome is None or isinstance(outcome, NotReady) for outcome in outcomes)
    stored = everything_in(bootstrap, topic, outcomes.count(None))
    assert len(stored) >= outcomes.count(None)
    with pytest.raises(NotReady, match="stopping"):
        publisher.publish([a_message(topic)])


@pytest.mark.broker
def test_a_notice_comes_through_the_api_onto_the_broker(bootstrap: str, topic_prefix: str, topic: str) -> None:
    keys = MemoryKeys()

    def name(one: Topic) -> str:
        return topic_prefix + one.name

    with KafkaPublisher(bootstrap) as publisher:
        app = create_app(publisher, keys, MemoryReading(), no_webhooks(), name, checks={"kafka": publisher.ready})
        headers = {"Authorization": f"Bearer {keys.issue(AGENCY, 'test', frozenset({'publish'}))}"}
        with TestClient(app, headers=headers) as client:
            receipts = [client.post("/v1/notices", json=a_notice()).json()["receipt"] for _ in range(2)]
            assert client.get("/readyz").json()["checks"] == {"views": "ok", "kafka": "ok"}
    records = everything_in(bootstrap, topic, 2)
    assert [dict(record.headers())["ce_id"].decode() for record in records] == receipts
    assert records[0].key() == records[1].key() == f"{AGENCY}\x1f{a_notice()['source']}".encode()


def test_a_broker_that_is_away_is_answered_within_the_time() -> None:
    with KafkaPublisher(nobody_listens(), within=1.0) as publisher:
        began = time.monotonic()
        with pytest.raises(NotReady, match="the same again is safe"):
            publisher.publish([a_message("notices.received")])
        assert time.monotonic() - began < 2.5
        assert "no Kafka answers" in (publisher.ready() or "")


def test_a_broker_that_takes_the_call_and_says_nothing_is_answered_within_the_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with KafkaPublisher(address, within=1.0) as publisher, pytest.raises(NotReady):
            publisher.publish([a_message("notices.received")])
        assert time.monotonic() - began < 3.5


def test_reads_go_on_while_kafka_is_away() -> None:
    """As many senders as there are threads for them wait for the broker; another caller is served meanwhile."""
    keys = MemoryKeys()
    key = keys.issue(AGENCY, "test", frozenset({"publish", "read"}))
    with KafkaPublisher(nobody_listens(), within=3.0) as publisher:
        app = create_app(publisher, keys, MemoryReading(), no_webhooks())
        with TestClient(app, headers={"X-API-Key": key}) as client, ThreadPoolExecutor(80) as threads:
            sending = [threads.submit(client.post, "/v1/notices", json=a_notice()) for _ in range(80)]
            time.sleep(0.5)
            began = time.monotonic()
            assert client.get("/v1/outbox").status_code == 200
            assert time.monotonic() - began < 2.0
            for one in sending:
                response = one.result()
                is_problem(response, 503, "not-ready")
                assert response.headers["retry-after"]


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    KafkaPublisher(nobody_listens(), within=0.5).close()
    assert threading.active_count() == before
