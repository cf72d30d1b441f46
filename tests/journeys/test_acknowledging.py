"""Two authorities claim a notice and one goes on with it: the sender sees that, each hears of the other, all is accounted for."""

from typing import Any

import pytest

from connectors.client import HubClient, HubProblem
from hub.reckoning import received_ends, reckon
from tests.builders import HELSINKI, a_correction
from tests.journeys.running import Hub, downsizing
from tests.waiting import PATIENCE, until

pytestmark = [pytest.mark.broker, pytest.mark.database]


def heard(hub: Hub, agency: str, receipt: str, count: int) -> list[tuple[str, str]]:
    """By whom and what, of so many answers that the agency was told of."""

    def told() -> list[tuple[str, str]]:
        items = [item["data"] for item in hub.outbox(agency, receipt) if ".acknowledgement." in item["type"]]
        return [(data["by"], data["answer"]) for data in items] if len(items) == count else []

    return until(told, f"{count} answers for {agency}")


def test_two_authorities_claim_one_notice_and_its_sender_sees_who_holds_it(hub: Hub) -> None:
    before = received_ends(hub.wiring.bootstrap, hub.wiring.prefix)
    notice = downsizing("answered", homes=[{"area": HELSINKI, "count": 4}])
    receipt = hub.post("evk-04", notice)
    for agency in ("ta-39", "ta-08"):
        hub.alert(agency, receipt)
    hub.settle()
    with HubClient(hub.url, hub._key("ta-39")) as tampere, HubClient(hub.url, hub._key("ta-08")) as helsinki:
        first = tampere.acknowledge(receipt, "claim", "a-1", desk="change-security")
        assert tampere.acknowledge(receipt, "claim", "a-1", desk="change-security") == first
        assert heard(hub, "ta-08", receipt, 1) == [("ta-39", "claim")]
        helsinki.acknowledge(receipt, "claim", "a-1")
        tampere.acknowledge(receipt, "in-progress", "a-2", desk="change-security")
        assert heard(hub, "evk-04", receipt, 3) == [("ta-39", "claim"), ("ta-08", "claim"), ("ta-39", "in-progress")]
        assert heard(hub, "ta-39", receipt, 1) == [("ta-08", "claim")]
        with pytest.raises(HubProblem, match="no notice"):
            with_stranger(hub).acknowledge(receipt, "claim", "a-1")
    assert hub.post("evk-04", a_correction(notice, "answered/1", grounds="Uusi syy")) == receipt
    until(lambda: [one for one in hub.outbox("ta-39", receipt) if one["step"] == 2], "the correction, after the answers")
    hub.settle()
    found = hub.get("evk-04", f"/v1/notices/{receipt}/acknowledgements")
    assert (found["state"], found["held_by"]) == ("in-progress", ["ta-08", "ta-39"])
    assert [(one["agency"], one["answer"], one["counts"]) for one in found["answers"]] == [
        ("ta-39", "claim", False), ("ta-08", "claim", True), ("ta-39", "in-progress", True),
    ]  # fmt: skip
    assert hub.get("evk-04", f"/v1/notices/{receipt}/trace")["acknowledgements"]["held_by"] == ["ta-08", "ta-39"]
    own = hub.get("ta-08", f"/v1/notices/{receipt}/acknowledgements")
    assert [one["agency"] for one in own["told"]] == ["ta-08"]
    counts: dict[str, Any] = reckon(hub.wiring.bootstrap, hub.wiring.prefix, before, PATIENCE).counts()
    assert (counts["answers"], counts["repeat"], counts["steps"], counts["unaccounted"]) == (3, 1, 2, 0)


def with_stranger(hub: Hub) -> HubClient:
    """Of an authority that was told nothing; it asks once."""
    return HubClient(hub.url, hub._key("ta-01"), patience=0)
