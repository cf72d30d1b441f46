"""The reckoning on a real log: what retention has removed, what came since a moment, what comes while it reads."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log
from connectors.outbound.topics import apply_topics
from hub.core.dead import dead_letter
from hub.core.reckoning import Ledger
from hub.reckoning import received_ends, received_since, reckon
from schemas import topics
from schemas.wire import Message
from tests.builders import a_correction, a_downsizing_notice, a_recruitment_notice, a_small_registry, a_withdrawal
from tests.hub.agents.numbered import Numbered
from tests.hub.agents.steps import PREFIX
from tests.waiting import until as wait_until

pytestmark = pytest.mark.broker

NOTICE = a_downsizing_notice()
STORY = (NOTICE, NOTICE, a_correction(NOTICE, employer={"headcount": 1}), a_withdrawal(NOTICE))
SOON = 60.0


class OnABroker:
    """The topics of a hub of which no process runs; the agents' own words are written to them."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap, self.prefix = bootstrap, prefix
        apply_topics(bootstrap, topics.every_topic(tuple(a_small_registry().all_agencies)), prefix)
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})

    def write(self, messages: Iterable[Message]) -> None:
        for message in messages:
            name = self.prefix + message.topic.removeprefix(PREFIX)
            self._producer.produce(name, message.value, message.key, 0, headers=list(message.headers))
        assert self._producer.flush(30) == 0

    def tell(self, steps: Numbered) -> "OnABroker":
        self.write([*steps.received, *steps.log])
        return self

    def remove(self, topic: topics.Topic, before: int) -> None:
        """As retention does it."""
        gone = [TopicPartition(self.prefix + topic.name, 0, before)]
        for removed in self.admin.delete_records(gone).values():
            removed.result()

    def reckon(self, within: float = SOON, since: datetime | None = None) -> Ledger:
        places = received_since(self.bootstrap, self.prefix, since) if since else None
        return reckon(self.bootstrap, self.prefix, places, within)


@pytest.fixture
def broker(bootstrap: str, topic_prefix: str) -> OnABroker:
    return OnABroker(bootstrap, topic_prefix)


def listed(ledger: Ledger) -> list[str]:
    return [str(found) for found in ledger.unaccounted()]


def test_what_retention_has_removed_is_not_counted_and_not_missing(broker: OnABroker) -> None:
    broker.tell(Numbered().tell(*STORY))
    whole = broker.reckon()
    assert (listed(whole), whole.counts()["received"], whole.counts()["accepted"]) == ([], 4, 3)
    broker.remove(topics.RECEIVED, 3)
    last = broker.reckon()
    assert (listed(last), last.counts()["received"], last.counts()["steps"], last.counts()["ended"]) == ([], 1, 1, 1)
    broker.remove(topics.RECEIVED, 4)
    nothing = broker.reckon().counts()
    assert set(nothing.values()) == {0}


def test_a_topic_of_which_retention_has_left_nothing_holds_nobody_up(broker: OnABroker) -> None:
    broker.tell(Numbered().tell(NOTICE))
    for topic in (topics.EVENTS, topics.RECEIVED, topics.outbox("ta-39")):
        broker.remove(topic, -1)
    assert set(broker.reckon(within=0).counts().values()) == {0}


def test_since_a_moment_only_what_came_later_is_reckoned_and_only_later_copies_are_judged(broker: OnABroker) -> None:
    steps = Numbered().tell(NOTICE)
    broker.tell(steps)
    strange = Message(PREFIX + topics.outbox("ta-08").name, b"k", b"{}", (("ce_id", b"strange"),))
    broker.write([strange])
    time.sleep(0.1)
    moment, before = datetime.now(UTC), (len(steps.received), len(steps.log))
    steps.tell(a_withdrawal(NOTICE))
    broker.write([*steps.received[before[0] :], *steps.log[before[1] :]])
    assert listed(broker.reckon(within=0)) == ["foreign: agency.ta-08.outbox/0@0: no decision names event strange"]
    later = broker.reckon(since=moment)
    assert (listed(later), later.counts()["received"], later.counts()["ended"]) == ([], 1, 1)
    broker.write([strange])
    assert broker.reckon(within=0, since=moment).kinds() == {"foreign": 1}
    ends = received_ends(broker.bootstrap, broker.prefix)
    assert set(reckon(broker.bootstrap, broker.prefix, ends, 0).counts().values()) == {0}


def test_the_end_is_frozen_first_and_what_follows_from_it_is_waited_for(broker: OnABroker) -> None:
    """While it waits, what was missing comes, and with it a submission and a copy that nothing answers yet."""
    steps = Numbered().tell(*STORY)
    broker.write([*steps.received, *steps.log[:-3]])
    heard = list[int]()

    def come(left: int) -> None:
        if not heard:
            copy = Message(PREFIX + topics.outbox("ta-39").name, b"k", b"{}", (("ce_id", b"of what comes next"),))
            broker.write([*steps.log[-3:], steps.received[0], copy])
        heard.append(left)

    ledger = reckon(broker.bootstrap, broker.prefix, None, SOON, come)
    assert heard
    assert (listed(ledger), ledger.counts()["received"]) == ([], 4)
    after = broker.reckon(within=0)
    assert (after.counts()["received"], after.kinds()) == (5, {"no-verdict": 1, "foreign": 1})


def test_in_an_idle_hub_the_broker_is_asked_how_late_it_is(broker: OnABroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.core.reckoning.GRACE", timedelta(0))
    until = datetime.now(UTC) + timedelta(seconds=5)
    held = a_recruitment_notice(access={"level": "embargoed", "until": until.isoformat()})
    broker.tell(Numbered().tell(held))
    ledger = broker.reckon()
    assert (listed(ledger), ledger.counts()["held"]) == ([], 1)
    while datetime.now(UTC) < until + timedelta(seconds=0.5):
        time.sleep(0.1)
    assert broker.reckon(within=0).kinds() == {"overdue": 1}
    topics = Log(broker.bootstrap, broker.prefix).topics
    wait_until(lambda: not [name for name in topics() if name.startswith("hub.clock")], "the topic that told the time to go")


def test_a_copy_that_stands_among_the_dead_letters_is_accounted_for(broker: OnABroker) -> None:
    steps = Numbered().tell(NOTICE)
    (at,) = (number for number, said in enumerate(steps.log) if said.topic.endswith("evk-04.outbox"))
    copy = steps.log.pop(at)
    facts = {"by": "worker", "code": "topic-vanished", "topic": broker.prefix + topics.outbox("evk-04").name}
    broker.tell(steps).write([dead_letter(copy.key, copy.value, copy.headers, facts)])
    ledger = broker.reckon()
    assert (listed(ledger), ledger.counts()["dead_lettered"]) == ([], 1)
