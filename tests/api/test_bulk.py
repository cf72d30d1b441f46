"""Many notices at once: what is bad never stops what is good, and each is answered."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.bulk import MOST_IN_BATCH
from api.lines import MOST_LINES
from schemas.errors import Misconfigured, NotReady
from tests.api.conftest import Hub, a_notice, is_problem

LINES = {"Content-Type": "application/x-ndjson"}
BATCH = {"Content-Type": "application/json"}


def numbered(number: int) -> dict[str, Any]:
    return a_notice(id=f"D-{number}")


def as_lines(*notices: Any) -> bytes:
    return b"".join((item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in notices)


def results(response: Any) -> list[dict[str, Any]]:
    assert response.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in response.text.splitlines()]


def test_a_batch_is_written_whole_before_the_answer(hub: Hub, client: TestClient) -> None:
    response = client.post("/v1/notices/batch", json=[numbered(number) for number in range(MOST_IN_BATCH)])
    assert response.status_code == 202
    told = response.json()
    assert (told["accepted"], told["refused"]) == (1000, 0)
    assert [body["id"] for body in hub.bodies()] == [f"D-{number}" for number in range(1000)]
    assert len({result["receipt"] for result in told["results"]}) == 1000


def test_one_bad_notice_in_a_batch_stops_no_other(hub: Hub, client: TestClient) -> None:
    response = client.post("/v1/notices/batch", json=[numbered(0), {"kind": "nothing"}, numbered(2), 7])
    assert response.status_code == 207
    told = response.json()
    assert (told["accepted"], told["refused"]) == (2, 2)
    assert [result["problem"] is None for result in told["results"]] == [True, False, True, False]
    assert told["results"][1]["problem"]["findings"]
    assert [body["id"] for body in hub.bodies()] == ["D-0", "D-2"]


def test_the_notices_of_a_batch_travel_as_they_were_written(hub: Hub, client: TestClient) -> None:
    first = json.dumps(numbered(0), indent=2)
    second = json.dumps(a_notice(id="D-1", text='a, "b" ] } \\'))
    client.post("/v1/notices/batch", content=f" [ {first} ,\n{second}\t]\n", headers=BATCH)
    bodies = [json.loads(message.value or b"")["body"] for message in hub.publisher.messages]
    assert bodies == [first, second]


def test_a_flaw_that_parsing_would_hide_is_found_in_a_batch(client: TestClient) -> None:
    twice = json.dumps(numbered(0))[:-1] + ', "id": "D-9"}'
    huge = json.dumps(numbered(1)).replace("620", "NaN")
    told = client.post("/v1/notices/batch", content=f"[{twice},{huge}]", headers=BATCH).json()
    assert [result["problem"]["findings"][0]["rule"] for result in told["results"]] == ["duplicate-name", "not-a-number"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"{}", "not-a-list"),
        (b"", "not-a-list"),
        (b"\xef\xbb\xbf[]", "not-a-list"),
        (b"[{}", "truncated"),
        (b'["a', "truncated"),
        (b"[{}]]", "not-json"),
        (b"[{}}", "not-json"),
        (b"[" * 100_000, "too-deep"),
        (b"[" + b"0," * 1000 + b"0]", "too-many"),
    ],
)
def test_a_list_that_is_none(hub: Hub, client: TestClient, content: bytes, rule: str) -> None:
    response = client.post("/v1/notices/batch", content=content, headers=BATCH)
    assert is_problem(response, 422, "malformed")["findings"][0]["rule"] == rule
    assert hub.publisher.log == []


def test_an_empty_list_is_nothing_to_do(client: TestClient) -> None:
    response = client.post("/v1/notices/batch", json=[])
    assert (response.status_code, response.json()) == (202, {"accepted": 0, "refused": 0, "results": []})


def test_a_batch_beyond_its_size(client: TestClient) -> None:
    response = client.post("/v1/notices/batch", content=b" " * (8 * 1024 * 1024 + 1), headers=BATCH)
    is_problem(response, 413, "too-large")


def test_a_batch_while_kafka_is_away_is_refused_whole(hub: Hub, client: TestClient) -> None:
    hub.publisher.failure = NotReady("Kafka did not confirm")
    response = client.post("/v1/notices/batch", json=[numbered(0), {}])
    is_problem(response, 503, "not-ready")
    assert response.headers["retry-after"]


def test_lines_are_answered_one_by_one(hub: Hub, client: TestClient) -> None:
    content = as_lines(numbered(1), b"{not json", b"", numbered(4), {"kind": "recruitment"}, numbered(6))
    response = client.post("/v1/notices/ndjson", content=content, headers=LINES)
    assert response.status_code == 207
    told = results(response)
    assert [one["line"] for one in told] == [1, 2, 4, 5, 6]
    assert ["receipt" in one for one in told] == [True, False, True, False, True]
    assert told[1]["problem"]["code"] == "malformed"
    assert told[3]["problem"]["findings"]
    assert told[0]["status"] == f"/v1/notices/{told[0]['receipt']}"
    assert [body["id"] for body in hub.bodies()] == ["D-1", "D-4", "D-6"]


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
def test_lines_in_pieces_of_any_size(hub: Hub, client: TestClient, size: int) -> None:
    content = as_lines(*(numbered(number) for number in range(5))).replace(b"\n", b"\r\n")
    pieces = (content[at : at + size] for at in range(0, len(content), size))
    response = client.post("/v1/notices/ndjson", content=pieces, headers=LINES)
    assert response.status_code == 202
    assert len(results(response)) == len(hub.publisher.log) == 5


def test_a_last_line_without_newline_is_taken_where_it_is_whole(hub: Hub, client: TestClient) -> None:
    response = client.post("/v1/notices/ndjson", content=as_lines(numbered(1), numbered(2))[:-1], headers=LINES)
    assert response.status_code == 202
    assert len(hub.publisher.log) == 2


@pytest.mark.parametrize("cut", [2, 40, 300])
def test_a_last_line_that_was_cut_off_is_reported(hub: Hub, client: TestClient, cut: int) -> None:
    response = client.post("/v1/notices/ndjson", content=as_lines(numbered(1), numbered(2))[:-cut], headers=LINES)
    assert response.status_code == 207
    last = results(response)[-1]
    assert last["line"] == 2
    assert last["problem"]["findings"][0]["rule"] == "truncated"
    assert len(hub.publisher.log) == 1


def test_a_line_that_is_too_long_stops_no_other(hub: Hub, client: TestClient) -> None:
    long = b'{"text":"' + b"x" * 300_000 + b'"}'
    response = client.post("/v1/notices/ndjson", content=as_lines(numbered(1), long, numbered(3)), headers=LINES)
    told = results(response)
    assert told[1]["problem"]["code"] == "too-large"
    assert told[1]["problem"]["findings"][0]["rule"] == "line-too-large"
    assert len(hub.publisher.log) == 2


def test_more_lines_than_may_be_are_not_read(hub: Hub, client: TestClient) -> None:
    response = client.post("/v1/notices/ndjson", content=b"0\n" * (MOST_LINES + 50), headers=LINES)
    told = results(response)
    assert len(told) == MOST_LINES + 1
    assert told[-1]["problem"]["findings"][0]["rule"] == "too-many-lines"


def test_a_stream_while_kafka_is_away_is_refused_whole(hub: Hub, client: TestClient) -> None:
    hub.publisher.failure = NotReady("Kafka did not confirm")
    response = client.post("/v1/notices/ndjson", content=as_lines(numbered(1), numbered(2)), headers=LINES)
    is_problem(response, 503, "not-ready")
    assert response.headers["retry-after"]


def test_kafka_going_away_in_the_middle_says_which_lines_to_send_again(hub: Hub, client: TestClient) -> None:
    taken = hub.publisher.publish

    def publish_once(messages: Any) -> Any:
        places = taken(messages)
        hub.publisher.failure = NotReady("Kafka did not confirm")
        return places

    hub.publisher.publish = publish_once  # type: ignore[method-assign]
    content = as_lines(*(numbered(number) for number in range(450)))
    told = results(client.post("/v1/notices/ndjson", content=content, headers=LINES))
    assert len(told) == 450
    again = [one for one in told if "problem" in one]
    assert 0 < len(again) < 450
    assert all(one["problem"]["code"] == "not-ready" and one["problem"]["retry"] for one in again)
    assert len(hub.publisher.log) == 450 - len(again)


def test_bulk_doors_stop_while_intake_lags_and_the_single_one_does_not(hub: Hub, client: TestClient) -> None:
    hub.waiting = 50_000
    for path, headers, content in (("batch", BATCH, b"[]"), ("ndjson", LINES, b"")):
        response = client.post(f"/v1/notices/{path}", content=content, headers=headers)
        is_problem(response, 429, "too-much")
        assert int(response.headers["retry-after"]) >= 1
    assert client.post("/v1/notices", json=numbered(1)).status_code == 202


def test_a_fault_of_the_operator_is_no_details_to_the_sender(hub: Hub, client: TestClient) -> None:
    hub.publisher.failure = Misconfigured("notices.received: there is no such topic")
    response = client.post("/v1/notices", json=numbered(1))
    told = is_problem(response, 500, "misconfigured")
    assert "topic" not in response.text
    assert not told["retry"]
