"""The dispatcher's look at the outboxes: again and again, and whatever hinders it does no more than put it off."""

import threading

import pytest

from hub.dispatch import rights
from hub.dispatch.rights import Rights
from schemas.errors import NotReady


def test_it_looks_again_and_again_until_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[threading.Event] = []
    stop = threading.Event()
    monkeypatch.setattr(rights, "EACH", 0.0)

    def look(told: threading.Event) -> bool:
        asked.append(told)
        if len(asked) == 3:
            stop.set()
        return True

    Rights(look).run(stop)
    assert asked == [stop] * 3


@pytest.mark.parametrize("error", [NotReady("the database is away"), ValueError("131052-308T")])
def test_an_error_puts_it_off_and_tells_no_value(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(stop: threading.Event) -> bool:
        raise error

    assert Rights(fails).once(threading.Event()) is False
    told = capsys.readouterr().out
    assert "outboxes" in told
    assert "131052" not in told


def test_what_was_hindered_waits_longer() -> None:
    assert Rights(lambda stop: False).once(threading.Event()) is False
