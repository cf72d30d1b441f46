"""In another agency's name: where the registry lets it, on every way in; else an answer that says what to do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.examples import CHANGES, enveloped
from schemas.ids import receipt_of
from schemas.messages import Submission
from schemas.wire import read
from tests.api.conftest import AGENCY, Hub, a_notice, is_problem
from tests.speaking import a_speaking_registry

DOER = "keha"
NAMED = {"On-Behalf-Of": AGENCY}


@pytest.fixture
def hub() -> Hub:
    return Hub(registry=a_speaking_registry())


@pytest.fixture
def keha(hub: Hub) -> TestClient:
    return TestClient(hub.app, headers=hub.headers(DOER, frozenset({"publish", "read"})))


def submissions(hub: Hub) -> list[Submission]:
    return [read(Submission, message.value, message.headers) for message in hub.publisher.messages]


def one(client: TestClient, body: dict[str, Any], headers: dict[str, str]) -> str:
    answer = client.post("/v1/notices", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["receipt"])


def in_list(client: TestClient, body: dict[str, Any], headers: dict[str, str]) -> str:
    return str(client.post("/v1/notices/batch", json=[body], headers=headers).json()["results"][0]["receipt"])


def on_lines(client: TestClient, body: dict[str, Any], headers: dict[str, str]) -> str:
    told = headers | {"Content-Type": "application/x-ndjson"}
    return str(client.post("/v1/notices/ndjson", content=json.dumps(body) + "\n", headers=told).json()["receipt"])


def in_event(client: TestClient, body: dict[str, Any], headers: dict[str, str]) -> str:
    told = headers | {"Content-Type": "application/cloudevents+json"}
    return str(client.post("/v1/notices", content=json.dumps(enveloped(body)), headers=told).json()["receipt"])


Way = Callable[[TestClient, dict[str, Any], dict[str, str]], str]
WAYS = pytest.mark.parametrize("way", [one, in_list, on_lines, in_event])


@WAYS
@pytest.mark.parametrize("headers", [NAMED, {}], ids=["a header", "the body"])
def test_it_has_the_receipt_of_the_agency_in_whose_name_it_is(
    hub: Hub, keha: TestClient, client: TestClient, way: Way, headers: dict[str, str]
) -> None:
    receipt = way(keha, a_notice() if headers else a_notice(on_behalf_of=AGENCY), headers)
    assert receipt == one(client, a_notice(), {}) == receipt_of(AGENCY, a_notice()["source"], a_notice()["id"])
    first, own = submissions(hub)
    assert (first.sender, first.on_behalf_of) == (DOER, AGENCY)
    assert (own.sender, own.on_behalf_of) == (AGENCY, None)
    assert len({message.key for message in hub.publisher.messages}) == 1, "one partition of intake has both"


@pytest.mark.parametrize("change", CHANGES)
def test_changes_too(hub: Hub, keha: TestClient, client: TestClient, change: str) -> None:
    assert one(keha, CHANGES[change], NAMED) == one(client, CHANGES[change], {})
    assert len({message.key for message in hub.publisher.messages}) == 1


def test_the_source_of_a_cloudevent_may_name_the_agency(hub: Hub, keha: TestClient) -> None:
    body = enveloped(a_notice()) | {"source": f"urn:employersituation:agency:{AGENCY}"}
    headers = {"Content-Type": "application/cloudevents+json"}
    assert keha.post("/v1/notices", content=json.dumps(body), headers=headers).status_code == 202
    assert submissions(hub)[0].on_behalf_of == AGENCY


@pytest.mark.parametrize(
    ("body", "headers", "place"),
    [
        (a_notice(), {"On-Behalf-Of": "evk-04"}, ""),
        (a_notice(), {"On-Behalf-Of": "nobody"}, ""),
        (a_notice(on_behalf_of="evk-04"), {}, "/on_behalf_of"),
        (CHANGES["correction"] | {"notice": a_notice(on_behalf_of="evk-04")}, {}, "/notice/on_behalf_of"),
    ],
)
def test_whom_the_registry_does_not_let_is_told_what_to_do(
    hub: Hub, body: dict[str, Any], headers: dict[str, str], place: str
) -> None:
    """KEHA may publish for evk-04; Helsinki may not."""
    client = TestClient(hub.app, headers=hub.headers("ta-08"))
    told = is_problem(client.post("/v1/notices", json=body, headers=headers), 403, "not-permitted")
    (finding,) = told["findings"]
    assert (finding["rule"], finding["place"]) == ("on-behalf-of", place)
    assert "ask the operator" in finding["message"]
    assert hub.publisher.messages == []


def test_of_many_only_those_are_refused_that_may_not_be_said(hub: Hub, keha: TestClient) -> None:
    bodies = [a_notice(id="1"), a_notice(id="2", on_behalf_of=AGENCY), a_notice(id="3", on_behalf_of="ta-08")]
    answer = keha.post("/v1/notices/batch", json=bodies)
    assert [entry["problem"] and entry["problem"]["code"] for entry in answer.json()["results"]] == [None, None, "not-permitted"]
    lines = "".join(json.dumps(body) + "\n" for body in bodies)
    answer = keha.post("/v1/notices/ndjson", content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert [json.loads(line).get("problem", {}).get("status") for line in answer.text.splitlines()] == [None, None, 403]
    assert [said.on_behalf_of for said in submissions(hub)] == [None, AGENCY] * 2


@WAYS
def test_two_different_names_are_refused(hub: Hub, keha: TestClient, way: Way) -> None:
    with pytest.raises((AssertionError, KeyError)):
        assert way(keha, a_notice(on_behalf_of="evk-04"), NAMED) != "None"
    assert hub.publisher.messages == []


def test_the_header_is_sent_once_and_holds_an_agency(hub: Hub, keha: TestClient) -> None:
    twice = keha.post("/v1/notices", json=a_notice(), headers=[("On-Behalf-Of", AGENCY), ("On-Behalf-Of", "evk-04")])
    is_problem(twice, 403, "not-permitted")
    told = is_problem(keha.post("/v1/notices", json=a_notice(), headers={"On-Behalf-Of": "TA-39"}), 422, "invalid-request")
    assert told["findings"][0]["place"] == "/header/On-Behalf-Of"
    assert hub.publisher.messages == []


def test_who_names_itself_speaks_for_itself(hub: Hub, client: TestClient) -> None:
    one(client, a_notice(on_behalf_of=AGENCY), NAMED)
    assert submissions(hub)[0].on_behalf_of is None


def test_where_nobody_knows_the_registry_nobody_speaks_for_another(hub: Hub, keha: TestClient) -> None:
    hub.app.state.parts.door._acting = None
    is_problem(keha.post("/v1/notices", json=a_notice(on_behalf_of=AGENCY)), 403, "not-permitted")
