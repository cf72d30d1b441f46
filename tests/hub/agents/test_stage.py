"""The stage loop on a real broker, with its workers killed and stopped under load."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.arrived import arrived
from connectors.inbound.log import Log
from connectors.outbound.topics import apply_topics
from hub.core.in_force import Reports, Standing
from schemas.topics import DEAD_LETTERS, PINNED, Topic
from tests.hub.agents.copying import COPIED, COPYING_STATE, POISON
from tests.taking_away import take_away

pytestmark = [pytest.mark.broker, pytest.mark.soak]

HERE = Path(__file__).parent
EMPLOYERS = 300
PARTITIONS = COPIED.partitions


_IN_ORDER = {"partitioner": "murmur2_random", "enable.idempotence": True}
"""Without it the library sends again out of order what a topic just made has no leader for."""


@dataclass
class Seen:
    """What an independent consumer of the output saw."""

    numbers: dict[int, int] = field(default_factory=dict)
    twice: int = 0
    different: int = 0
    order_breaks: int = 0
    _last: dict[bytes, int] = field(default_factory=dict)

    def take(self, key: bytes, value: bytes) -> None:
        serial, number = (int(part) for part in value.split(b":"))
        if serial in self.numbers:
            self.twice += 1
            self.different += self.numbers[serial] != number
            return
        self.numbers[serial] = number
        self.order_breaks += serial < self._last.get(key, -1)
        self._last[key] = serial

    def wrong_numbers(self, sent: int) -> int:
        return sum(self.numbers.get(serial) != serial // EMPLOYERS + 1 for serial in range(sent))


class Field:
    """Topics, workers and an observer of one test."""

    def __init__(self, bootstrap: str, prefix: str, order: str, log: Path) -> None:
        self.bootstrap, self.prefix, self.order, self.log = bootstrap, prefix, order, log
        apply_topics(
            bootstrap,
            [COPIED, Topic("out", "k", "", 1, PARTITIONS), COPYING_STATE, PINNED, DEAD_LETTERS],
            prefix,
        )
        self.revision = log.with_name("revision")
        self.revision.write_text("1")
        self.workers: list[subprocess.Popen[bytes]] = []
        self.seen = Seen()
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        self._observer = Consumer({"bootstrap.servers": bootstrap, "group.id": "observer", "enable.auto.commit": False})
        self._observer.assign([TopicPartition(f"{prefix}out", number, 0) for number in range(PARTITIONS)])

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(HERE / "copying.py"), self.bootstrap, self.prefix, self.order, str(self.revision)]
        with self.log.open("ab") as out:
            env = {**os.environ, "PYTHONPATH": str(HERE.parents[2])}
            self.workers.append(subprocess.Popen(command, stdout=out, stderr=out, env=env))
        return self.workers[-1]

    def send(self, first: int, last: int) -> None:
        failed = list[str]()

        def on_delivery(error: object, _: object) -> None:
            if error is not None:
                failed.append(str(error))

        producer = Producer(_IN_ORDER | {"bootstrap.servers": self.bootstrap, "linger.ms": 5})
        for serial in range(first, last):
            producer.produce(f"{self.prefix}in", b"%d" % serial, b"e%d" % (serial % EMPLOYERS), on_delivery=on_delivery)
            producer.poll(0)
        assert (producer.flush(60), failed[:3]) == (0, []), "the load itself has to arrive whole"

    def put(self, values: list[bytes]) -> None:
        """Values of one employer, in order."""
        producer = Producer(_IN_ORDER | {"bootstrap.servers": self.bootstrap})
        for value in values:
            producer.produce(f"{self.prefix}in", value, b"one")
        producer.flush()

    def letters(self) -> set[tuple[bytes, str]]:
        """Value and code of each dead letter."""
        reader = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "letters", "enable.auto.commit": False})
        reader.assign(
            [TopicPartition(f"{self.prefix}{DEAD_LETTERS.name}", number, 0) for number in range(DEAD_LETTERS.partitions)]
        )
        records = [*reader.consume(10, 3.0)]
        reader.close()
        return {(record.value() or b"", dict(record.headers() or [])["hub-code"].decode()) for record in records}

    def commit(self, offset: int) -> None:
        """As a client does that acknowledges what it has not read."""
        ahead = Consumer({"bootstrap.servers": self.bootstrap, "group.id": f"{self.prefix}copying"})
        ahead.commit(
            offsets=[TopicPartition(f"{self.prefix}in", number, offset) for number in range(PARTITIONS)], asynchronous=False
        )
        ahead.close()

    def forget(self, before: int) -> None:
        """As retention does: the first records of each partition go."""
        bounds = [TopicPartition(f"{self.prefix}in", number, before) for number in range(PARTITIONS)]
        for future in self._admin.delete_records(bounds).values():
            future.result(20)

    def without(self, topic: Topic) -> None:
        """The topic goes with its records."""
        take_away(self._admin, self.prefix + topic.name)

    def make_anew(self) -> None:
        """The source topic, without its records."""
        self.without(COPIED)
        apply_topics(self.bootstrap, [COPIED], self.prefix)

    def watch(self, until: int, within: float) -> None:
        """Observe until that many records are there, or the time is over."""
        deadline = time.monotonic() + within
        while len(self.seen.numbers) < until and time.monotonic() < deadline:
            for record in arrived(self._observer, 2_000, 0.1):
                self.seen.take(record.key() or b"", record.value() or b"")

    def standing(self, revision: int) -> Standing:
        """As anybody can read it from the log."""
        reports, log = Reports(), Log(self.bootstrap, self.prefix)
        for record in log.read([PINNED.name]):
            reports.take(record.key, record.value)
        return reports.standing(revision, {"copying": PARTITIONS})

    def comes_into_force(self, revision: int) -> bool:
        """Whether it does within some seconds."""
        deadline = time.monotonic() + 40
        while not self.standing(revision).in_force and time.monotonic() < deadline:
            time.sleep(0.2)
        return self.standing(revision).in_force

    def close(self) -> None:
        self._observer.close()
        for worker in self.workers:
            worker.kill()
            worker.wait()


@contextmanager
def a_field(bootstrap: str, prefix: str, order: str, log: Path) -> Iterator[Field]:
    field = Field(bootstrap, prefix, order, log)
    try:
        yield field
    finally:
        field.close()


def test_kills_and_stops_lose_nothing_and_the_numbers_are_right(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as under_load:
        first, second = under_load.start(), under_load.start()
        under_load.send(0, 20_000)
        under_load.watch(2_000, 40)
        first.kill()
        under_load.start()
        under_load.watch(8_000, 40)
        second.send_signal(signal.SIGSTOP)
        under_load.send(20_000, 30_000)
        under_load.watch(30_000, 8)
        second.send_signal(signal.SIGCONT)
        under_load.start()
        under_load.watch(30_000, 60)
        seen = under_load.seen
        assert second.wait(10) == 70, "a worker that stood still longer than half its session ends itself"
        assert (30_000 - len(seen.numbers), seen.order_breaks, seen.different, seen.wrong_numbers(30_000)) == (0, 0, 0, 0)


def test_acknowledging_before_the_output_is_confirmed_is_noticed(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    """The same test must fail for a loop that breaks the order, else it proves nothing."""
    with a_field(bootstrap, topic_prefix, "acks-first", tmp_path / "log") as under_load:
        for start in range(0, 6_200, 3_100):
            worker = under_load.start()
            before = len(under_load.seen.numbers)
            under_load.send(start, start + 100)
            under_load.watch(before + 100, 30)
            under_load.send(start + 100, start + 3_100)
            time.sleep(0.75)  # after a commit, before the outputs leave
            worker.kill()
            worker.wait()
        under_load.start()
        under_load.watch(6_200, 15)
        lost = 6_200 - len(under_load.seen.numbers)
        assert lost > 0


def test_three_exceptions_set_a_record_aside_and_a_missing_topic_costs_no_other_record(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Each exception ends the process with nothing acknowledged; kills between them do not count."""
    with a_field(bootstrap, topic_prefix, "failing", tmp_path / "log") as here:
        here.put([b"0", b"to-nowhere", POISON, b"1"])
        killed = here.start()
        killed.kill()
        exits = []
        for _ in range(3):
            exits.append(here.start().wait(40))
        here.start()
        here.watch(2, 40)
        assert exits == [70, 70, 70]
        assert here.seen.numbers == {0: 1, 1: 3}, "the record that went nowhere was numbered, the poison was not"
        assert here.letters() == {(b"to-nowhere", "topic-vanished"), (POISON, "x")}


