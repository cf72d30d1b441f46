"""The dispatcher on a real broker: of each alert that no endpoint is told of it tells once, and goes on where it was."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from confluent_kafka import Producer
from structlog.testing import capture_logs

from connectors.outbound.topics import apply_topics
from hub.dispatch.following import Following
from hub.dispatching import waiting
from hub.settings import KafkaSettings, Settings
from hub.wiring import Wiring
from schemas.errors import NotReady
from schemas.topics import ALERTS, outbox
from schemas.wire import event, type_of
from tests.builders import AT
from tests.hub.dispatch.test_due import alert

pytestmark = pytest.mark.broker
DUE = "an alert is due, and its agency has no endpoint"


@pytest.fixture
def prefix(bootstrap: str, topic_prefix: str) -> str:
    made = f"{topic_prefix}{os.getpid()}."
    apply_topics(bootstrap, [replace(ALERTS, partitions=2), outbox("ta-39")], made)
    return made


def say(bootstrap: str, prefix: str, *events: str) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for name in events:
        data = alert("ta-39", name)
        message = event("", "fi:9000000-3", data, id=name, type=type_of("alert"), source="urn:hub", time=AT)
        for topic in (ALERTS, outbox("ta-39")):
            producer.produce(prefix + topic.name, message.value, message.key, headers=list(message.headers))
    producer.produce(prefix + ALERTS.name, b"by hand")
    assert producer.flush(30) == 0


def told(bootstrap: str, prefix: str, wanted: int, reached: Callable[[str], bool] = lambda agency: False) -> list[str]:
    """The events of which a dispatcher tells until it has seen so many records."""
    following = Following(bootstrap, prefix, reached)
    with capture_logs() as lines:
        for _ in range(60):
            if following.told == wanted:
                break
            following.step()
    following.close()
    assert following.told == wanted
    return sorted(line["event_id"] for line in lines if line["event"] == DUE)


def test_it_tells_of_each_alert_and_goes_on_where_it_was(bootstrap: str, prefix: str) -> None:
    say(bootstrap, prefix, "a", "b")
    assert told(bootstrap, prefix, 3) == ["a", "b"]
    say(bootstrap, prefix, "c")
    assert told(bootstrap, prefix, 2) == ["c"]


def test_an_alert_whose_agency_has_an_endpoint_is_not_told_of(bootstrap: str, prefix: str) -> None:
    def away(agency: str) -> bool:
        raise NotReady("the database is away")

    say(bootstrap, prefix, "a")
    assert told(bootstrap, prefix, 2, lambda agency: agency == "ta-39") == []
    say(bootstrap, prefix, "b")
    assert told(bootstrap, prefix, 2, away) == ["b"], "rather once too often"


def test_what_it_has_told_of_waits_as_before_since_nothing_was_sent(bootstrap: str, prefix: str) -> None:
    say(bootstrap, prefix, "a", "b")
    told(bootstrap, prefix, 3)
    settings = Settings(kafka=KafkaSettings(bootstrap=bootstrap, topic_prefix=prefix))
    assert [due.row() for due in waiting(Wiring(settings)).due()] == [
        {
            "agency": "ta-39",
            "outbox": {"first": 0, "end": 2, "records": 2},
            "alerts_due": 2,
            "oldest_alert": AT.isoformat(),
        }
    ]
