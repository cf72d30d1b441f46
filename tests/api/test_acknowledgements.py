"""An agency answers a notice: the door knows whose notice it is and tells nobody; each flaw has its place."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.examples import ANSWERS
from hub.answering import Answerable
from hub.core.representing import HEADER
from schemas.errors import NotReady
from schemas.ids import acknowledgement_id_of, receipt_of
from tests.api.conftest import AGENCY, ALL, OTHER, Hub, is_problem
from tests.speaking import a_speaking_registry

RECEIPT = receipt_of(OTHER, "their-system", "D-7")
PATH = f"/v1/notices/{RECEIPT}/acknowledgements"
CLAIM = ANSWERS["claim"]
CODE = "131052-308T"


@pytest.fixture
def told(hub: Hub) -> Hub:
    """The agency was told of the first three steps of a notice of another one, but for the second."""
    hub.reading.told(AGENCY, RECEIPT, Answerable(OTHER, "their-system", "D-7", (1, 3)))
    return hub


def submission(hub: Hub) -> dict[str, Any]:
    (message,) = hub.publisher.messages
    found: dict[str, Any] = json.loads(message.value or b"")
    return found


def test_an_answer_goes_where_the_notice_went_with_the_bytes_as_they_were(client: TestClient, told: Hub) -> None:
    body = b'{ "id": "claim-1",  "answer": "claim" }'
    response = client.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 202
    taken = acknowledgement_id_of(AGENCY, RECEIPT, "claim-1")
    assert response.json() == {"acknowledgement": taken, "receipt": RECEIPT, "step": 3, "status": PATH}
    assert response.headers["location"] == PATH
    (message,) = told.publisher.messages
    assert (message.topic, message.key) == ("t.notices.received", f"{OTHER}\x1ftheir-system".encode())
    assert dict(message.headers)["ce_id"] == taken.encode()
    said = submission(told)
    assert (said["sender"], said["way"], said["body"]) == (AGENCY, "api", body.decode())
    assert said["answers"] == {"receipt": RECEIPT, "owner": OTHER, "source": "their-system", "id": "D-7", "step": 3}
    assert OTHER not in response.text, "a copy does not tell whose notice it is, and neither does this"


def test_an_answer_is_its_own_agency_s_and_nobody_s_in_whose_name_one_may_publish(anyone: TestClient, told: Hub) -> None:
    told.registry = a_speaking_registry()
    key = told.keys.issue("keha", "doer", ALL)
    response = anyone.post(PATH, json=CLAIM, headers={"Authorization": f"Bearer {key}", HEADER: AGENCY})
    assert is_problem(response, 403, "not-permitted")["findings"][0]["rule"] == "on-behalf-of"
    assert told.publisher.messages == []


@pytest.mark.parametrize("name", ANSWERS)
def test_each_example_of_the_document_is_taken_as_it_stands(client: TestClient, told: Hub, name: str) -> None:
    told.reading.told(AGENCY, RECEIPT, Answerable(OTHER, "their-system", "D-7", (1, 2)))
    assert client.post(PATH, json=ANSWERS[name]).status_code == 202
    assert submission(told)["answers"]["step"] == ANSWERS[name].get("step", 2)


def test_the_same_again_has_the_same_acknowledgement(client: TestClient, told: Hub) -> None:
    first, second = client.post(PATH, json=CLAIM).json(), client.post(PATH, json=CLAIM).json()
    assert first == second
    assert client.post(PATH, json=CLAIM | {"id": "other"}).json()["acknowledgement"] != first["acknowledgement"]


@pytest.mark.parametrize(
    ("body", "code", "place", "rule"),
    [
        ({"answer": "claim"}, "refused", "/id", "missing"),
        (CLAIM | {"answer": "maybe"}, "refused", "/answer", "literal-error"),
        ({"id": "a", "answer": "decline"}, "refused", "", "value-error"),
        (CLAIM | {"by": "Maija"}, "refused", "/by", "extra-forbidden"),
        (CLAIM | {"desk": "Maija Esimerkki"}, "refused", "/desk", "string-pattern-mismatch"),
        (CLAIM | {"step": "1"}, "refused", "/step", "int-type"),
        (CLAIM | {"step": 2}, "refused", "/step", "unknown-step"),
        (CLAIM | {"step": 4}, "refused", "/step", "unknown-step"),
        (CLAIM | {"reason": f"Kysy: {CODE}"}, "personal-code", "/reason", "personal-code"),
        (CLAIM | {"id": CODE}, "personal-code", "/id", "personal-code"),
        ([CLAIM], "malformed", "", "not-an-object"),
    ],
)
def test_a_flaw_is_named_with_its_place_and_nothing_is_written(
    client: TestClient, told: Hub, body: Any, code: str, place: str, rule: str
) -> None:
    response = client.post(PATH, json=body)
    problem = is_problem(response, 422, code)
    assert [(found["place"], found["rule"]) for found in problem["findings"]] == [(place, rule)]
    assert told.publisher.messages == []
    assert CODE not in response.text
    assert "Maija" not in response.text


def test_who_was_not_told_finds_nothing_and_the_sender_that_was_not_told_hears_why(client: TestClient, hub: Hub) -> None:
    problem = is_problem(client.post(PATH, json=CLAIM), 404, "unknown")
    assert problem["retry"] is True
    step = {"receipt": RECEIPT, "step": 1, "kind": "downsizing", "employer_key": "k", "received_at": "2026-01-01T00:00:00Z"}
    hub.reading.show(AGENCY, step)
    is_problem(client.post(PATH, json=CLAIM), 403, "not-permitted")
    assert hub.publisher.messages == []


def test_a_key_that_only_reads_answers_nothing(client: TestClient, told: Hub) -> None:
    headers = told.headers(scopes=frozenset({"read"}))
    is_problem(client.post(PATH, json=CLAIM, headers=headers), 403, "not-permitted")
    is_problem(client.get(PATH, headers=told.headers(scopes=frozenset({"publish"}))), 403, "not-permitted")


def test_a_broker_that_is_away_is_told_so(client: TestClient, told: Hub) -> None:
    told.publisher.failure = NotReady("the broker is away")
    is_problem(client.post(PATH, json=CLAIM), 503, "not-ready")


def test_an_answer_is_no_notice_at_the_doors_of_notices(client: TestClient, told: Hub) -> None:
    is_problem(client.post("/v1/notices", json=CLAIM), 422, "refused")
    assert told.publisher.messages == []


def test_what_was_said_is_shown_to_whom_it_is_for(client: TestClient, told: Hub) -> None:
    listing = {"state": "claimed", "held_by": [AGENCY], "done_by": [], "declined_by": [], "answers": [], "told": []}
    told.reading.said_of(AGENCY, RECEIPT, listing)
    assert client.get(PATH).json() == {"receipt": RECEIPT} | listing
    is_problem(client.get(PATH, headers=told.headers(OTHER)), 404, "unknown")
    is_problem(client.get(PATH.replace(RECEIPT, "no-receipt")), 404, "no-such-page")
