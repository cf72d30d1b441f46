"""Parts of a running hub go away and come back: what does not need them goes on, and nothing is lost."""

from datetime import date

import pytest

from connectors.outbound.topics import apply_topics
from hub.letters import letters, resend
from schemas.topics import ALERTS, outbox
from tests.journeys.running import Hub, downsizing, recruitment
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]
TODAY = date.today()  # noqa: DTZ011 - any day near today will do


def test_an_alert_leaves_while_routing_and_enrichment_are_dead_and_the_notice_follows(hub: Hub) -> None:
    with hub.without_back():
        receipt = hub.post("ta-39", downsizing("no-back"))
        alert = hub.alert("ta-39", receipt)
        assert alert["id"] in [dict(record.headers() or ())["ce_id"].decode() for record in hub.records(ALERTS)]
        assert [item["id"] for item in hub.outbox("ta-39", receipt)] == [alert["id"]]
        assert hub.outbox("evk-04", receipt) == []
    assert hub.copy("ta-39", receipt)["data"]["offerings"]
    assert hub.copy("evk-04", receipt)
    hub.settle()
    assert len(hub.outbox("ta-39", receipt)) == 2


def test_a_topic_that_vanished_costs_its_agency_alone_and_works_again_when_it_is_made_anew(hub: Hub) -> None:
    topic = outbox("takk")
    before = hub.post("ta-39", recruitment("vanishing-0"))
    assert hub.copy("takk", before)
    hub.remove(topic)
    gone = [hub.post("ta-39", recruitment(f"vanishing-{number}")) for number in (1, 2)]
    for receipt in gone:
        assert hub.copy("ta-39", receipt)
        assert hub.copy("tredu", receipt)
    hub.settle()
    assert lost_of(hub, gone) == set(gone)
    kept = len(hub.letters())
    assert [resend(hub.wiring, TODAY).sent for _ in range(3)] == [0, 0, 0]
    assert len(hub.letters()) == kept, "as long as nothing is mended, sending again adds nothing"
    apply_topics(hub.wiring.bootstrap, [topic], hub.wiring.prefix)
    tried = list[str]()

    def arrived() -> bool:
        """The worker learns of the new topic after a moment; until then its copies are dead letters still."""
        tried.append(hub.post("ta-39", recruitment(f"made-anew-{len(tried)}")))
        hub.settle()
        return bool(hub.outbox("takk", tried[-1]))

    until(arrived, "a copy in the topic made anew")
    assert lost_of(hub, tried) == set(tried[:-1])
    assert [item["receipt"] for item in hub.get("takk", "/v1/outbox")["items"]] == tried[-1:]
    missed = {*gone, *tried[:-1]}
    assert {letter.event_id for letter in letters(hub.wiring) if letter.topic == topic.name}
    again = resend(hub.wiring, TODAY)
    assert (again.sent, resend(hub.wiring, TODAY).there) == (len(missed), len(missed))
    hub.settle()
    assert {item["receipt"] for item in hub.get("takk", "/v1/outbox")["items"]} == missed | {tried[-1]}


def lost_of(hub: Hub, receipts: list[str]) -> set[str]:
    """Of these notices, those of which a copy is a dead letter for want of its topic."""
    vanished = [letter["value"] for letter in hub.letters() if letter["hub-code"] == "topic-vanished"]
    return {receipt for receipt in receipts if any(receipt in value for value in vanished)}
