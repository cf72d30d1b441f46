"""The dispatcher's look at the outboxes: by the day that it is told, and whatever hinders it does no more than put it off."""

import threading
from datetime import date

import pytest

from hub.dispatch.rights import Rights
from schemas.errors import NotReady

DAY = date(2026, 3, 2)


def test_it_looks_by_the_day_and_can_be_told_to_stop() -> None:
    asked: list[date] = []
    stop = threading.Event()

    def look(day: date, told: threading.Event) -> None:
        asked.append(day)
        assert told is stop
        stop.set()

    Rights(look, lambda: DAY).run(stop)
    assert asked == [DAY]


@pytest.mark.parametrize("error", [NotReady("the database is away"), ValueError("131052-308T")])
def test_an_error_puts_it_off_and_tells_no_value(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(day: date, stop: threading.Event) -> None:
        raise error

    assert Rights(fails, lambda: DAY).once(threading.Event()) is False
    told = capsys.readouterr().out
    assert "outboxes" in told
    assert "131052" not in told
