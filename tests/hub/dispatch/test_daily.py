"""The purge of each day: it says what went, and whatever hinders it does no more than put it off."""

import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from hub.dispatch.daily import Daily
from schemas.errors import NotReady

NIGHT = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)


def test_it_purges_by_the_day_of_the_moment_and_can_be_told_to_stop() -> None:
    asked: list[date] = []
    stop = threading.Event()

    def purge(day: date, told: threading.Event) -> Mapping[str, int]:
        asked.append(day)
        assert told is stop
        stop.set()
        return {"notice": 2}

    Daily(purge, lambda: NIGHT).run(stop)
    assert asked == [date(2026, 3, 2)]


@pytest.mark.parametrize("error", [NotReady("the database is away"), ValueError("131052-308T")])
def test_an_error_puts_it_off_and_tells_no_value(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(day: date, stop: threading.Event) -> Mapping[str, int]:
        raise error

    assert Daily(fails, lambda: NIGHT).once(threading.Event()) is False
    told = capsys.readouterr().out
    assert "purge" in told
    assert "131052" not in told


def test_one_that_comes_to_its_end_waits_for_the_next_day() -> None:
    assert Daily(lambda day, stop: {"notice": 2, "refused-body": 1}, lambda: NIGHT).once(threading.Event())
