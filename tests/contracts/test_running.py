"""The kept log on a real broker: processes of today go on where those of version 1 stopped, and stop at what is newer."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log, LogRecord
from connectors.outbound.groups import Groups
from connectors.outbound.topics import apply_topics
from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.writing import ViewWriter
from hub.agents.changelog import Changelog
from hub.agents.registry import RegistryFollower
from hub.agents.state import REVISION
from hub.core.submitting import agency_urn, submission_record
from hub.dispatch.clocks import Clocks
from hub.dispatch.following import Following
from hub.dispatching import dispatch
from hub.projection.projector import Projector
from hub.settings import KafkaSettings, Settings
from hub.wiring import Wiring
from schemas import topics
from schemas.errors import Misconfigured
from schemas.messages import AgencyNotice, EmployerEvent, Submission
from schemas.topics import ALERTS, BACK, CLOCKS, EVENTS, FRONT, RECEIVED, REGISTRY, ROUTED
from schemas.wire import header, read
from tests.builders import AT, HELSINKI, a_correction, a_recruitment_notice, body_of
from tests.contracts.log import Kept, kept, kept_log
from tests.contracts.test_newer import by_newer_major
from tests.waiting import until

pytestmark = pytest.mark.broker
SIDES = {FRONT: "--front", BACK: "--back"}


@pytest.fixture
def prefix(bootstrap: str, topic_prefix: str) -> Iterator[str]:
    """The kept log, each record at the offset that it had."""
    prefix = f"{topic_prefix}{os.getpid()}."
    named = {topic.name: topic for topic in topics.every_topic(("ta-39",))}
    known = [replace(topic, partitions=1) for topic in named.values()]
    also = {record.topic for record in kept_log()} - named.keys()
    apply_topics(bootstrap, [*known, *(topics.outbox(str(topics.outbox_owner(name))) for name in also)], prefix)
    put(bootstrap, prefix, *kept_log())
    yield prefix
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    left = [name for name in admin.list_topics(timeout=20).topics if name.startswith(prefix)]
    for future in admin.delete_topics(left).values():
        future.result()


def put(bootstrap: str, prefix: str, *records: Kept) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for record in records:
        producer.produce(prefix + record.topic, record.value, record.key, 0, headers=list(record.headers))
    assert producer.flush(30) == 0


def on(bootstrap: str, prefix: str, *names: str) -> list[LogRecord]:
    """What stands on these topics now."""
    log = Log(bootstrap, prefix)
    return list(log.read(names))


def committed(bootstrap: str, prefix: str, group: str, topic: str) -> int:
    """How far the group has acknowledged that topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": prefix + group})
    try:
        return int(consumer.committed([TopicPartition(prefix + topic, 0)], timeout=20)[0].offset)
    finally:
        consumer.close()


