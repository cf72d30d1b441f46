"""The soak of the partners in short: every channel once, while endpoints fail and dispatcher and API are killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.outbound.kafka_users import KafkaUsers
from hub.kafka_doors import KafkaDoors
from hub.local.supervisor import Supervisor, tell
from hub.settings import DatabaseSettings, KafkaSettings, Settings
from hub.trials.soak.faults import DISPATCHER, Fault
from hub.trials.soak.ground import Ground
from hub.trials.soak.partners.run import API, TOLD, Short, soak_on
from hub.trials.soak.run import Wish
from hub.wiring import Wiring
from tests.journeys.running import leave_nothing

pytestmark = [pytest.mark.broker, pytest.mark.database, pytest.mark.soak]

SHORT = Short([Fault("kill_api", API, 6.0), Fault("kill_dispatcher", DISPATCHER, 1.0)], agencies=7)
"""The dispatcher is killed while it tells; its endpoints then wait for the end of its lease, half a minute."""


def say(line: str) -> None:
    tell(f"soak: {line}")


@pytest.fixture
def ground(
    bootstrap: str, partners_bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path
) -> Iterator[Ground]:  # fmt: skip
    """On the run's servers: a broker of its own would cost more than all the rest."""
    kafka = KafkaSettings(bootstrap=bootstrap, partner_bootstrap=partners_bootstrap, topic_prefix=topic_prefix)
    wiring = Wiring(Settings(folder=tmp_path, kafka=kafka, database=DatabaseSettings(url=database_url), registry=("fi",)))
    wiring.make_ready()
    try:
        with Supervisor(tmp_path, say=say) as supervisor:
            yield Ground(supervisor, wiring.settings, wiring, TOLD, needs=())
        users = KafkaUsers(bootstrap, topic_prefix)
        for one in KafkaDoors(wiring).all():
            users.close(one.user)
    finally:
        leave_nothing(wiring)


@pytest.mark.timeout(300, func_only=True)
def test_every_partner_gets_what_is_its_own_on_its_channel_and_nothing_else(ground: Ground) -> None:
    """The full run is `hub soak partners`: 30 agencies, every kind of fault, the broker's and the database's too."""
    result, good = soak_on(ground, Wish(notices=110), say, SHORT)
    names = ("missing", "foreign", "order_breaks", "unaccounted", "dead_letters", "silent")
    assert {name: result[name] for name in names} == dict.fromkeys(names, 0)
    assert result["agencies"] == 7
    assert result["channels"].keys() == {"kafka", "webhook", "stream", "feed", "client"}
    assert result["faults"] == {"kill_dispatcher": 1, "kill_api": 1}
    assert result["faults_of_partners"].keys() == {"leaves", "errors", "hangs", "drops", "closed"}
    assert result["by_inbox"] > 0
    assert good
