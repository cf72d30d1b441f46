"""Pure: where reading begins."""

from hub.projection.plan import plan
from hub.projection.record import Place, Position, Start
from hub.projection.sources import Reach, Source

HERE = Place("employer.events", 0)


def planned(reach: Reach, known: tuple[str, int] | None, epoch: str = "e1") -> tuple[Position, tuple[Start, ...], int]:
    found = plan({HERE.topic: Source(epoch, (0,))}, {HERE: reach}, {} if known is None else {tuple(HERE): known})
    return found.positions[HERE], found.starts, len(found.warnings)


def test_it_goes_on_where_it_was() -> None:
    assert planned(Reach(0, 20), ("e1", 12)) == (("e1", 12), (), 0)
    assert planned(Reach(0, 20), ("e1", 20)) == (("e1", 20), (), 0)


def test_a_new_partition_begins_at_its_first_record() -> None:
    assert planned(Reach(5, 20), None) == (("e1", 5), (Start(*HERE, "e1", 5, None),), 0)


def test_a_topic_that_was_made_anew_begins_again_and_says_so() -> None:
    assert planned(Reach(0, 20), ("e1", 12), "e2") == (("e2", 0), (Start(*HERE, "e2", 0, Position("e1", 12)),), 1)


def test_records_that_were_deleted_before_they_were_read_are_told_of() -> None:
    assert planned(Reach(15, 20), ("e1", 12)) == (("e1", 15), (Start(*HERE, "e1", 15, Position("e1", 12)),), 1)


def test_a_log_that_lost_its_end_is_read_again() -> None:
    assert planned(Reach(0, 10), ("e1", 12)) == (("e1", 0), (Start(*HERE, "e1", 0, Position("e1", 12)),), 1)
