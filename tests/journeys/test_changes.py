"""A notice that is corrected, moved or withdrawn: everyone who had it hears of it, and the sender sees every version."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.replaying import replay_check
from tests.builders import HELSINKI, a_correction, a_withdrawal
from tests.journeys.running import Hub, downsizing
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]


def step_of(hub: Hub, agency: str, receipt: str, step: int) -> list[dict[str, Any]]:
    """What the agency was told with that step: its alert and its copy, once both are there."""

    def told() -> list[dict[str, Any]]:
        found = [item for item in hub.outbox(agency, receipt) if item["data"]["step"] == step]
        return found if len(found) == 2 else []

    return until(told, f"step {step} of {agency}")


def test_a_correction_takes_the_notice_to_another_town_and_a_withdrawal_ends_it(hub: Hub) -> None:
    notice = downsizing("changing")
    receipt = hub.post("ta-39", notice)
    step_of(hub, "ta-39", receipt, 1)
    assert hub.post("ta-39", a_correction(notice, "changing/1", workplaces=[{"area": HELSINKI, "headcount": 150}])) == receipt
    helsinki = {item["type"]: item["data"] for item in step_of(hub, "ta-08", receipt, 2)}
    tampere = {item["type"]: item["data"] for item in step_of(hub, "ta-39", receipt, 2)}
    assert {data.get("stage") for data in helsinki.values()} == {"negotiations", None}
    assert all(data["notice"]["no_longer_concerns_you"] for name, data in tampere.items() if ".stub" in name)
    assert [data["stage"] for name, data in tampere.items() if ".alert" in name] == ["ended"]
    assert hub.post("ta-39", a_withdrawal(notice, "changing/2")) == receipt
    ended = step_of(hub, "ta-08", receipt, 3)
    assert all(item["data"]["notice"]["withdrawn"] for item in ended)
    hub.settle()
    own = hub.get("ta-39", f"/v1/notices/{receipt}")
    assert [version["step"] for version in own["versions"]] == [1, 2, 3]
    assert [change["path"] for change in own["versions"][1]["changes"]] == ["/workplaces/0/area"]
    assert (own["type"], own["reason"]) == ("withdrawal", "Sent by mistake.")
    stages = hub.get("ta-39", f"/v1/notices/{receipt}/trace")["stages"]
    assert {(stage["step"], stage["outcome"]) for stage in stages if stage["stage"] == "routed"} == {
        (1, "routed"), (2, "routed"), (3, "ended"),
    }  # fmt: skip
    seen = hub.get("ta-08", f"/v1/notices/{receipt}")
    assert (seen["no_longer_concerns_you"], len(seen["versions"])) == (True, 1)


def test_a_wrong_employer_is_put_right_and_its_history_keeps_nothing_of_the_other(hub: Hub) -> None:
    notice = downsizing("wrong-employer")
    receipt = hub.post("ta-39", notice)
    step_of(hub, "ta-39", receipt, 1)
    hub.post("ta-39", a_correction(notice, "wrong-employer/1", employer={"business_id": "9000001-1", "name": "Oikea Oy"}))
    step_of(hub, "ta-39", receipt, 3)
    hub.settle()
    right = [item for item in hub.get("evk-04", "/v1/employers/fi:9000001-1/timeline")["items"] if item["receipt"] == receipt]
    wrong = [item for item in hub.get("evk-04", "/v1/employers/fi:9000000-3/timeline")["items"] if item["receipt"] == receipt]
    assert [(item["step"], item["no_longer_concerns_you"]) for item in right] == [(3, False)]
    assert [(item["step"], item["no_longer_concerns_you"]) for item in wrong] == [(2, True)]
    assert "Oikea" not in str(wrong)


def test_an_embargo_ends_by_the_hubs_own_clock(hub: Hub) -> None:
    until = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    notice = downsizing("embargoed", access={"level": "embargoed", "until": until})
    receipt = hub.post("ta-39", notice)
    alert = hub.alert("ta-39", receipt)
    assert alert["data"]["step"] == 1, "an embargo holds no alert back"
    copy = hub.copy("evk-04", receipt)
    assert (copy["data"]["step"], copy["time"] >= until[:19]) == (2, True)
    hub.settle()
    stages = hub.get("ta-39", f"/v1/notices/{receipt}/trace")["stages"]
    outcomes = [stage["outcome"] for stage in stages if stage["stage"] == "routed"]
    assert outcomes == ["held", "routed"]


def test_a_change_of_what_was_never_sent_is_readable_as_refused(hub: Hub) -> None:
    notice = downsizing("never-sent")
    hub.post("ta-39", a_withdrawal(notice, "never-sent/1"))
    refused = hub.refusal("ta-39", "never-sent")
    assert [finding["rule"] for finding in refused["findings"]] == ["unknown-notice"]


def test_everything_in_the_log_is_decided_again_as_it_was(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = downsizing("decided-again")
    receipt = hub.post("ta-39", notice)
    hub.post("ta-39", a_correction(notice, "decided-again/1", workplaces=[{"area": HELSINKI}]))
    step_of(hub, "ta-08", receipt, 2)
    hub.settle()
    found = replay_check(hub.wiring)
    assert found.differ == []
    assert found.decisions >= 4
    monkeypatch.setattr("hub.core.routing.takes", lambda *_: False)
    assert replay_check(hub.wiring).differ, "another rule decides otherwise"
