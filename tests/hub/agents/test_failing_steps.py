"""What comes of a step that fails: what counts towards setting its record aside, and what is told of it in the log."""

import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hub.agents import stage
from hub.agents.changelog import Changelog
from hub.agents.pinning import Pinned
from hub.agents.plan import Agent, Plan, Record, Step
from hub.agents.sending import Sender
from hub.agents.source import SourceLog
from hub.agents.stage import TRIES, Stage
from hub.agents.state import FAULT, Fault, PartitionState
from schemas.errors import Misconfigured
from schemas.topics import FOR_EVER, Topic
from schemas.wire import Message
from tests.hub.agents.copying import Revisions

RECORD = Record("in", 0, 5, b"k", b"CANARY", (), 0)
ASIDE = Plan((Message("dead", b"k", b"v"),))
NO_FAULT = Fault()


class Died(Exception):
    """Instead of the end of the process."""


class Noted(Sender):
    """Keeps what would be written to the changelog."""

    def __init__(self) -> None:
        self.states: list[Message] = []

    def send_state(self, message: Message, confirmed: Any = None) -> None:
        self.states.append(message)

    def flush(self, within: float) -> None:
        pass


@pytest.fixture(autouse=True)
def _no_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def died(*_: object, **__: object) -> NoReturn:
        raise Died

    monkeypatch.setattr(stage, "die", died)


def failing_with(error: type[Exception]) -> Step:
    def step(record: Record, _: PartitionState) -> Plan:
        raise error(f"cannot do {record.value!r}")

    return step


def tried(step: Step, sender: Noted, fault: Fault = NO_FAULT) -> Plan:
    """What the loop makes of the record in a process that has read that fault from the log."""
    agent = Agent("failing", Topic("in", "k", "", 1), Topic("state", "k", "", FOR_EVER), step, lambda _: ASIDE)
    loop = Stage(agent, SourceLog("nowhere:1", "in"), Changelog("nowhere:1", "state"), sender, 3.0, Pinned(Revisions(Path())))
    return loop._decide(RECORD, PartitionState(fault=fault))


def test_an_exception_is_noted_and_the_third_sets_the_record_aside() -> None:
    sender, fault = Noted(), Fault()
    for times in range(1, TRIES + 1):
        with pytest.raises(Died):
            tried(failing_with(ValueError), sender, fault)
        fault = Fault.of(sender.states[-1].value)
        assert (sender.states[-1].key, fault) == (FAULT, Fault(5, times))
    assert tried(failing_with(ValueError), sender, fault) == ASIDE


def test_a_fault_at_another_record_counts_for_nothing_here() -> None:
    with pytest.raises(Died):
        tried(failing_with(ValueError), Noted(), Fault(4, TRIES))


@pytest.mark.parametrize("error", [MemoryError, Misconfigured], ids=["memory", "a newer major version"])
def test_what_no_record_is_to_blame_for_ends_the_process_and_is_not_counted(error: type[Exception]) -> None:
    """An older worker among newer ones must never set aside what it only cannot read yet."""
    sender = Noted()
    with pytest.raises((Died, error)):
        tried(failing_with(error), sender)
    assert sender.states == []


LOGGING = """
from hub import logs
from hub.agents import stage
from tests.hub.agents.test_failing_steps import Noted, failing_with, tried
logs.set_up({form!r})
tried(failing_with(ValueError), Noted())
"""


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_log_says_where_a_step_failed_and_nothing_that_the_record_holds(form: str) -> None:
    """An exception's own words often repeat the value at which it was raised."""
    ended = subprocess.run(
        [sys.executable, "-c", LOGGING.format(form=form)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 70
    assert "step failed" in ended.stderr
    assert "failing_with" in ended.stderr or "in step" in ended.stderr, "where it failed"
    assert "CANARY" not in ended.stderr
