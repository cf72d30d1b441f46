"""The bridge on a real broker: nothing lost, nobody held up, nobody speaks for another."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from api.envelope import read_enveloped
from connectors.outbound.groups import Groups
from connectors.outbound.kafka import KafkaPublisher
from connectors.outbound.topics import apply_topics
from hub.bridge.bridge import AT_ONCE, Bridge
from hub.bridge.crossing import Crossing
from hub.bridge.inboxes import GROUP, Inboxes
from hub.ports import Publisher
from schemas.errors import Misconfigured, NotReady
from schemas.messages import Coordinates
from schemas.topics import inbox
from schemas.wire import Message
from tests.hub.bridge.arriving import AGENCY, CODE, OTHER, Place, in_event, numbered
from tests.waiting import until

pytestmark = pytest.mark.broker
HERE = Path(__file__).parent


@pytest.fixture
def place(bootstrap: str, topic_prefix: str) -> Place:
    made = Place(bootstrap, f"{topic_prefix}{os.getpid()}.")
    made.make(AGENCY, OTHER)
    return made


@contextmanager
def a_bridge(place: Place, publisher: Publisher | None = None) -> Iterator[Bridge]:
    """A bridge at work while the context lasts; it has to end well."""
    stop, failures = threading.Event(), list[BaseException]()
    kafka = KafkaPublisher(place.bootstrap)
    bridge = Bridge(Inboxes(place.bootstrap, place.prefix), publisher or kafka, Crossing(place.prefix, read_enveloped))

    def run() -> None:
        try:
            bridge.run(stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield bridge
    finally:
        stop.set()
        thread.join(30)
        kafka.close()
    assert not failures


def lag(place: Place, agency: str = AGENCY) -> int:
    return Groups(place.bootstrap, place.prefix).lag(GROUP, inbox(agency).name)


def members(place: Place) -> int:
    """How many bridges have their inboxes."""
    name, admin = place.prefix + GROUP, AdminClient({"bootstrap.servers": place.bootstrap})
    found = admin.describe_consumer_groups([name])[name].result(20)
    return len([one for one in found.members if one.assignment.topic_partitions])


def test_each_message_arrives_once_from_the_agency_whose_inbox_it_is(place: Place) -> None:
    place.put(AGENCY, [numbered(1), numbered(2)], [("ce_sender", OTHER), ("ce_source", "/another")])
    place.put(OTHER, [in_event(numbered(3))], [("content-type", "application/cloudevents+json")])
    with a_bridge(place) as bridge:
        until(lambda: bridge.crossed == 3)
    found = sorted((said.sender, headers["ce_id"]) for _, said, headers in place.received())
    assert [sender for sender, _ in found] == [OTHER, AGENCY, AGENCY]
    assert len(set(found)) == 3
    assert {said.way for _, said, _ in place.received()} == {"inbox"}
    assert place.refused() == []
    place.put(AGENCY, [numbered(4)])
    with a_bridge(place) as bridge:
        until(lambda: bridge.crossed == 1)
    assert len(place.received()) == 4, "what is acknowledged is not read again"


def test_an_inbox_that_is_made_later_is_read_from_its_first_record(place: Place) -> None:
    with a_bridge(place) as bridge:
        place.put(AGENCY, [numbered(1)])
        until(lambda: bridge.crossed == 1)
        apply_topics(place.bootstrap, [inbox("finnvera")], place.prefix)
        place.put("finnvera", [numbered(2), numbered(3)])
        until(lambda: bridge.crossed == 3)
    assert sorted(said.sender for _, said, _ in place.received()) == ["finnvera", "finnvera", AGENCY]


def test_what_was_put_by_hand_is_refused_and_the_others_go_on(place: Place) -> None:
    place.put(AGENCY, [b"by hand", None, b"\xff\xfe", b" " * 300_000, numbered(1, grounds=CODE), numbered(2)])
    place.put(OTHER, [numbered(3)])
    with a_bridge(place) as bridge:
        until(lambda: bridge.crossed == 7)
    assert sorted(said.sender for _, said, _ in place.received()) == [OTHER, AGENCY]
    refused = sorted(place.refused(), key=lambda one: one.origin.offset)
    assert [one.findings[0].rule for one in refused] == ["not-json", "empty", "byte-order-mark", "too-large", "personal-code"]
    assert {one.sender for one in refused} == {AGENCY}
    assert CODE not in (refused[-1].body or "")


@pytest.mark.soak
def test_killed_between_writing_and_acknowledging_it_writes_twice_and_loses_nothing(place: Place) -> None:
    wanted = AT_ONCE * 5
    place.put(AGENCY, [numbered(number) for number in range(wanted)])
    command = [sys.executable, str(HERE / "cut_off.py"), place.bootstrap, place.prefix]
    for _ in range(2):
        killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(HERE.parents[2])}, timeout=60, check=False)
        assert killed.returncode == -signal.SIGKILL
    with a_bridge(place):
        until(lambda: lag(place) == 0)
    receipts = [headers["ce_id"] for _, _, headers in place.received()]
    assert len(set(receipts)) == wanted
    assert wanted < len(receipts) <= wanted + 2 * AT_ONCE


def test_what_the_broker_does_not_confirm_is_sent_again_and_not_acknowledged_before(place: Place) -> None:
    kafka, refusals = KafkaPublisher(place.bootstrap), [NotReady("away")]

    class Away:
        def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
            if messages and refusals:
                assert lag(place) == 1
                raise refusals.pop()
            return kafka.publish(messages)

    place.put(AGENCY, [numbered(1)])
    with a_bridge(place, Away()) as bridge:
        until(lambda: bridge.crossed == 1)
        until(lambda: lag(place) == 0)
    kafka.close()
    assert len(place.received()) == 1


def test_a_topic_of_the_hub_that_is_missing_ends_the_bridge_and_acknowledges_nothing(bootstrap: str, topic_prefix: str) -> None:
    place = Place(bootstrap, f"{topic_prefix}{os.getpid()}.")
    apply_topics(bootstrap, [inbox(AGENCY)], place.prefix)
    place.put(AGENCY, [numbered(1)])
    with KafkaPublisher(bootstrap) as kafka:
        bridge = Bridge(Inboxes(bootstrap, place.prefix), kafka, Crossing(place.prefix, read_enveloped))
        with pytest.raises(Misconfigured, match="no such topic"):
            bridge.run(threading.Event())
    assert lag(place) == 1


def test_two_bridges_share_the_inboxes(place: Place) -> None:
    with a_bridge(place) as one, a_bridge(place) as other:
        until(lambda: members(place) == 2)
        place.put(AGENCY, [numbered(number) for number in range(50)])
        place.put(OTHER, [numbered(number) for number in range(50)])
        until(lambda: one.crossed + other.crossed >= 100)
        assert one.crossed == other.crossed == 50
    assert len(place.received()) == 100
