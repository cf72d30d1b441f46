"""Reading state back: whatever was cut off or written late, the step that runs again finds the state from before it."""

from hypothesis import given
from hypothesis import strategies as st

from hub.agents.state import DONE, Change, Loading


def load(*log: Change) -> tuple[int, dict[bytes, bytes], list[Change]]:
    loading = Loading()
    for change in log:
        loading.take(change.key, change.value, change.rank)
    values, healing = loading.finish()
    return loading.done, values, healing


def step(offset: int, **values: bytes) -> list[Change]:
    return [*(Change(key.encode(), value, offset) for key, value in values.items()), Change(DONE, None, offset)]


def test_finished_steps_are_there() -> None:
    assert load(*step(4, a=b"1"), *step(7, a=b"2", b=b"1")) == (7, {b"a": b"2", b"b": b"1"}, [])


def test_a_step_that_was_cut_off_leaves_no_trace_and_is_healed() -> None:
    done, values, healing = load(*step(4, a=b"1"), Change(b"a", b"2", 7))
    assert (done, values) == (4, {b"a": b"1"})
    assert healing == [Change(b"a", b"1", 7)]


def test_the_healed_log_gives_the_same_also_after_compaction() -> None:
    healed = Change(b"a", b"1", 7)
    assert load(Change(DONE, None, 4), Change(b"a", b"2", 7), healed, Change(DONE, None, 9))[1] == {b"a": b"1"}
    assert load(healed, Change(DONE, None, 9))[1] == {b"a": b"1"}


def test_the_step_that_runs_again_overrides_the_healing() -> None:
    log = [*step(4, a=b"1"), Change(b"a", b"2", 7), Change(b"a", b"1", 7), *step(7, a=b"2")]
    assert load(*log) == (7, {b"a": b"2"}, [])


def test_a_woken_worker_cannot_bring_back_an_older_value() -> None:
    done, values, healing = load(*step(4, a=b"1"), *step(9, a=b"3"), *step(5, a=b"2"))
    assert (done, values) == (9, {b"a": b"3"})
    assert healing == [Change(b"a", b"3", 9)]


def test_an_older_value_that_was_written_late_is_healed_also_when_a_mark_follows_it() -> None:
    log = [*step(0, k=b"v0"), Change(b"k", b"v1", 1), *step(0, k=b"v0"), Change(DONE, None, 1)]
    assert load(*log) == (1, {b"k": b"v1"}, [Change(b"k", b"v1", 1)])


def test_a_healing_record_that_comes_late_does_not_win_over_the_step_that_ran_again() -> None:
    log = [*step(4, a=b"1"), Change(b"a", b"2", 7), *step(7, a=b"2"), Change(b"a", b"1", 7)]
    assert load(*log) == (7, {b"a": b"2"}, [Change(b"a", b"2", 7)])


def test_a_key_that_is_gone_stays_gone() -> None:
    assert load(*step(4, a=b"1"), Change(b"a", None, 5), Change(DONE, None, 5)) == (5, {}, [])


@given(st.integers(0, 6), st.integers(0, 30))
def test_numbering_goes_on_without_gap_wherever_the_log_was_cut(keys: int, cut: int) -> None:
    """Steps number the records of each key; after any cut the unfinished steps run again and the numbers are right."""
    log: list[Change] = []
    counts: dict[bytes, int] = {}
    for offset in range(10):
        key = str(offset % (keys + 1)).encode()
        counts[key] = counts.get(key, 0) + 1
        log += [Change(key, str(counts[key]).encode(), offset), Change(DONE, None, offset)]
    done, values, healing = load(*log[:cut])
    assert load(*log[:cut], *healing)[1] == values
    for offset in range(done + 1, 10):
        key = str(offset % (keys + 1)).encode()
        values[key] = str(int(values.get(key, b"0")) + 1).encode()
    assert values == {key: str(count).encode() for key, count in counts.items()}


DAYS = 400


def remembered(*log: tuple[Change, int]) -> tuple[dict[bytes, bytes], list[Change]]:
    """The state, and what is said in the log of what was forgotten, of records that came on those days."""
    loading = Loading()
    for change, day in log:
        loading.take(change.key, change.value, change.rank, day)
    values, _ = loading.finish()
    return values, loading.forget(DAYS)


def test_what_was_written_last_more_than_400_days_before_the_newest_record_is_forgotten_and_the_log_told() -> None:
    old, again, newest = Change(b"old", b"1", 3), Change(b"again", b"1", 4), Change(DONE, None, 9)
    log = [(old, 0), (again, 0), (Change(b"edge", b"1", 5), 1), (Change(b"again", b"2", 8), 300), (newest, 401)]
    assert remembered(*log) == ({b"again": b"2", b"edge": b"1"}, [Change(b"old", None, 9)])
    assert remembered(*log[:-1], (newest, 400)) == ({b"old": b"1", b"again": b"2", b"edge": b"1"}, [])
    assert remembered((newest, 0)) == remembered() == ({}, [])


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c", DONE]), st.booleans(), st.integers(0, 300)), max_size=12))
def test_of_any_log_what_is_forgotten_is_what_was_not_touched_for_so_long(written: list[tuple[bytes, bool, int]]) -> None:
    day, log = 0, list[tuple[Change, int]]()
    for number, (key, gone, later) in enumerate(written):
        day += later
        log.append((Change(key, None if gone else b"%d" % number, number), day))
    log.append((Change(DONE, None, len(log)), day))
    last = {change.key: (change.value, at) for change, at in log if change.key != DONE}
    values, said = remembered(*log)
    assert values == {key: value for key, (value, at) in last.items() if value is not None and at >= day - DAYS}
    assert {change.key for change in said} == {key for key, (value, at) in last.items() if value is not None and at < day - DAYS}
    assert remembered(*log, *((change, day) for change in said)) == (values, [])