@pytest.mark.parametrize("ahead", [50, 10_000], ids=["some", "more than there is"])
def test_no_record_is_passed_over_by_a_group_that_committed_ahead(
    bootstrap: str, topic_prefix: str, tmp_path: Path, ahead: int
) -> None:
    """What is handled counts, not what is committed."""
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as here:
        here.send(0, 400)
        here.commit(ahead)
        here.start()
        here.watch(400, 40)
        assert (len(here.seen.numbers), here.seen.order_breaks, here.seen.wrong_numbers(400)) == (400, 0, 0)


def test_what_the_log_does_not_hold_is_not_waited_for(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    """Records that retention took, and offsets that a transaction's marker takes, are nobody's record."""
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as here:
        here.send(0, 400)
        here.forget(20)
        producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": topic_prefix})
        producer.init_transactions()
        for serial in (400, 401):
            producer.begin_transaction()
            producer.produce(f"{topic_prefix}in", b"%d" % serial, b"one")
            producer.commit_transaction()
        here.start()
        here.watch(402 - 20 * PARTITIONS, 40)
        assert len(here.seen.numbers) == 402 - 20 * PARTITIONS
        assert here.seen.numbers[401] == here.seen.numbers[400] + 1


def test_a_log_that_ends_before_what_is_handled_is_not_taken_for_the_one_it_was(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Else all that is put there anew would pass for handled, and be lost in silence."""
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as here:
        here.send(0, 400)
        worker = here.start()
        here.watch(400, 40)
        time.sleep(1.5)  # until the state of the last ones is written: it lingers as outputs do
        worker.kill()
        here.make_anew()
        assert here.start().wait(40) == 70
        assert "it is not the log it was" in here.log.read_text()


def test_what_is_decided_again_after_a_kill_is_decided_by_the_same_registry(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """A newer revision counts from where the one before cannot have decided anything."""
    with a_field(bootstrap, topic_prefix, "deciding", tmp_path / "log") as here:
        worker = here.start()
        here.send(0, 6_000)
        here.watch(500, 40)
        here.revision.write_text("2")
        worker.kill()
        here.start()
        here.watch(6_000, 40)
        here.send(6_000, 6_400)
        here.watch(6_400, 40)
        assert here.seen.twice > 0, "something was decided again"
        assert here.seen.different == 0
        assert set(here.seen.numbers.values()) == {1, 2}
        assert {here.seen.numbers[serial] for serial in range(6_000, 6_400)} == {2}


def test_a_revision_is_pending_until_every_partition_has_reported_it(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    """Nothing has to be read for it: also an idle worker says by which revision it would decide."""
    with a_field(bootstrap, topic_prefix, "deciding", tmp_path / "log") as here:
        assert len(here.standing(1).waits_for) == PARTITIONS
        worker = here.start()
        assert here.comes_into_force(1)
        worker.send_signal(signal.SIGSTOP)
        here.revision.write_text("2")
        here.send(0, 400)
        time.sleep(1)
        assert {behind.revision for behind in here.standing(2).waits_for} == {1}
        worker.kill()
        worker.wait()
        here.start()
        assert here.comes_into_force(2)
        here.watch(400, 40)
        here.send(400, 800)
        here.watch(800, 40)
        assert {here.seen.numbers[serial] for serial in range(400, 800)} == {2}, "what comes after is decided by no older one"


def test_a_report_that_its_topic_does_not_take_holds_up_nothing(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    """The topic is newer than the hub: a worker that is updated first works on, and the revision stays pending."""
    with a_field(bootstrap, topic_prefix, "deciding", tmp_path / "log") as here:
        here.without(PINNED)
        here.start()
        here.send(0, 400)
        here.watch(400, 40)
        assert len(here.seen.numbers) == 400
        assert "a report could not be written" in here.log.read_text()