@pytest.fixture
def worker(bootstrap: str, prefix: str, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts the worker of a group as a process of its own."""
    started: list[subprocess.Popen[str]] = []
    env = {**os.environ, "HUB_FOLDER": str(tmp_path), "HUB_KAFKA__BOOTSTRAP": bootstrap, "HUB_KAFKA__TOPIC_PREFIX": prefix}

    def start(group: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hub", "worker", SIDES[group]]
        started.append(subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


# Going on where version 1 stopped


def test_workers_of_today_go_on_from_state_and_history_of_version_1(
    bootstrap: str, prefix: str, worker: Callable[[str], Any]
) -> None:
    """A correction of what version 1 took: the next step, told to those whom version 1 told, and nothing else twice."""
    before = {name: len(on(bootstrap, prefix, name)) for name in (EVENTS.name, ROUTED.name, ALERTS.name)}
    notice = a_recruitment_notice(hard_to_fill=True)
    body = body_of(a_correction(notice, "c-today", workplaces=[{"area": HELSINKI}]))
    said = Submission(sender="ta-39", way="api", body=body.decode())
    message = submission_record(RECEIVED.name, said, "ta-39", (notice["source"], "c-today"), agency_urn("ta-39"), AT)
    put(bootstrap, prefix, Kept(message.topic, 0, AT, message.key, message.value, message.headers))
    for group in (FRONT, BACK):
        worker(group)
    wait_for(lambda: len(on(bootstrap, prefix, ROUTED.name)) > before[ROUTED.name])
    wait_for(lambda: not any(Groups(bootstrap, prefix).lag(group, topic.name) for group, topic in READ))
    events = [read(EmployerEvent, one.value, one.headers) for one in on(bootstrap, prefix, EVENTS.name)[before[EVENTS.name] :]]
    assert [(event.step, event.type) for event in events] == [(2, "correction")]
    told = {name: copies_of(bootstrap, prefix, name, events[0].receipt) for name in ("ta-08", "ta-39")}
    assert [copy.step for copy in told["ta-08"]] == [2]
    assert [copy.notice.get("no_longer_concerns_you", False) for copy in told["ta-39"]] == [False, True]
    assert len(on(bootstrap, prefix, ALERTS.name)) == before[ALERTS.name]


READ = [(FRONT, RECEIVED), (FRONT, EVENTS), (BACK, EVENTS), (BACK, ROUTED)]


def copies_of(bootstrap: str, prefix: str, agency: str, receipt: str) -> list[AgencyNotice]:
    records = on(bootstrap, prefix, topics.outbox(agency).name)
    copies = [record for record in records if ":AgencyNotice:" in (header(record.headers, "ce_dataschema") or "")]
    found = [read(AgencyNotice, record.value, record.headers) for record in copies]
    return [copy for copy in found if copy.receipt == receipt]


def wait_for(holds: Callable[[], bool]) -> None:
    until(holds, "the processes")


def test_the_dispatcher_reads_alerts_and_clocks_of_version_1(bootstrap: str, prefix: str) -> None:
    following = Following(bootstrap, prefix, lambda agency: False)
    clocks = Clocks(bootstrap, None, lambda: AT, prefix)  # type: ignore[arg-type]
    alerts = len(kept(ALERTS.name))
    wait_for(lambda: bool(following.step() or following.told == alerts))
    wait_for(lambda: clocks.step() and clocks.waiting() == 1)
    following.close()
    clocks.close()
    assert committed(bootstrap, prefix, "hub.dispatch", ALERTS.name) == alerts


# Stopping at what is newer


@pytest.mark.parametrize(("group", "topic"), READ, ids=["intake", "cases", "routing", "enrichment"])
def test_a_worker_with_a_newer_schema_on_the_log_ends_and_acknowledges_nothing(
    bootstrap: str, prefix: str, worker: Callable[[str], Any], group: str, topic: topics.Topic
) -> None:
    """It says what to do, refuses and buries nothing, and its state does not move; started again it is the same."""
    newest = by_newer_major(next(record for record in reversed(kept(topic.name)) if record.model()))
    put(bootstrap, prefix, newest)
    watched = [topics.REFUSED.name, topics.DEAD_LETTERS.name, topics.REPEATED.name, *(name for name in STATES[group])]
    before = stands(bootstrap, prefix, watched)
    for _ in range(2):
        process = worker(group)
        _, told = process.communicate(timeout=90)
        assert process.returncode == 70, told
        assert "was written in version 2, this process reads up to 1: update it" in told
    assert committed(bootstrap, prefix, group, topic.name) <= len(kept(topic.name))
    assert stands(bootstrap, prefix, watched) == before


def stands(bootstrap: str, prefix: str, names: list[str]) -> int:
    """How many records stand there, but for notes of the registry's revision."""
    return sum(record.key != REVISION for record in on(bootstrap, prefix, *names))


STATES = {
    FRONT: (topics.INTAKE_STATE.name, topics.CASES_STATE.name),
    BACK: (topics.ROUTING_STATE.name, topics.ENRICHMENT_STATE.name),
}


def test_a_worker_whose_state_is_newer_ends_before_it_takes_anything(
    bootstrap: str, prefix: str, worker: Callable[[str], Any]
) -> None:
    state = kept(topics.INTAKE_STATE.name)[0]
    put(bootstrap, prefix, replace(state, headers=(*state.headers, ("ce_dataschema", b"urn:employersituation:schema:state:2"))))
    with pytest.raises(Misconfigured, match="version 2"):
        Changelog(bootstrap, prefix + topics.INTAKE_STATE.name).load({}, [0], lambda *_: None)
    process = worker(FRONT)
    _, told = process.communicate(timeout=90)
    assert (process.returncode, "version 2" in told) == (70, True)


def test_nobody_follows_a_registry_that_is_newer(bootstrap: str, prefix: str) -> None:
    """Also where it becomes so while it is followed: then what was known is told to be old."""
    follower, failures = RegistryFollower(bootstrap, prefix), list[str]()
    follower._on_failure = failures.append
    follower.start(30)
    assert follower.current().revision == 7
    assert follower.lost() is None
    newer = (("ce_dataschema", b"urn:employersituation:schema:registry:2"),)
    put(bootstrap, prefix, replace(kept(REGISTRY.name)[-1], headers=newer))
    wait_for(lambda: bool(failures))
    assert "version 2" in (follower.lost() or "")
    assert failures == [follower.lost()]
    with pytest.raises(Misconfigured, match="version 2"):
        RegistryFollower(bootstrap, prefix).start(30)


def test_the_dispatcher_ends_at_a_newer_alert_and_acknowledges_it_not(bootstrap: str, prefix: str) -> None:
    put(bootstrap, prefix, by_newer_major(kept(ALERTS.name)[0]))
    with pytest.raises(Misconfigured, match="version 2"):
        dispatch(Wiring(Settings(kafka=KafkaSettings(bootstrap=bootstrap, topic_prefix=prefix))))
    assert committed(bootstrap, prefix, "hub.dispatch", ALERTS.name) <= len(kept(ALERTS.name))


def test_the_dispatcher_ends_at_a_newer_clock_and_fires_none(bootstrap: str, prefix: str) -> None:
    put(bootstrap, prefix, by_newer_major(next(record for record in kept(CLOCKS.name) if record.value)))
    received = len(on(bootstrap, prefix, RECEIVED.name))
    with pytest.raises(Misconfigured, match="version 2"):
        dispatch(Wiring(Settings(kafka=KafkaSettings(bootstrap=bootstrap, topic_prefix=prefix))))
    assert len(on(bootstrap, prefix, RECEIVED.name)) == received


@pytest.mark.database
def test_the_projector_ends_before_a_newer_record(bootstrap: str, prefix: str, database_url: str) -> None:
    """What came before it is in the view or not, the record itself is neither passed over nor buried."""
    put(bootstrap, prefix, by_newer_major(kept(EVENTS.name)[0]))
    letters = len(on(bootstrap, prefix, topics.DEAD_LETTERS.name))
    schemas = Schemas(prefix.replace(".", "_"))
    migrate(database_url, schemas.prefix)
    engine = connect(database_url)
    try:
        store = ViewWriter(engine, schemas)
        with pytest.raises(Misconfigured, match="version 2"):
            Projector(bootstrap, store, prefix).run(threading.Event())
        assert store.positions()[EVENTS.name, 0][1] <= len(kept(EVENTS.name))
        assert len(on(bootstrap, prefix, topics.DEAD_LETTERS.name)) <= letters + 1, "but for the one put there by hand"
    finally:
        engine.dispose()
        drop_everything(database_url, schemas.prefix)
