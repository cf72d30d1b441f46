"""In another agency's name, through every process: by the API and by the agency's own inbox."""

import pytest

from schemas.topics import inbox
from tests.builders import body_of
from tests.journeys.running import Hub, development
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]


def test_keha_publishes_for_a_centre_and_both_see_what_became_of_it(hub: Hub) -> None:
    notice = development("for-the-centre")
    answer = hub.ask("keha", "POST", "/v1/notices", json=notice, headers={"On-Behalf-Of": "evk-04"})
    receipt = answer.json()["receipt"]
    assert receipt == hub.post("evk-04", notice), "a repeat by the centre itself"
    assert hub.copy("ta-39", receipt)
    hub.settle()
    for agency in ("keha", "evk-04"):
        stages = hub.get(agency, f"/v1/notices/{receipt}/trace")["stages"]
        assert [stage["sent_by"] for stage in stages if stage["stage"] == "accepted"] == ["keha"]
        seen = hub.get(agency, f"/v1/notices/{receipt}")
        assert (seen["sender"], seen["sent_by"], seen["notice"]["id"]) == ("evk-04", "keha", "for-the-centre")
    assert hub.ask("evk-03", "GET", f"/v1/notices/{receipt}/trace").status_code == 404


def test_an_inbox_message_of_another_agency_s_identity_is_refused_unless_the_registry_allows_it(hub: Hub) -> None:
    named = {"on_behalf_of": "evk-04"}
    hub.put(inbox("keha"), body_of(development("by-inbox", **named)))
    hub.put(inbox("ta-39"), body_of(development("not-by-inbox", **named)))
    refused = hub.refusal("ta-39", "not-by-inbox")
    assert [(finding["rule"], finding["place"]) for finding in refused["findings"]] == [("on-behalf-of", "/on_behalf_of")]
    accepted = until(lambda: hub.get("evk-04", "/v1/notices?text=by-inbox")["items"], "the notice of the inbox")
    assert [(item["sender"], item["sent_by"]) for item in accepted] == [("evk-04", "keha")]
    assert not [item for item in hub.get("evk-04", "/v1/refused?limit=200")["items"] if item["id"] == "not-by-inbox"]
