"""What must not get in: refused at the door or after it, with a reason that its sender can read, while the others go on."""

import json
import re
from typing import Any

import pytest

from connectors.store.views import dump_view
from hub.core.masking import mask
from schemas import topics
from schemas.ids import receipt_of
from schemas.messages import Submission
from schemas.topics import EVENTS, RECEIVED, REFUSED, ROUTED, inbox, outbox
from tests.builders import body_of
from tests.journeys.running import Hub, days_ago, development, downsizing, recruitment

pytestmark = [pytest.mark.broker, pytest.mark.database]
CODE = "131052-308T"

LATER: list[tuple[str, dict[str, Any], str, str]] = [
    ("no such municipality", {"workplaces": [{"area": "fi:kunta:999"}]}, "/workplaces/0/area", "unknown-area"),
    ("a municipality without its zeros", {"workplaces": [{"area": "fi:kunta:5"}]}, "/workplaces/0/area", "unknown-area"),
    ("a merged municipality", {"workplaces": [{"area": "fi:kunta:099"}]}, "/workplaces/0/area", "merged-area"),
    ("done in a week", {"noted_on": days_ago(-7)}, "/noted_on", "in-the-future"),
    ("no such need", {"needs": [{"code": "N_MAGIC"}]}, "/needs/0/code", "unknown-need"),
]


@pytest.mark.parametrize(("changes", "place", "rule"), [row[1:] for row in LATER], ids=[row[0] for row in LATER])
def test_what_only_the_registry_or_the_day_shows_is_refused_after_the_door(
    hub: Hub, changes: dict[str, Any], place: str, rule: str
) -> None:
    receipt = hub.post("ta-39", recruitment(f"later-{rule}{place}-{len(str(changes))}", **changes))
    refused = hub.refusal("ta-39", f"later-{rule}{place}-{len(str(changes))}")
    assert [(finding["place"], finding["rule"]) for finding in refused["findings"]] == [(place, rule)]
    assert refused["receipt"] == receipt
    assert hub.get("ta-39", f"/v1/notices/{receipt}/trace")["stages"][-1]["stage"] == "refused"
    assert hub.outbox("ta-39", receipt) == []


def test_a_merged_municipality_is_named_with_the_one_that_it_is_today(hub: Hub) -> None:
    hub.post("ta-39", recruitment("merged-named", workplaces=[{"area": "fi:kunta:099"}]))
    assert "fi:kunta:214" in hub.refusal("ta-39", "merged-named")["findings"][0]["message"]


BODIES: dict[str, tuple[bytes, str]] = {
    "a wrong check digit": (body_of(recruitment("x", employer={"business_id": "9000001-2"})), "refused"),
    "reversed days": (body_of(downsizing("x", proposal_given_on=days_ago(1), talks_start_on=days_ago(5))), "refused"),
    "a naive time": (body_of(recruitment("x", access={"level": "embargoed", "until": "2099-01-01T08:00:00"})), "refused"),
    "an impossible day": (body_of(recruitment("x", starts_on="2099-02-30")), "refused"),
    "another kind's field": (body_of(recruitment("x", stage="decision")), "refused"),
    "a personal code": (body_of(recruitment("x", text=f"Matti, {CODE}")), "personal-code"),
    "empty": (b"", "malformed"),
    "too large": (body_of(recruitment("x", text="x" * 240_000)).ljust(262_145), "malformed"),
    "truncated": (body_of(recruitment("x"))[:-9], "malformed"),
    "a byte order mark": ("\ufeff".encode() + body_of(recruitment("x")), "malformed"),
    "not a number": (body_of(recruitment("x")).replace(b'"posts": 40', b'"posts": NaN'), "malformed"),
    "a name twice": (body_of(recruitment("x"))[:-1] + b', "id": "y"}', "malformed"),
    "100,000 levels": (b"[" * 100_000, "malformed"),
    "a null byte": (body_of(recruitment("x")).replace(b"Hitsaaja", b"Hit\x00saaja"), "malformed"),
    "an escaped null": (body_of(recruitment("x")).replace(b"Hitsaaja", b"Hit\\u0000saaja"), "malformed"),
}
BYTES = [None, b"", b"\x00", b"{", b"[]", b"null", b"\xff\xfe", "Jämsä".encode("latin-1"), b"[" * 100_000, b'{"sender":"ta-39"}']


