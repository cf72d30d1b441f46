"""Agencies' own clients on a real broker: what each may do there, and that it ends."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from sqlalchemy import text

from connectors.outbound.kafka_users import RIGHTS, KafkaUsers, Right
from connectors.outbound.topics import apply_topics
from hub.core.partners import Asked
from hub.kafka_doors import Credentials, KafkaDoors
from schemas.errors import NotPermitted, NotReady, Unknown
from schemas.topics import inbox, outbox
from schemas.wire import Message
from tests.builders import DAY
from tests.hub.at_rest import Hub, a_hub_at_rest

pytestmark = [pytest.mark.broker, pytest.mark.database]
OURS, THEIRS = "evk-04", "ta-39"
SCRIPT = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def hub(bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Hub]:
    made = a_hub_at_rest(bootstrap, database_url, topic_prefix, tmp_path)
    apply_topics(bootstrap, [inbox(OURS)], made.wiring.prefix)
    yield made
    users = KafkaUsers(bootstrap, made.wiring.prefix)
    for one in KafkaDoors(made.wiring).all():
        users.close(one.user)
    made.close()


@pytest.fixture
def doors(hub: Hub) -> KafkaDoors:
    return KafkaDoors(hub.wiring)


@pytest.fixture
def login(partners_bootstrap: str) -> Callable[[Credentials], dict[str, Any]]:
    def settings(made: Credentials) -> dict[str, Any]:
        sasl = {"sasl.username": made.user, "sasl.password": made.password, "sasl.mechanism": "SCRAM-SHA-512"}
        return sasl | {"bootstrap.servers": partners_bootstrap, "security.protocol": "SASL_PLAINTEXT", "log_level": 0}

    return settings


Login = Callable[[Credentials], dict[str, Any]]


def opened(doors: KafkaDoors, rights: frozenset[Right] = RIGHTS, agency: str = OURS, **how: Any) -> Credentials:
    return doors.open(agency, "test", rights, DAY, **how)


def put(hub: Hub, agency: str, value: bytes) -> None:
    hub.wiring.publisher.publish([Message(hub.wiring.prefix + outbox(agency).name, b"fi:1", value, (("ce_id", b"1"),))])


def read(settings: dict[str, Any], topic: str, group: str) -> bytes | None:
    """The first record of the topic; KafkaException for what the broker refuses."""
    consumer = Consumer(settings | {"group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        for _ in range(100):
            record = consumer.poll(0.1)
            if record is None:
                continue
            if error := record.error():
                raise KafkaException(error)
            return record.value()
        return None
    finally:
        consumer.close()


def written(settings: dict[str, Any], topic: str) -> KafkaError | None:
    """What the broker says to a record for that topic; None where it takes it."""
    said: list[KafkaError | None] = []
    producer = Producer(settings | {"message.timeout.ms": 8_000})
    producer.produce(topic, b"{}", on_delivery=lambda error, _: said.append(error))
    producer.flush(10)
    return said[0]


def is_let_out(settings: dict[str, Any]) -> bool:
    """The broker takes in what its controller has noted a moment later."""
    return any(not is_let_in(settings) for _ in range(20))


def is_let_in(settings: dict[str, Any]) -> bool:
    try:
        return bool(AdminClient(settings).list_topics(timeout=3).brokers)
    except KafkaException:
        return False


def test_a_user_reads_its_outbox_and_writes_to_its_inbox(hub: Hub, doors: KafkaDoors, login: Login) -> None:
    put(hub, OURS, b'{"ours": 1}')
    made = opened(doors)
    assert read(login(made), made.outbox, made.group + "x") == b'{"ours": 1}'
    assert written(login(made), made.inbox) is None
    assert len(hub.on(inbox(OURS))) == 1


def test_nothing_of_anybody_else_is_open_to_it(hub: Hub, doors: KafkaDoors, login: Login) -> None:
    put(hub, THEIRS, b'{"theirs": 1}')
    made = opened(doors)
    settings, prefix = login(made), hub.wiring.prefix
    for topic in (outbox(THEIRS).name, "employer.events", "registry.changes"):
        with pytest.raises(KafkaException) as refused:
            read(settings, prefix + topic, made.group + "x")
        assert refused.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    with pytest.raises(KafkaException) as refused:
        read(settings, made.outbox, f"{prefix}agency.{THEIRS}.x")
    assert refused.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED
    for topic in (made.outbox, prefix + inbox(THEIRS).name, prefix + "notices.received"):
        error = written(settings, topic)
        assert error is not None
        assert error.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._UNKNOWN_TOPIC)
    assert set(AdminClient(settings).list_topics(timeout=5).topics) <= {made.outbox, made.inbox}


def test_rights_can_be_narrower_than_the_agencys(hub: Hub, doors: KafkaDoors, login: Login) -> None:
    put(hub, OURS, b"{}")
    reads, writes = opened(doors, frozenset({"read"})), opened(doors, frozenset({"write"}))
    assert read(login(reads), reads.outbox, reads.group + "x") == b"{}"
    error = written(login(reads), reads.inbox)
    assert error is not None
    assert error.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError._UNKNOWN_TOPIC)
    assert written(login(writes), writes.inbox) is None
    with pytest.raises(KafkaException):
        read(login(writes), writes.outbox, writes.group + "x")


def test_a_wrong_password_is_not_let_in_and_two_users_overlap(doors: KafkaDoors, login: Login) -> None:
    old, new = opened(doors), opened(doors)
    assert is_let_in(login(old))
    assert is_let_in(login(new))
    assert not is_let_in(login(old) | {"sasl.password": new.password})
    doors.close(old.user)
    assert is_let_out(login(old))
    assert is_let_in(login(new))
    doors.close(old.user)  # once more does no harm


def test_who_is_closed_reads_nothing_more_in_the_session_that_is_open(hub: Hub, doors: KafkaDoors, login: Login) -> None:
    made = opened(doors)
    consumer = Consumer(login(made) | {"group.id": made.group + "x", "enable.auto.commit": False})
    consumer.assign([TopicPartition(made.outbox, 0, 0)])
    put(hub, OURS, b"before")
    assert _next(consumer) == b"before"
    doors.close(made.user)
    put(hub, OURS, b"meanwhile")
    refused = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)
    assert _next(consumer) in (b"meanwhile", *refused), "a request that waited there is answered"
    put(hub, OURS, b"after")
    found = [_next(consumer), _next(consumer)]
    assert found[0] in refused
    assert b"after" not in found
    assert is_let_out(login(made))
    consumer.close()


def _next(consumer: Consumer) -> bytes | int | None:
    """The next record, or the code of the error in its place."""
    for _ in range(100):
        if (record := consumer.poll(0.1)) is not None:
            return record.error().code() if record.error() else record.value()
    return None


def test_the_sweep_closes_who_has_expired_and_whose_agency_has_ended(hub: Hub, doors: KafkaDoors, login: Login) -> None:
    short, long = opened(doors), opened(doors)
    with hub.wiring.schemas.bind(hub.wiring.engine).begin() as connection:
        earlier = f'UPDATE {hub.wiring.schemas.work}.kafka_users SET expires = now() WHERE "user" = :user'
        connection.execute(text(earlier), {"user": short.user})
    assert doors.sweep(lambda: DAY, threading.Event())
    assert is_let_out(login(short))
    assert is_let_in(login(long))
    hub.come_into_force(agreement_until=DAY)
    assert doors.sweep(lambda: DAY, threading.Event())
    assert is_let_in(login(long))
    assert doors.sweep(lambda: DAY + timedelta(days=1), threading.Event())
    assert is_let_out(login(long))
    assert all(one.closed for one in doors.all(OURS))


def test_a_suspended_partner_has_no_user_and_gets_none(hub: Hub, doors: KafkaDoors) -> None:
    first, second = opened(doors), opened(doors)
    hub.wiring.partners.move(OURS, Asked("suspend", "an intruder"), "the operator")
    with pytest.raises(NotPermitted, match="suspended"):
        opened(doors)
    assert doors.sweep(lambda: DAY, threading.Event())
    there = KafkaUsers(hub.wiring.bootstrap, hub.wiring.prefix).there()
    assert there.isdisjoint({first.user, second.user})
    assert all(one.closed for one in doors.all(OURS))
    hub.wiring.partners.move(OURS, Asked("activate", "gone"), "the operator")
    opened(doors)
    assert doors.close_all(OURS, "the operator") == 1
    assert doors.close_all(OURS, "the operator") == 0


def test_who_is_no_agency_gets_no_user(hub: Hub, doors: KafkaDoors) -> None:
    with pytest.raises(Unknown, match="nobody"):
        opened(doors, agency="nobody")
    hub.come_into_force(agreement_until=DAY - timedelta(days=1))
    with pytest.raises(NotPermitted, match="not in force"):
        opened(doors)
    with pytest.raises(Unknown, match="hub partner kafka list"):
        doors.close("evk-04.12345678")
    assert doors.all() == []


@pytest.mark.parametrize("is_away", [False, True])
def test_a_user_of_whom_kafka_did_not_answer_goes_again_now_or_by_the_next_sweep(
    hub: Hub, doors: KafkaDoors, monkeypatch: pytest.MonkeyPatch, is_away: bool
) -> None:
    """The broker may have done it all the same."""
    really = KafkaUsers.open

    def unanswered(users: KafkaUsers, *given: Any) -> None:
        really(users, *given)
        raise NotReady("the broker did not answer")

    def away(*_: object) -> None:
        raise NotReady("the broker is away")

    with monkeypatch.context() as broken:
        broken.setattr(KafkaUsers, "open", unanswered)
        if is_away:
            broken.setattr(KafkaUsers, "close", away)
        with pytest.raises(NotReady, match="did not answer"):
            opened(doors)
    assert doors.sweep(lambda: DAY, threading.Event())
    (made,) = doors.all()
    assert made.closed
    assert made.user not in KafkaUsers(hub.wiring.bootstrap, hub.wiring.prefix).there()


def test_a_user_made_just_now_ends_though_the_broker_does_not_know_it_yet(
    doors: KafkaDoors, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, really, asked = opened(doors), KafkaUsers.there, []

    def behind(users: KafkaUsers) -> frozenset[str]:
        asked.append(users)
        return really(users) if len(asked) > 1 else frozenset()

    monkeypatch.setattr(KafkaUsers, "there", behind)
    doors.close(made.user)
    monkeypatch.undo()
    assert is_let_out(login(made))


def test_what_is_kept_of_a_user_and_printed_by_mistake_holds_no_password(hub: Hub, doors: KafkaDoors) -> None:
    made = opened(doors)
    with hub.wiring.engine.connect() as connection:
        kept = [str(row) for row in connection.execute(text(f"SELECT * FROM {hub.wiring.schemas.work}.kafka_users"))]
        kept += [str(row) for row in connection.execute(text(f"SELECT * FROM {hub.wiring.schemas.work}.audit"))]
    assert made.user in str(kept)
    assert made.password not in str([*kept, made])


@pytest.fixture
def run_the_script(hub: Hub, partners_bootstrap: str) -> Iterator[Callable[[str, str], subprocess.Popen[str]]]:
    """The script of docs/kafka.md, with a user and a password."""
    (script,) = SCRIPT.findall((Path(__file__).parents[2] / "docs" / "kafka.md").read_text(encoding="utf-8"))
    assert len(script.strip().splitlines()) <= 15
    here = script.replace('f"agency.', f'f"{hub.wiring.prefix}agency.')  # several hubs share this broker
    started: list[subprocess.Popen[str]] = []

    def run(user: str, password: str) -> subprocess.Popen[str]:
        told = os.environ | {"HUB_USER": user, "HUB_PASSWORD": password, "HUB_KAFKA": partners_bootstrap}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen([sys.executable, "-c", here], env=told, text=True, **pipes))
        return started[-1]

    yield run
    for one in started:
        one.kill()
        one.communicate()


Script = Callable[[str, str], "subprocess.Popen[str]"]


def first_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline()


def test_the_script_in_the_docs_reads_an_outbox_with_its_own_user(hub: Hub, doors: KafkaDoors, run_the_script: Script) -> None:
    put(hub, OURS, b'{"step": 1}')
    made = opened(doors)
    assert first_line(run_the_script(made.user, made.password)) == '1 {"step": 1}\n'


def test_the_script_says_once_that_its_password_is_wrong_and_ends(doors: KafkaDoors, run_the_script: Script) -> None:
    made = opened(doors)
    running = run_the_script(made.user, "wrong")
    told, said = running.communicate(timeout=60)
    assert (running.returncode, told) == (1, "")
    (line,) = said.splitlines()
    assert line.startswith(f"{made.user}: ")
    assert "invalid credentials" in line
    assert "wrong" not in line


def test_the_script_ends_where_its_user_is_closed_while_it_reads(hub: Hub, doors: KafkaDoors, run_the_script: Script) -> None:
    put(hub, OURS, b'{"step": 1}')
    made = opened(doors)
    running = run_the_script(made.user, made.password)
    assert first_line(running) == '1 {"step": 1}\n'
    doors.close(made.user)
    put(hub, OURS, b"for a request that waited at the broker")
    put(hub, OURS, b"after")
    told, said = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "1 after" not in told.splitlines()
    (line,) = said.splitlines()
    assert "authorization failed" in line
