"""The loader against its plain model: on any log the same state, the same mark, the same healing."""

from dataclasses import dataclass, field

import pytest
from confluent_kafka import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.agents.changelog import RANK, change_record, take_all
from hub.agents.state import DONE, FAULT, Change, Fault, Loading
from schemas.topics import DAY_MS
from tests.hub.agents.reading_state import PlainLoading

KEYS = (b"a", b"b")
RANKS = st.integers(-1, 3)
"""Few, so that equal ranks and marks between them are the rule."""
WRITTEN = st.tuples(st.sampled_from((*KEYS, DONE, DONE)), st.booleans(), RANKS)
FAULTS = st.builds(Fault, st.integers(0, 6), st.integers(0, 3)).map(Fault.change)


def numbered(written: list[tuple[bytes, bool, int]]) -> list[Change]:
    """No two values are the same: which of them was taken can be told."""
    return [Change(key, None if gone else b"%d" % number, rank) for number, (key, gone, rank) in enumerate(written)]


ANY_LOG = st.lists(WRITTEN, min_size=4, max_size=16).map(numbered)

Read = tuple[int, Fault, dict[bytes, bytes], list[Change]]


def plainly(log: list[Change]) -> Read:
    loading = PlainLoading()
    for change in log:
        loading.take(change)
    return loading.done, loading.fault, *loading.finish()


def read(log: list[Change]) -> Read:
    loading = Loading()
    for change in log:
        loading.take(change.key, change.value, change.rank)
    return loading.done, loading.fault, *loading.finish()


@settings(max_examples=600)
@given(ANY_LOG, FAULTS, st.integers(0, 16))
def test_any_log_whatever_is_read_as_the_model_reads_it(log: list[Change], fault: Change, at: int) -> None:
    log.insert(at, fault)
    assert read(log) == plainly(log)


# Logs as workers write them


@dataclass(slots=True)
class Workers:
    """A changelog with its writers: steps that number a key's records, kills at any record, workers that wake up again."""

    log: list[Change] = field(default_factory=list)
    late: list[Change] = field(default_factory=list)
    """What a stopped worker still has to say: it may come at any time, healing too."""
    next: int = 0

    def work(self, keys: list[bytes], remove: bool, cut: int, asleep: bool) -> None:
        """Steps with one mark for all; after `cut` records the worker is killed, or falls asleep with the rest unsaid."""
        _, _, values, healing = plainly(self.log)
        said = list(healing)
        for offset, key in enumerate(keys, self._handled() + 1):
            number = int(values.get(key, b"0")) + 1
            values[key] = b"%d" % number
            said.append(Change(key, None if remove and number % 3 == 0 else values[key], offset))
            values |= {} if said[-1].value else {key: b"0"}
        said.append(Change(DONE, b"", self._handled() + len(keys)))
        self.log += said[:cut]
        self.late += said[cut:] if asleep else []

    def wake(self, many: int) -> None:
        """A stopped worker says some of the rest."""
        self.log += self.late[:many]
        del self.late[:many]

    def compact(self, upto: int) -> None:
        """Of each key the last record of the older part is left, where it stood."""
        older, newer = self.log[:upto], self.log[upto:]
        last = {change.key: number for number, change in enumerate(older)}
        self.log = [change for number, change in enumerate(older) if last[change.key] == number] + newer

    def _handled(self) -> int:
        return max((change.rank for change in self.log if change.key == DONE), default=-1)


WORK = st.tuples(
    st.just("work"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=4), st.booleans(), st.integers(0, 12), st.booleans()
)
DEED = WORK | st.tuples(st.just("wake"), st.integers(1, 6)) | st.tuples(st.just("compact"), st.integers(0, 30))


@settings(max_examples=300)
@given(st.lists(DEED, min_size=1, max_size=12))
def test_what_workers_leave_after_kills_sleep_and_compaction_is_read_as_the_model_reads_it(deeds: list[tuple]) -> None:  # type: ignore[type-arg]
    workers = Workers()
    for name, *how in deeds:
        getattr(workers, name)(*how)
        assert read(workers.log) == plainly(workers.log)
        healed = [*workers.log, *plainly(workers.log)[3]]
        assert read(healed) == plainly(healed)


# Records


class Recorded:
    """A record of the changelog as the consumer gives it."""

    def __init__(self, change: Change, headers: list[tuple[str, bytes | None]] | None, at: int = 0) -> None:
        self._change, self._headers, self._at = change, headers, at

    def error(self) -> None:
        return None

    def partition(self) -> int:
        return 3

    def key(self) -> bytes | None:
        return self._change.key or None

    def value(self) -> bytes | None:
        return self._change.value

    def timestamp(self) -> tuple[int, int]:
        return 2, self._at

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return self._headers


def taken(headers: list[tuple[str, bytes | None]] | None) -> list[int]:
    """Whether a record with these headers is covered by a mark at 6, and the rank that it is healed with where it is not."""
    loading = Loading()
    take_all({3: loading}, [_as_message(Recorded(Change(b"a", b"1", 0), headers))])
    return [change.rank for change in loading.finish()[1]]


def _as_message(record: Recorded) -> Message:
    return record  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("headers", "rank"),
    [
        (None, []),
        ([], []),
        ([(RANK, None)], []),
        ([(RANK, b"")], []),
        ([(RANK, b"7")], [7]),
        ([("other", b"x")], []),
        ([("other", b"x"), (RANK, b"8")], [8]),
        ([(RANK, b"8"), (RANK, b"9")], [9]),
        (list(change_record("t", 3, Change(FAULT, b"4:1", 4)).headers), [4]),
    ],
)
def test_the_rank_is_what_its_header_says_and_minus_one_where_none_does(
    headers: list[tuple[str, bytes | None]] | None, rank: list[int]
) -> None:
    assert taken(headers) == rank


def test_the_day_of_a_record_is_the_broker_s() -> None:
    """In milliseconds, UTC: what is forgotten does not hang on a worker's clock."""
    loading, last = Loading(), 500 * DAY_MS
    for key, at in ((b"old", last - 401 * DAY_MS), (b"edge", last - 400 * DAY_MS), (b"new", last)):
        take_all({3: loading}, [_as_message(Recorded(Change(key, b"1", -1), None, at))])
    values, _ = loading.finish()
    assert [change.key for change in loading.forget(400)] == [b"old"]
    assert values.keys() == {b"edge", b"new"}
