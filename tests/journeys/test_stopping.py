"""Workers are stopped while notices come, and started again: each step is carried once, in order, by the same groups."""

import json
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.topics import outbox
from tests.builders import a_correction
from tests.journeys.running import Hub, downsizing, recruitment

pytestmark = [pytest.mark.broker, pytest.mark.database]

ROUNDS = 4
GROUPS = {"hub.front", "hub.back", "hub.bridge", "hub.dispatch", "hub.clocks"}


def groups(hub: Hub) -> set[str]:
    """The hub's consumer groups that the broker knows, without the prefix."""
    found = hub.admin.list_consumer_groups().result(20).valid
    names = {each.group_id for each in found if each.group_id.startswith(hub.wiring.prefix)}
    return {name.removeprefix(hub.wiring.prefix) for name in names}


def test_workers_that_are_stopped_under_load_carry_each_step_once_and_in_order(hub: Hub) -> None:
    notice = recruitment("stopped")
    receipt, beside = hub.post("ta-39", notice), set[str]()
    for number in range(1, ROUNDS + 1):
        front = hub.supervisor.kill("front", signal.SIGTERM)
        hub.post("ta-39", a_correction(notice, f"stopped/{number}", posts=40 + number))
        beside |= {hub.post("ta-39", recruitment(f"beside-{number}-{each}")) for each in range(25)}
        hub.supervisor.wait_ready("front", other_than=front)
        hub.aside.wait_ready("back", other_than=hub.aside.kill("back", signal.SIGTERM))
    hub.settle()
    told = [json.loads(record.value() or b"") for record in hub.records(outbox("ta-39"))]
    assert [copy["step"] for copy in told if copy["receipt"] == receipt] == list(range(1, ROUNDS + 2))
    times = Counter(copy["receipt"] for copy in told)
    assert {other: times[other] for other in beside} == dict.fromkeys(beside, 1)


def test_processes_that_start_anew_read_on_in_the_groups_that_were_there(hub: Hub) -> None:
    assert groups(hub) == GROUPS
    for name in ("front", "bridge", "dispatcher"):
        hub.supervisor.wait_ready(name, other_than=hub.supervisor.kill(name))
    assert hub.alert("ta-39", hub.post("ta-39", downsizing("after-the-start")))
    assert groups(hub) == GROUPS


def test_the_same_notice_sent_many_times_at_one_moment_is_taken_once(hub: Hub) -> None:
    notice = downsizing("double-click")
    with ThreadPoolExecutor(8) as threads:
        (receipt,) = set(threads.map(lambda _: hub.post("ta-39", notice), range(8)))
    hub.settle()
    told = [json.loads(record.value() or b"")["receipt"] for record in hub.records(outbox("ta-39"))]
    assert told.count(receipt) == 2, "its alert and its copy"
