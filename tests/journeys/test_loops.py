"""What the hub has told comes back to its door: by an agency's own system, and by a mirror of its outbox."""

import json
from typing import Any

import pytest
from confluent_kafka import Message

from schemas.topics import RECEIVED, inbox, outbox
from tests.journeys.running import Hub, downsizing
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
TOLD = ("ta-39", "evk-04")


def records_of(hub: Hub, agency: str, receipt: str) -> list[Message]:
    """What stands about the notice in the agency's outbox on Kafka."""
    return [record for record in hub.records(outbox(agency)) if receipt.encode() in (record.value() or b"")]


def in_one_body(record: Message) -> dict[str, Any]:
    """The event as an endpoint is told it."""
    attributes = {name.removeprefix("ce_"): (value or b"").decode() for name, value in record.headers() or ()}
    kind = attributes.pop("content-type", "application/json")
    return attributes | {"datacontenttype": kind, "data": json.loads(record.value() or b"")}


def told(hub: Hub, receipt: str) -> dict[str, list[dict[str, Any]]]:
    hub.settle()
    return {agency: hub.outbox(agency, receipt) for agency in TOLD}


def a_notice_that_was_told(hub: Hub, id: str) -> str:
    receipt = hub.post("ta-39", downsizing(id))
    hub.copy("ta-39", receipt)
    hub.copy("evk-04", receipt)
    hub.alert("ta-39", receipt)
    return receipt


def test_an_event_that_is_sent_on_to_the_hub_s_own_door_is_refused(hub: Hub) -> None:
    receipt = a_notice_that_was_told(hub, "sent-on")
    before, events = told(hub, receipt), records_of(hub, "ta-39", receipt)
    assert len(events) == 2, "the copy and the alert"
    taken = len(hub.records(RECEIVED))
    for event in map(in_one_body, events):
        for content, media in ((event, "application/cloudevents+json"), (event["data"], "application/json")):
            headers = {"Content-Type": media}
            answer = hub.ask("ta-39", "POST", "/v1/notices", content=json.dumps(content), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (422, "refused"), answer.text
    assert told(hub, receipt) == before
    assert len(hub.records(RECEIVED)) == taken


def test_a_notice_that_two_agencies_take_out_of_its_copy_and_send_again_goes_round_once(hub: Hub) -> None:
    receipt = a_notice_that_was_told(hub, "taken-out")
    before = told(hub, receipt)
    assert hub.post("ta-39", hub.copy("ta-39", receipt)["data"]["notice"]) == receipt, "its own: a repeat"
    assert told(hub, receipt) == before
    second = hub.post("evk-04", hub.copy("evk-04", receipt)["data"]["notice"])
    assert second != receipt, "in another agency's name it is another notice"
    back = hub.copy("ta-39", second)["data"]["notice"]
    once = told(hub, second)
    assert hub.post("evk-04", back) == second, "the other one's: a repeat"
    assert hub.post("ta-39", back) == receipt, "and back to the first"
    assert (told(hub, receipt), told(hub, second)) == (before, once)


def test_a_mirror_of_an_outbox_into_the_inbox_brings_nothing_but_refusals(hub: Hub) -> None:
    receipt = a_notice_that_was_told(hub, "mirrored")
    before, events = told(hub, receipt), records_of(hub, "ta-39", receipt)
    taken, refused = len(hub.records(RECEIVED)), len(hub.refusals("ta-39"))
    for event in events:
        hub.put(inbox("ta-39"), event.value(), event.key() or b"", event.headers())
    until(lambda: len(hub.refusals("ta-39")) >= refused + len(events), "their refusals")
    assert told(hub, receipt) == before
    assert len(hub.records(RECEIVED)) == taken
