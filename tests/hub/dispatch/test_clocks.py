"""Clocks on a real broker: fired when due by the broker's time, by whoever has the partition, never for want of memory."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from confluent_kafka import Producer

from connectors.inbound.log import Log
from connectors.outbound.kafka import KafkaPublisher
from connectors.outbound.topics import apply_topics
from hub.dispatch.clocks import BEHIND, Clocks
from schemas.errors import NotReady
from schemas.messages import Clock, Submission
from schemas.topics import CLOCKS, RECEIVED
from schemas.wire import Message, event, read, type_of
from tests.builders import AT

pytestmark = pytest.mark.broker


@pytest.fixture
def prefix(bootstrap: str, topic_prefix: str) -> str:
    made = f"{topic_prefix}{os.getpid()}."
    apply_topics(bootstrap, [replace(CLOCKS, partitions=2), replace(RECEIVED, partitions=2)], made)
    return made


@pytest.fixture
def publisher(bootstrap: str) -> Iterator[KafkaPublisher]:
    publisher = KafkaPublisher(bootstrap)
    yield publisher
    publisher.close()


class Watch:
    """The time that a reader of clocks is told."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


def clock(name: str, minutes: int) -> Clock:
    due = AT + timedelta(minutes=minutes) - BEHIND
    return Clock(kind="release", due=due, sender="ta-39", source="s", change=name, body=f'{{"id": "{name}"}}')


def put(publisher: KafkaPublisher, prefix: str, *clocks: Clock) -> None:
    kind = type_of("clock", "release")
    publisher.publish(
        [event(prefix + CLOCKS.name, one.change, one, id=one.change, type=kind, source="urn:hub", time=AT) for one in clocks]
    )


def said(bootstrap: str, prefix: str) -> list[str]:
    """The bodies on notices.received, in order of partitions."""
    log = Log(bootstrap, prefix)
    found = [read(Submission, record.value, record.headers) for record in log.read([RECEIVED.name])]
    assert all((one.sender, one.way) == ("ta-39", "clock") for one in found)
    return sorted(one.body for one in found)


def read_on(clocks: Clocks, waiting: int) -> None:
    for _ in range(60):
        clocks.step()
        if clocks.waiting() == waiting:
            break
    assert clocks.waiting() == waiting
    for _ in range(3):
        clocks.step()


def test_each_is_fired_when_it_is_due_and_only_then_and_not_again_after_a_restart(
    bootstrap: str, prefix: str, publisher: KafkaPublisher
) -> None:
    put(publisher, prefix, clock("a", 1), clock("b", 60), clock("c", 2))
    watch = Watch()
    clocks = Clocks(bootstrap, publisher, watch, prefix)
    read_on(clocks, 3)
    assert said(bootstrap, prefix) == []
    watch.now += timedelta(minutes=2)
    read_on(clocks, 1)
    assert said(bootstrap, prefix) == ['{"id": "a"}', '{"id": "c"}']
    clocks.close()
    again = Clocks(bootstrap, publisher, watch, prefix)
    read_on(again, 1)
    watch.now += timedelta(hours=1)
    read_on(again, 0)
    again.close()
    assert said(bootstrap, prefix) == ['{"id": "a"}', '{"id": "b"}', '{"id": "c"}']


def test_what_kafka_did_not_take_stays_set(bootstrap: str, prefix: str, publisher: KafkaPublisher) -> None:
    class Away:
        """Kafka does not confirm."""

        def publish(self, messages: list[Message]) -> list[object]:
            raise NotReady("not now")

    put(publisher, prefix, clock("a", 0))
    clocks = Clocks(bootstrap, Away(), Watch(), prefix)  # type: ignore[arg-type]
    read_on(clocks, 1)
    assert not clocks.step()
    clocks.close()
    after = Clocks(bootstrap, publisher, Watch(), prefix)
    read_on(after, 0)
    after.close()
    assert said(bootstrap, prefix) == ['{"id": "a"}']


def test_what_is_no_clock_costs_no_other(bootstrap: str, prefix: str, publisher: KafkaPublisher) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in (b"by hand", b"{}", None):
        producer.produce(prefix + CLOCKS.name, value, b"x")
    assert producer.flush(30) == 0
    put(publisher, prefix, clock("a", 0))
    clocks = Clocks(bootstrap, publisher, Watch(), prefix)
    for _ in range(60):
        clocks.step()
        if said(bootstrap, prefix):
            break
    clocks.close()
    assert said(bootstrap, prefix) == ['{"id": "a"}']
