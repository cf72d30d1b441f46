"""A real broker."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType  # type: ignore[attr-defined]

from hub.local import embedded, logs, ports
from hub.local.kafka import ANY_PORTS, LocalKafka
from hub.local.refusals import counted
from hub.local.supervisor import Supervisor


def make_topic(kafka: LocalKafka, name: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(10)


def produce(kafka: LocalKafka, text: str) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    producer.produce("notices.received", text.encode())
    assert producer.flush(20) == 0


def consume(kafka: LocalKafka, count: int) -> list[str]:
    names = {"bootstrap.servers": kafka.bootstrap, "group.id": "test", "auto.offset.reset": "earliest", "log_level": 0}
    consumer = Consumer({**names, "enable.auto.commit": False})
    consumer.subscribe(["notices.received"])
    records = consumer.consume(count, 20)
    consumer.close()
    return [record.value().decode() for record in records]  # type: ignore[union-attr]


def setting(admin: AdminClient, resource: ConfigResource, name: str) -> str:
    found = admin.describe_configs([resource])[resource].result(10)
    return str(found[name].value)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kafka")


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def supervisor(home: Path, said: list[str]) -> Iterator[Supervisor]:
    with Supervisor(home, say=said.append) as running:
        yield running


@pytest.fixture(scope="module")
def kafka(supervisor: Supervisor, home: Path) -> LocalKafka:
    kafka = embedded.start_kafka(supervisor, home, usual_ports=ANY_PORTS)
    make_topic(kafka, "notices.received")
    return kafka


def test_it_has_the_settings_that_the_hub_counts_on(kafka: LocalKafka) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    topic = ConfigResource(ResourceType.TOPIC, "notices.received")
    broker = ConfigResource(ResourceType.BROKER, "1")
    assert setting(admin, topic, "message.timestamp.type") == "LogAppendTime"
    assert setting(admin, topic, "max.message.bytes") == "4259840"
    assert setting(admin, topic, "min.insync.replicas") == "1"
    assert setting(admin, broker, "offsets.retention.minutes") == "576000"
    assert setting(admin, broker, "auto.create.topics.enable") == "false"
    assert setting(admin, broker, "offsets.topic.num.partitions") == "4"


def test_a_record_of_four_mebibytes_goes_through(kafka: LocalKafka) -> None:
    make_topic(kafka, "large")
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "message.max.bytes": 4_259_840, "log_level": 0})
    failures: list[object] = []
    producer.produce("large", b"x" * 4 * 1024 * 1024, b"key", on_delivery=lambda error, _: failures.append(error))
    assert producer.flush(20) == 0
    assert failures == [None]


def test_a_partner_needs_its_password(kafka: LocalKafka) -> None:
    sasl: dict[str, str | int | float] = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "hub",
        "log_level": 0,
    }
    right = AdminClient({**sasl, "bootstrap.servers": kafka.partner_bootstrap, "sasl.password": kafka.password})
    assert str(right.list_topics(timeout=10).cluster_id) == kafka.cluster_id
    wrong = AdminClient({**sasl, "bootstrap.servers": kafka.partner_bootstrap, "sasl.password": "wrong"})
    with pytest.raises(KafkaException):
        wrong.list_topics(timeout=1)


def refused(kafka: LocalKafka, times: int, mechanism: str = "SCRAM-SHA-512") -> None:
    """Clients with a wrong password, until they have heard so often that they are not let in."""
    heard: list[KafkaError] = []
    login = {"security.protocol": "SASL_PLAINTEXT", "sasl.username": "hub", "sasl.password": "wrong", "sasl.mechanism": mechanism}
    login |= {"bootstrap.servers": kafka.partner_bootstrap, "group.id": "x", "log_level": 0}
    clients = [Consumer({**login, "error_cb": heard.append}) for _ in range(8)]
    for client in clients:
        client.subscribe(["notices.received"])
    while sum(error.code() == KafkaError._AUTHENTICATION for error in heard) < times:
        for client in clients:
            client.poll(0.01)
    for client in clients:
        client.close()


def test_refused_log_ins_are_said_once_and_cannot_fill_the_log(kafka: LocalKafka, home: Path, said: list[str]) -> None:
    log = home / "log" / "kafka.log"
    before = len(list(logs.lines(log)))
    refused(kafka, 1, "PLAIN")
    refused(kafka, 90)
    new = list(logs.lines(log))[before:]
    (one,) = counted(new, datetime.now(UTC) - timedelta(hours=1))
    assert (one.address, one.count) == (ports.HOST, len(new)), "and not a word of anything else"
    assert one.count <= 60
    while not (told := [line for line in said if "was refused" in line]):
        time.sleep(0.1)
    assert len(told) == 1
    assert told[0].startswith(f"kafka: a log-in from {ports.HOST} was refused: a wrong password")


def test_secrets_are_the_owners_alone(kafka: LocalKafka) -> None:
    assert (kafka.folder / "password").stat().st_mode & 0o777 == 0o600
    assert kafka.folder.stat().st_mode & 0o777 == 0o700
    assert not (kafka.folder / "format.arguments").exists()
    assert kafka.password not in repr(kafka) + " ".join(kafka.argv) + (kafka.folder / "server.properties").read_text()


def test_another_broker_on_its_port_is_not_taken_for_it(kafka: LocalKafka, tmp_path: Path) -> None:
    assert kafka.ready()
    other = LocalKafka(tmp_path, kafka.jars, "AnotherClusterIdOf22ch", kafka.port, 1, 2, "")
    assert not other.ready()


def test_something_else_on_its_port_is_not_taken_for_it(kafka: LocalKafka, tmp_path: Path) -> None:
    with socket.create_server((ports.HOST, 0)) as stranger:
        other = LocalKafka(tmp_path, kafka.jars, kafka.cluster_id, stranger.getsockname()[1], 1, 2, "")
        assert not other.ready(1.0)


def test_records_survive_a_kill_and_then_a_start_on_other_ports(kafka: LocalKafka, supervisor: Supervisor, home: Path) -> None:
    produce(kafka, "before the kill")
    killed = supervisor.kill("kafka")
    supervisor.wait_ready("kafka", 40, other_than=killed)
    produce(kafka, "after the kill")
    assert consume(kafka, 2) == ["before the kill", "after the kill"]
    supervisor.stop()
    with socket.create_server((ports.HOST, kafka.port)), socket.create_server((ports.HOST, kafka.controller_port)):
        moved = embedded.start_kafka(supervisor, home, usual_ports=ANY_PORTS)
        assert {moved.port, moved.controller_port}.isdisjoint({kafka.port, kafka.controller_port})
        assert (moved.partner_port, moved.cluster_id) == (kafka.partner_port, kafka.cluster_id)
        produce(moved, "on other ports")
        assert consume(moved, 3) == ["before the kill", "after the kill", "on other ports"]
