"""`hub replay`: asked for, followed to its end, canceled."""

import json
import threading
import time

import pytest

from hub.commands import replaying
from hub.replays import Progress
from tests.api.conftest import AGENCY, NOW, Hub
from tests.hub.commands.conftest import Command

SINCE = "2026-11-24T00:00:00Z"


@pytest.fixture
def endpoint(hub: Hub) -> str:
    hub.replays.stands[AGENCY, "e-1"] = "e1", 4, NOW
    return hub.endpoints.add(AGENCY, "https://agency.example/hub", "structured")[0].id


def do_it(hub: Hub, **what: object) -> threading.Thread:
    """What a dispatcher does, as soon as a replay is asked for."""

    def run() -> None:
        while not (turns := hub.replays.open()):
            time.sleep(0.01)
        for turn in turns:
            hub.replays.begin(turn, 0)
            hub.replays.note(Progress(turn, {"told": 5, "overtaken": 2}, **what))  # type: ignore[arg-type]

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "PAUSE", 0.02)


def test_it_is_followed_to_its_end_and_summed_up(command: Command, hub: Hub, endpoint: str) -> None:
    thread = do_it(hub, state="done")
    done = command("replay", "--endpoint", endpoint, "--since", SINCE, "--per-second", "7")
    thread.join()
    assert done.exit_code == 0, done.output
    ((turn, _),) = hub.replays.kept.values()
    assert turn.per_second == 7
    assert done.stdout.splitlines() == [
        f"{turn.id} done: 5 told, 0 failed",
        "  2 left out: a newer step of the notice stands in the outbox",
    ]


def test_one_that_fails_says_why_and_ends_with_one(command: Command, hub: Hub, endpoint: str) -> None:
    thread = do_it(hub, state="failed", why="http-500")
    done = command("replay", "--endpoint", endpoint, "--id", "e-1", "--json")
    thread.join()
    (told,) = json.loads(done.stdout.splitlines()[-1])["replays"]
    assert (done.exit_code, told["state"], told["why"], told["from_event"]) == (1, "failed", "http-500", "e-1")


def test_asked_for_without_waiting_it_can_be_canceled(command: Command, hub: Hub, endpoint: str) -> None:
    done = command("replay", "--only", "e-1", "--no-wait")  # the agency's only endpoint
    assert done.exit_code == 0, done.output
    ((turn, _),) = hub.replays.kept.values()
    assert done.stdout.splitlines()[-1].endswith(f"hub replay --endpoint {endpoint} --cancel {turn.id}")
    canceled = command("replay", "--endpoint", endpoint, "--cancel", turn.id)
    assert (canceled.exit_code, canceled.stdout) == (0, f"{turn.id} canceled (asked): 0 told, 0 failed\n")


def test_a_flaw_is_told(command: Command, endpoint: str) -> None:
    done = command("replay", "--endpoint", endpoint, "--since", SINCE, "--per-second", "5000")
    assert done.exit_code == 1
    assert "/body/per_second: the hub tells at the most 50 a second again" in done.stderr


def test_which_endpoint_has_to_be_said_where_there_are_several(command: Command, hub: Hub, endpoint: str) -> None:
    other = hub.endpoints.add(AGENCY, "https://agency.example/other", "structured", "a-subscription")[0].id
    done = command("replay", "--since", SINCE, "--no-wait")
    assert "the agency has 2" in str(done.exception)
    assert command("replay", "--since", SINCE, "--no-wait", "--subscription", "a-subscription").exit_code == 0
    assert [turn.endpoint for turn, _ in hub.replays.kept.values()] == [other]
    none = command("replay", "--since", SINCE, "--subscription", "another")
    assert "GET /v1/outbox?subscription=another" in str(none.exception)