def test_whatever_is_put_at_the_door_by_hand_is_refused_while_real_notices_go_through(hub: Hub) -> None:
    """Round the API, so that intake itself has to say no; each refusal can be read, and costs nobody else anything."""
    receipts = []
    for number, (body, _) in enumerate(BODIES.values()):
        said = Submission(sender="ta-09", way="file", body=body.decode())
        hub.put(RECEIVED, said.model_dump_json().encode(), key=b"bodies")
        receipts.append(hub.post("ta-39", recruitment(f"beside-{number}")))
    for value in BYTES:
        hub.put(RECEIVED, value, key=b"bytes")
    for receipt in receipts:
        assert hub.copy("ta-39", receipt)
    hub.settle()
    told = [item["code"] for item in hub.get("ta-09", "/v1/refused?limit=200")["items"]]
    assert sorted(told) == sorted(code for _, code in BODIES.values())
    refused = [json.loads(record.value() or b"") for record in hub.records(REFUSED) if record.key() == b"bytes"]
    assert [(one["sender"], one["code"]) for one in refused] == [(None, "malformed")] * len(BYTES)
    letters = [letter["hub-by"] for letter in hub.letters() if letter["hub-topic"].endswith(RECEIVED.name)]
    assert letters.count("intake") == len(BYTES)


def test_whatever_is_put_into_the_history_by_hand_is_a_dead_letter_while_real_notices_go_through(hub: Hub) -> None:
    receipts = []
    for number, value in enumerate(BYTES):
        hub.put(EVENTS, value)
        hub.put(ROUTED, value)
        receipts.append(hub.post("ta-39", downsizing(f"through-{number}")))
    for receipt in receipts:
        assert hub.copy("ta-39", receipt)
        assert hub.alert("ta-39", receipt)
    hub.settle()
    letters = [letter["hub-by"] for letter in hub.letters()]
    for agent in ("cases", "routing", "enrichment"):
        assert letters.count(agent) == len(BYTES)


ODD = [("partner", b"\xc3\x28"), ("trace", None), ("twice", b"1"), ("twice", b"2"), ("content-type", b"text/plain")]


def test_odd_headers_cost_no_notice(hub: Hub) -> None:
    """Bytes that are no text, a header without a value, one that stands twice: at both doors that are topics."""
    said = Submission(sender="ta-39", way="file", body=body_of(recruitment("odd-headers-1")).decode())
    hub.put(RECEIVED, said.model_dump_json().encode(), headers=ODD)
    hub.put(inbox("ta-39"), body_of(recruitment("odd-headers-2")), headers=ODD)
    for number in (1, 2):
        assert hub.copy("ta-39", receipt_of("ta-39", "rekry/tampere", f"odd-headers-{number}"))


def test_a_personal_code_stands_nowhere_in_the_hub(hub: Hub) -> None:
    """Neither one that the API refused nor one that came round it: in no topic, view or log."""
    refused = hub.ask("ta-39", "POST", "/v1/notices", json=development("with-code", text=CODE))
    assert (refused.status_code, refused.json()["code"]) == (422, "personal-code")
    said = Submission(sender="ta-39", way="file", body=body_of(development("round-the-api", text=CODE)).decode())
    hub.put(RECEIVED, said.model_dump_json().encode())
    hub.put(EVENTS, f"no message, but {CODE}".encode())
    assert hub.refusal("ta-39", "round-the-api")["code"] == "personal-code"
    hub.settle()
    watched = (*(topic for topic in topics.FIXED if topic not in (RECEIVED, EVENTS)), outbox("ta-39"), outbox("evk-04"))
    assert [record.topic() for record in hub.records(*watched) if holds_a_code(record.value())] == []
    assert CODE not in str(dump_view(hub.wiring.engine, hub.wiring.schemas))
    assert CODE not in hub.logs()
    assert any("[personal code removed]" in letter["value"] for letter in hub.letters())


def holds_a_code(value: bytes | None) -> bool:
    text = (value or b"").decode("utf-8", "replace")
    return mask(text) != text


PUBLIC = {"/livez", "/readyz", "/metrics"}
"""Open on the machine itself; what they tell elsewhere is tested in tests/api."""


def test_every_documented_operation_of_the_running_api_needs_a_key(hub: Hub) -> None:
    document = hub.ask(None, "GET", "/openapi.json").json()
    asked = [(method, path) for path, methods in document["paths"].items() for method in methods]
    assert len(asked) >= 11
    for method, path in asked:
        address = re.sub(r"\{\w+\}", "0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10", path)
        wanted = 200 if path in PUBLIC else 401
        assert hub.ask(None, method.upper(), address).status_code == wanted, path
