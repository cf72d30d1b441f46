"""The log read whole, on a real broker."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log
from connectors.outbound.topics import apply_topics
from schemas.topics import Topic

pytestmark = pytest.mark.broker

ONE, TWO = Topic("one", "k", "", 1, 2), Topic("two", "k", "", 1, 1)


def write(bootstrap: str, topic: str, *values: bytes, transaction: str | None = None, abort: bool = False) -> None:
    producer = Producer({"bootstrap.servers": bootstrap} | ({"transactional.id": transaction} if transaction else {}))
    if transaction:
        producer.init_transactions(20)
        producer.begin_transaction()
    for number, value in enumerate(values):
        producer.produce(topic, value, b"k", partition=number % (2 if topic.endswith("one") else 1), headers=[("h", b"x")])
    producer.flush()
    if transaction:
        (producer.abort_transaction if abort else producer.commit_transaction)(20)


def test_each_read_goes_on_where_the_last_one_stopped_and_sees_no_aborted_record(bootstrap: str, topic_prefix: str) -> None:
    apply_topics(bootstrap, [ONE, TWO], topic_prefix)
    log = Log(bootstrap, topic_prefix)
    assert list(log.read(["one", "two"])) == []
    write(bootstrap, f"{topic_prefix}one", b"a", b"b", b"c")
    write(bootstrap, f"{topic_prefix}two", b"d", transaction=f"{topic_prefix}t")
    found = sorted((record.topic, record.partition, record.offset, record.value) for record in log.read(["one", "two"]))
    assert found == [("one", 0, 0, b"a"), ("one", 0, 1, b"c"), ("one", 1, 0, b"b"), ("two", 0, 0, b"d")]
    write(bootstrap, f"{topic_prefix}two", b"never", transaction=f"{topic_prefix}t", abort=True)
    write(bootstrap, f"{topic_prefix}one", b"e")
    assert [(record.value, record.headers) for record in log.read(["one", "two"])] == [(b"e", (("h", b"x"),))]


def test_a_start_can_be_given_and_a_topic_that_is_not_there_is_empty(bootstrap: str, topic_prefix: str) -> None:
    apply_topics(bootstrap, [TWO], topic_prefix)
    write(bootstrap, f"{topic_prefix}two", b"a", b"b")
    log = Log(bootstrap, topic_prefix)
    log.go_on_from({("two", 0): 1})
    assert [record.value for record in log.read(["two", "nowhere"])] == [b"b"]
    assert (log.starts(["two"]), log.ends(["two"])) == ({("two", 0): 0}, {("two", 0): 2})


def test_what_retention_has_removed_is_passed_over_also_where_nothing_is_left(bootstrap: str, topic_prefix: str) -> None:
    apply_topics(bootstrap, [ONE], topic_prefix)
    write(bootstrap, f"{topic_prefix}one", b"a", b"b", b"c", b"d")
    gone = [TopicPartition(f"{topic_prefix}one", 0, 2), TopicPartition(f"{topic_prefix}one", 1, 1)]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for removed in admin.delete_records(gone).values():
        removed.result(20)
    log = Log(bootstrap, topic_prefix)
    assert [(record.partition, record.value) for record in log.read(["one"])] == [(1, b"d")]
    assert log.starts(["one"]) == {("one", 0): 2, ("one", 1): 1}
    write(bootstrap, f"{topic_prefix}one", b"e")
    assert [record.value for record in log.read(["one"])] == [b"e"]


def test_the_place_of_a_moment_is_the_first_record_since_then_or_the_end(bootstrap: str, topic_prefix: str) -> None:
    apply_topics(bootstrap, [TWO], topic_prefix)
    write(bootstrap, f"{topic_prefix}two", b"a")
    time.sleep(0.1)
    write(bootstrap, f"{topic_prefix}two", b"b")
    log = Log(bootstrap, topic_prefix)
    first, second = (record.at for record in log.read(["two"]))
    assert first < second
    moments = (first, first + timedelta(milliseconds=1), second + timedelta(milliseconds=1), datetime(2020, 1, 1, tzinfo=UTC))
    assert [log.since(["two"], moment)["two", 0] for moment in moments] == [0, 1, 2, 0]
