"""A revision is in force when every partition of every agent has reported it, and pending for those that have not."""

from hub.core.in_force import PARTITIONS, Behind, Reports, report_of
from schemas.topics import BACK, FIXED, FRONT, READERS

FEW = {"intake": 2, "routing": 1}


def reported(*said: tuple[str, int, int]) -> Reports:
    reports = Reports()
    for agent, partition, revision in said:
        message = report_of("registry.pinned", agent, partition, revision)
        reports.take(message.key, message.value)
    return reports


def test_it_is_in_force_once_all_have_reported_it_or_a_later_one() -> None:
    assert reported(("intake", 0, 7), ("intake", 1, 7), ("routing", 0, 8)).standing(7, FEW).in_force


def test_it_waits_for_who_decides_by_an_older_one_and_for_who_never_said() -> None:
    standing = reported(("intake", 0, 7), ("intake", 1, 6)).standing(7, FEW)
    assert standing.waits_for == (Behind("intake", 1, 6), Behind("routing", 0, None))
    assert standing.row() == {
        "revision": 7,
        "state": "pending",
        "waits_for": [
            {"agent": "intake", "partition": 1, "revision": 6},
            {"agent": "routing", "partition": 0, "revision": None},
        ],
    }


def test_the_newest_report_of_a_partition_counts_also_where_it_says_less() -> None:
    """A state that a stopped worker wrote late is the state: it must not pass for a newer one."""
    said = [("intake", number, 7) for number in range(2)] + [("routing", 0, 7), ("routing", 0, 6)]
    assert reported(*said).standing(7, FEW).waits_for == (Behind("routing", 0, 6),)


def test_what_is_no_report_counts_for_nothing() -> None:
    reports = reported(("routing", 0, 7))
    for key, value in ((b"routing/0", b"x"), (b"routing", b"8"), (None, None), (b"\xff/1", b"9"), (b"routing/0", None)):
        reports.take(key, value)
    assert reports.standing(7, {"routing": 1}).in_force
    assert not reports.standing(8, {"routing": 1}).in_force


def test_every_agent_of_the_hub_reports_for_as_many_partitions_as_it_reads() -> None:
    read = {topic.partitions for group in (FRONT, BACK) for topic in READERS[group]}
    assert set(PARTITIONS.values()) == read
    assert len(PARTITIONS) == sum(topic.internal for topic in FIXED)
