"""The OpenAPI document is valid, complete and true; its page needs nothing from elsewhere."""

import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from api.answers import EXAMPLE_RECEIPT
from api.examples import NOTICES
from hub.answering import Answerable
from hub.core.admission import read_notice
from tests.api.conftest import AGENCY, Hub


@pytest.fixture
def document(hub: Hub) -> dict[str, Any]:
    return hub.app.openapi()


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(json.loads(json.dumps(document)))


def test_operations_have_names_and_explanations(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(document)]
    assert len(names) == len(set(names))
    for operation in operations(document):
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"])
        assert operation["summary"]
        assert operation["description"]
        for answer in operation["responses"].values():
            assert answer["description"]


def test_every_error_in_the_document_is_a_problem_with_an_example(document: dict[str, Any]) -> None:
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")) and operation["operationId"] != "is_ready":
                content = answer["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert content["example"]["status"] == int(status)
            if status in ("429", "503") and operation["operationId"] != "is_ready":
                assert "Retry-After" in answer["headers"]


@pytest.mark.parametrize("kind", NOTICES)
def test_the_examples_may_be_sent_as_they_stand(document: dict[str, Any], kind: str) -> None:
    content = document["paths"]["/v1/notices"]["post"]["requestBody"]["content"]["application/json"]
    example = content["examples"][kind]["value"]
    assert read_notice(json.dumps(example).encode()).kind == kind
    assert example["employer"]["business_id"] in ("9000000-3", "9543210-4")


def test_the_examples_of_all_bodies_are_taken(hub: Hub, client: TestClient, document: dict[str, Any]) -> None:
    hub.reading.told(AGENCY, EXAMPLE_RECEIPT, Answerable("ta-08", "source", "id", (1, 2)))
    endpoint = hub.endpoints.add(AGENCY, "https://agency.example/replayed", "structured")[0].id
    for path, methods in document["paths"].items():
        for media, content in methods.get("post", {}).get("requestBody", {}).get("content", {}).items():
            for example in [one["value"] for one in content.get("examples", {}).values()] or [content["example"]]:
                text = example if isinstance(example, str) else json.dumps(example)
                where = path.format(receipt=EXAMPLE_RECEIPT, endpoint=endpoint)
                response = client.post(where, content=text.encode(), headers={"Content-Type": media})
                assert response.status_code in (200, 201, 202), (path, media, response.text)


def test_the_page_of_operations_needs_nothing_from_elsewhere(anyone: TestClient, document: dict[str, Any]) -> None:
    page = anyone.get("/docs")
    assert page.status_code == 200
    for operation in operations(document):
        assert operation["operationId"] in page.text
    assert "<script" not in page.text
    assert not re.search(r"(src|href)=\"(https?:)?//", page.text)
    assert "9543210-4" in page.text


def test_the_index_says_where_everything_is(anyone: TestClient) -> None:
    told = anyone.get("/").json()
    for address in ("/docs", "/openapi.json", "/problems", "/livez", "/readyz"):
        assert address in told["addresses"]
        assert anyone.get(address).status_code == 200
    page = anyone.get("/", headers={"Accept": "text/html"}).text
    assert 'href="/docs"' in page


def test_behind_a_proxy_the_addresses_begin_with_its_path(hub: Hub) -> None:
    with TestClient(hub.app, root_path="/hub", headers={"Authorization": f"Bearer {hub.key}"}) as client:
        response = client.post("/v1/notices", json=NOTICES["recruitment"])
        assert response.headers["location"].startswith("/hub/v1/notices/")
        assert "/hub/docs" in client.get("/").json()["addresses"]


FUZZED = Hub()
HEADERS = {"Authorization": f"Bearer {FUZZED.key}"}


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(lines=st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=20), ended=st.booleans())
def test_any_lines_are_answered_each_once(lines: list[bytes], ended: bool) -> None:
    """Lines that are none of the texts a generator thinks of (tests/contracts/test_openapi.py)."""
    content = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    headers = HEADERS | {"Content-Type": "application/x-ndjson"}
    response = TestClient(FUZZED.app).post("/v1/notices/ndjson", content=content, headers=headers)
    wanted = [number for number, line in enumerate(lines, 1) if line.strip(b" \t\r")]
    assert [json.loads(line)["line"] for line in response.text.splitlines()] == wanted
    assert response.status_code == (207 if wanted else 202)
