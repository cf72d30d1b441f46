"""What the dispatcher does again and again: whatever hinders it does no more than put it off."""

import threading

import pytest

from hub.dispatch.again import Again
from schemas.errors import NotReady


@pytest.mark.parametrize("done", [True, False])
def test_it_comes_again_and_again_until_it_is_told_to_stop(done: bool) -> None:
    asked: list[threading.Event] = []
    stop = threading.Event()

    def act(told: threading.Event) -> bool:
        asked.append(told)
        if len(asked) == 3:
            stop.set()
        return done

    Again("the purge", act, 0.0, 0.0).run(stop)
    assert asked == [stop] * 3


@pytest.mark.parametrize("done", [True, False])
def test_what_was_hindered_is_tried_again_after_its_own_time(done: bool) -> None:
    waited: list[float | None] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout)
            self.set()
            return True

    Again("the purge", lambda stop: done, 5.0, 60.0).run(Stop())
    assert waited == [5.0 if done else 60.0]


@pytest.mark.parametrize("error", [NotReady("the database is away"), ValueError("131052-308T")])
def test_an_error_puts_it_off_and_tells_no_value(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(stop: threading.Event) -> bool:
        raise error

    assert Again("the purge", fails, 1.0, 1.0).once(threading.Event()) is False
    told = capsys.readouterr().out
    assert "the purge" in told
    assert "131052" not in told
