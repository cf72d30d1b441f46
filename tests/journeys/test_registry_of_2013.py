"""The main journey in the registry of 2013: TE offices and ELY centres instead of employment areas and their successors."""

import os
from collections.abc import Iterator

import pytest

from tests.builders import HELSINKI, a_correction
from tests.embedded import Services
from tests.journeys.running import Hub, a_hub, downsizing, recruitment
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture(scope="module")
def hub_2013(servers: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub-2013")
    with a_hub(servers.bootstrap, servers.url, folder, f"then{os.getpid()}.", "fi-2013") as running:
        yield running


def test_a_downsizing_reaches_te_office_and_ely_centre_and_its_correction_the_next_ones(hub_2013: Hub) -> None:
    hub = hub_2013
    assert hub.desk == "te-05"
    notice = downsizing("then-1")
    receipt = hub.post("te-05", notice)
    assert hub.alert("te-05", receipt)["data"]["stage"] == "negotiations"
    own, centre = hub.copy("te-05", receipt), hub.copy("ely-05", receipt)
    assert (own["data"]["why"][0]["role"], centre["data"]["why"][0]["role"]) == ("own-area", "tem-group")
    assert own["data"]["offerings"]
    hub.post("te-05", a_correction(notice, "then-1/1", workplaces=[{"area": HELSINKI}]))
    assert hub.alert("te-01", receipt)["data"]["step"] == 2
    ended = until(lambda: [item for item in hub.outbox("ely-05", receipt) if item["data"]["step"] == 2], "the stub")
    assert ended[0]["data"]["notice"]["no_longer_concerns_you"]


def test_a_large_recruitment_reaches_those_who_take_it(hub_2013: Hub) -> None:
    hub = hub_2013
    receipt = hub.post("te-05", recruitment("then-2"))
    assert hub.copy("te-05", receipt)["data"]["why"][0]["role"] == "own-area"
    hub.settle()
    trace = hub.get("te-05", f"/v1/notices/{receipt}/trace")
    assert {recipient["agency"] for recipient in trace["recipients"]} > {"te-05"}
    assert trace["offerings"]
