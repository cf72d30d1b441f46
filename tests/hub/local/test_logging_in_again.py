"""A log-in on the broker holds for ten minutes; here for two seconds: clients have to log in again while they are connected."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ScramMechanism, UserScramCredentialDeletion  # type: ignore[attr-defined]

from connectors.outbound.kafka_users import RIGHTS, KafkaUsers
from connectors.outbound.topics import apply_topics
from hub.local import embedded, logs
from hub.local.kafka import ANY_PORTS, LocalKafka
from hub.local.refusals import refusal
from hub.local.supervisor import Supervisor
from schemas.topics import outbox

pytestmark = pytest.mark.broker
AGENCY, USER, PASSWORD = "ta-39", "ta-39.12345678", "a password of the tests"
USUALLY, HERE, SECONDS = "max.reauth.ms=600000", "max.reauth.ms=2000", 2


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[LocalKafka]:
    with Supervisor(tmp_path, say=lambda line: None) as supervisor:
        made = embedded.prepare_kafka(supervisor, tmp_path, usual_ports=ANY_PORTS)
        settings = made.folder / "server.properties"
        usual = settings.read_text()
        assert USUALLY in usual
        settings.write_text(usual.replace(USUALLY, HERE))
        supervisor.start([made.child()])
        apply_topics(made.bootstrap, [outbox(AGENCY)])
        KafkaUsers(made.bootstrap).open(USER, AGENCY, RIGHTS, PASSWORD)
        yield made


@pytest.fixture
def heard() -> list[KafkaError]:
    return []


@pytest.fixture
def consumer(kafka: LocalKafka, heard: list[KafkaError]) -> Iterator[Consumer]:
    login = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-512", "log_level": 0, "error_cb": heard.append}
    login |= {"sasl.username": USER, "sasl.password": PASSWORD, "bootstrap.servers": kafka.partner_bootstrap}
    made = Consumer({**login, "group.id": f"agency.{AGENCY}.x", "enable.auto.commit": False})
    made.assign([TopicPartition(outbox(AGENCY).name, 0, 0)])
    yield made
    made.close()


def put(kafka: LocalKafka, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    producer.produce(outbox(AGENCY).name, value)
    assert producer.flush(20) == 0


def next_value(consumer: Consumer) -> Any:
    while (record := consumer.poll(0.1)) is None:
        continue
    assert record.error() is None, record.error()
    return record.value()


def told_within(consumer: Consumer, seconds: float) -> list[Any]:
    until, found = time.monotonic() + seconds, []
    while time.monotonic() < until:
        found += [consumer.poll(0.1)]
    return [record.value() for record in found if record is not None]


def test_who_is_idle_for_longer_than_its_log_in_holds_is_told_the_next_event(
    kafka: LocalKafka, consumer: Consumer, heard: list[KafkaError]
) -> None:
    put(kafka, b"before")
    assert next_value(consumer) == b"before"
    assert told_within(consumer, 4 * SECONDS) == []
    put(kafka, b"after")
    assert next_value(consumer) == b"after"
    assert heard == []
    assert not any(map(refusal, logs.lines(kafka.folder.parent / "log" / "kafka.log")))


def test_a_user_that_is_gone_is_put_out_when_it_has_to_log_in_again(
    kafka: LocalKafka, consumer: Consumer, heard: list[KafkaError]
) -> None:
    """Also where its rights were left standing."""
    put(kafka, b"before")
    assert next_value(consumer) == b"before"
    change: Any = UserScramCredentialDeletion(USER, ScramMechanism.SCRAM_SHA_512)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.alter_user_scram_credentials([change])[USER].result(10)
    assert told_within(consumer, 2 * SECONDS) == []
    put(kafka, b"after")
    assert told_within(consumer, SECONDS) == []
    assert KafkaError._AUTHENTICATION in [error.code() for error in heard]
    assert any(map(refusal, logs.lines(kafka.folder.parent / "log" / "kafka.log")))
