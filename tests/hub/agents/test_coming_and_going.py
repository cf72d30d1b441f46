"""Workers that join and leave, a group that lost its place, a topic that was emptied: nothing is lost, nothing is said twice."""

import signal
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from tests.hub.agents.test_stage import PARTITIONS, Field, a_field

pytestmark = [pytest.mark.broker, pytest.mark.soak]

ROUNDS = 5
AT_ONCE = 3_000


def stop(worker: subprocess.Popen[bytes]) -> int:
    """Ask it to stop; its exit code."""
    worker.send_signal(signal.SIGTERM)
    return worker.wait(30)


def admin(here: Field) -> AdminClient:
    return AdminClient({"bootstrap.servers": here.bootstrap, "log_level": 2})


def numbers(first: int, last: int) -> list[bytes]:
    """Records of one employer."""
    return [b"%d" % serial for serial in range(first, last)]


def test_workers_that_join_and_leave_under_load_lose_nothing_and_say_nothing_twice(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """Each that joins takes partitions from another, each that is asked to stop gives them back: ten rebalances in all."""
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as here:
        sent, working = 0, [here.start()]
        for _ in range(ROUNDS):
            here.send(sent, sent + AT_ONCE)
            working.append(here.start())
            here.watch(sent + AT_ONCE // 2, 40)
            here.send(sent + AT_ONCE, sent + 2 * AT_ONCE)
            sent += 2 * AT_ONCE
            here.watch(sent - AT_ONCE // 2, 40)
            assert stop(working.pop(0)) == 0
        here.watch(sent, 60)
        seen = here.seen
        assert (sent - len(seen.numbers), seen.twice, seen.order_breaks, seen.wrong_numbers(sent)) == (0, 0, 0, 0)


def test_a_group_that_lost_its_place_says_nothing_twice_and_counts_on(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    """The state knows how far it is, whatever the group has noted: all is read again, and skipped."""
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as here:
        here.put(numbers(0, 500))
        worker = here.start()
        here.watch(500, 40)
        assert stop(worker) == 0
        asked = admin(here)
        asked.delete_consumer_groups([f"{topic_prefix}copying"])[f"{topic_prefix}copying"].result(20)
        here.put(numbers(500, 600))
        here.start()
        here.watch(600, 40)
        assert here.seen.numbers == {serial: serial + 1 for serial in range(600)}
        assert here.seen.twice == 0


def test_a_topic_that_was_emptied_before_it_was_read_is_read_on_from_what_comes_next(
    bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    """As retention does it: what is gone is gone, what comes afterwards is taken."""
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as here:
        here.put(numbers(0, 10))
        worker = here.start()
        here.watch(10, 40)
        assert stop(worker) == 0
        here.put(numbers(10, 20))
        end = -1  # librdkafka's word for "all that is there"
        asked = admin(here)
        for emptied in asked.delete_records(
            [TopicPartition(f"{topic_prefix}in", each, end) for each in range(PARTITIONS)]
        ).values():
            emptied.result(20)
        here.start()
        here.put(numbers(20, 21))
        here.watch(11, 40)
        assert here.seen.numbers == {serial: serial + 1 for serial in range(10)} | {20: 11}


def test_twenty_thousand_records_of_one_employer_are_counted_exactly(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    with a_field(bootstrap, topic_prefix, "right", tmp_path / "log") as here:
        here.put(numbers(0, 10_000))
        first = here.start()
        here.watch(4_000, 60)
        first.kill()
        here.start()
        here.put(numbers(10_000, 20_000))
        here.watch(20_000, 90)
        assert here.seen.numbers == {serial: serial + 1 for serial in range(20_000)}
        assert (here.seen.different, here.seen.order_breaks) == (0, 0)
