"""Publishing through the client: safe to repeat, clear when refused, patient where waiting helps and nowhere else."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.examples import CHANGES, NOTICES
from connectors.client import HubClient, HubProblem, NotLetIn, Refused, Unreachable
from hub.answering import Answerable
from schemas.errors import NotReady
from schemas.notice import NOTICE
from tests.api.conftest import AGENCY, OTHER, Hub, a_notice
from tests.api.served import Served, served
from tests.connectors.client.helping import Asked, answering

ROOT = Path(__file__).parents[3]


@pytest.fixture
def asked(hub: Hub) -> Asked:
    return Asked(hub)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def running(hub: Hub, asked: Asked) -> Iterator[Served]:
    with served(hub) as running:
        yield running


@pytest.fixture
def client(hub: Hub, running: Served) -> Iterator[HubClient]:
    with HubClient(running.url, hub.key) as client:
        yield client


@pytest.mark.parametrize("said", (NOTICES | CHANGES).values(), ids=(NOTICES | CHANGES).keys())
def test_what_may_be_said_gets_its_receipt_and_the_same_one_again(client: HubClient, hub: Hub, said: dict[str, Any]) -> None:
    receipt = client.publish(said)
    assert re.fullmatch(r"[0-9a-f-]{36}", str(receipt))
    assert receipt.status == f"/v1/notices/{receipt}"
    assert client.publish(said) == receipt
    assert hub.bodies() == [said, said]


def test_an_answer_gets_its_acknowledgement_and_the_same_one_again(client: HubClient, hub: Hub) -> None:
    receipt = "0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10"
    hub.reading.told(AGENCY, receipt, Answerable(OTHER, "source", "id", (1, 2)))
    taken = client.acknowledge(receipt, "claim", "a-1", desk="line-1", step=1)
    assert (taken.receipt, taken.step) == (receipt, 1)
    assert client.acknowledge(receipt, "claim", "a-1", desk="line-1", step=1) == taken
    assert hub.bodies()[0] == {"id": "a-1", "answer": "claim", "desk": "line-1", "step": 1}
    with pytest.raises(Refused) as refused:
        client.acknowledge(receipt, "decline", "a-2")
    assert "reason" in refused.value.findings[0].message
    assert client.acknowledgements(receipt) is None
    hub.reading.said_of(AGENCY, receipt, {"state": "claimed"})
    assert client.acknowledgements(receipt) == {"receipt": receipt, "state": "claimed"}


def test_a_notice_may_be_text_bytes_or_a_model(client: HubClient) -> None:
    notice = a_notice("recruitment")
    text = json.dumps(notice)
    receipts = {client.publish(said) for said in (notice, text, text.encode(), NOTICE.validate_json(text))}
    assert len(receipts) == 1


def test_a_refusal_holds_every_field_of_the_problem(client: HubClient, hub: Hub) -> None:
    with pytest.raises(Refused) as caught:
        client.publish(a_notice(employer={"business_id": "9000000-4"}, kind="downsizing", stage="soon"))
    told = caught.value
    assert (told.status, told.code, told.retry) == (422, "refused", False)
    assert {finding.place for finding in told.findings} == {"/employer/business_id", "/stage"}
    assert all(finding.rule and finding.message and finding.message in str(told) for finding in told.findings)
    assert told.title
    assert told.advice
    assert re.fullmatch("[0-9a-f]{32}", str(told.trace_id))
    assert hub.publisher.messages == []


def test_a_personal_code_is_refused_and_not_repeated_in_the_error(client: HubClient) -> None:
    with pytest.raises(Refused) as caught:
        client.publish(a_notice(text="131052-308T"))
    assert caught.value.code == "personal-code"
    assert "131052" not in str(caught.value)


@pytest.mark.parametrize("said", ["", b" \n"])
def test_an_empty_text_is_not_even_sent(client: HubClient, asked: Asked, said: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        client.publish(said)
    with pytest.raises(ValueError, match="empty"):
        client.publish_many([a_notice(), said])
    assert asked.paths == []


def test_a_key_that_is_none_is_told_at_once_and_asked_once(running: Served, asked: Asked, hub: Hub) -> None:
    with HubClient(running.url, "hub_wrong") as client, pytest.raises(NotLetIn) as caught:
        client.publish(a_notice())
    assert caught.value.code == "unauthenticated"
    reader = hub.keys.issue(AGENCY, "test", frozenset({"read"}))
    with HubClient(running.url, reader) as client, pytest.raises(NotLetIn, match="publish"):
        client.publish_many([a_notice()])
    assert len(asked.paths) == 2


@pytest.mark.parametrize(
    ("url", "key"), [("127.0.0.1:8080", "k"), ("ftp://x", "k"), ("http://", "k"), ("http://x", ""), ("http://x", "a\nb")]
)
def test_an_address_or_key_that_is_none_is_refused_before_anything_is_sent(url: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"address of a hub|no key has"):
        HubClient(url, key)


def test_the_key_stands_in_no_text_about_the_client() -> None:
    client = HubClient("http://127.0.0.1:1", "hub_secret", patience=0)
    with client, pytest.raises(Unreachable) as caught:
        client.publish(a_notice())
    assert "hub_secret" not in f"{client!r} {vars(client)['_address']!r} {caught.value}"


def test_a_hub_that_is_started_again_meanwhile_gets_it(hub: Hub) -> None:
    running = Served(hub)
    running.stop()
    again = list[Served]()
    later = threading.Timer(0.7, lambda: again.append(Served(Hub(hub.publisher, hub.keys, hub.reading), running.port)))
    later.start()
    with HubClient(running.url, hub.key) as client:
        assert client.publish(a_notice())
    later.join()
    again[0].stop()
    assert len(hub.publisher.messages) == 1


def whole(near: socket.socket) -> bytes:
    """A request or an answer, however many parts it comes in."""
    text = b""
    while not (found := re.search(rb"(?i)content-length: ([0-9]+).*?\r\n\r\n", text, re.DOTALL)):
        text += near.recv(1 << 16)
    while len(text) < found.end() + int(found[1]):
        text += near.recv(1 << 16)
    return text


def test_an_answer_that_was_lost_costs_no_second_notice(hub: Hub) -> None:
    """The hub has taken it, and the connection breaks before the receipt arrives: the same again has the same receipt."""
    with served(hub) as running, socket.create_server(("127.0.0.1", 0)) as between:

        def lose_the_first_answer() -> None:
            for lost in (True, False):
                near, _ = between.accept()
                with near, socket.create_connection(("127.0.0.1", running.port)) as far:
                    far.sendall(whole(near))
                    answer = whole(far)
                    if not lost:
                        near.sendall(answer)

        thread = threading.Thread(target=lose_the_first_answer)
        thread.start()
        with HubClient(f"http://127.0.0.1:{between.getsockname()[1]}", hub.key) as client:
            receipt = client.publish(a_notice())
        thread.join()
    keys = [(message.key, dict(message.headers)["ce_id"]) for message in hub.publisher.messages]
    assert keys == [(keys[0][0], str(receipt).encode())] * 2


def test_it_gives_up_where_no_hub_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        began = time.monotonic()
        with HubClient(url, "k", patience=1) as client, pytest.raises(Unreachable, match="no hub answers at"):
            client.publish(a_notice())
    assert time.monotonic() - began < 3


def test_it_waits_as_long_as_the_hub_asks(running: Served, hub: Hub) -> None:
    waits = list[float]()
    hub.waiting = 1_000_000

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        hub.waiting = 0
        time.sleep(1.05)  # the API asks its backlog once a second

    with HubClient(running.url, hub.key, sleep=sleep) as client:
        (sent,) = client.publish_many([a_notice()])
    assert sent.receipt
    assert waits == [5.0]


def test_a_hub_that_says_later_for_too_long_is_told_as_such(running: Served, hub: Hub) -> None:
    hub.waiting = 1_000_000
    with HubClient(running.url, hub.key, patience=1) as client, pytest.raises(HubProblem) as caught:
        client.publish_many([a_notice()])
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, "too-much", 5.0)


def test_of_many_each_has_its_own_answer_in_order(client: HubClient, hub: Hub) -> None:
    many: list[Any] = [a_notice(id=f"n-{number}") for number in range(1_200)]
    many[7] = b"{}"
    many[8] = json.dumps(a_notice(id="n-8"), indent=2)
    sent = client.publish_many(iter(many))
    assert [one.problem is None for one in sent] == [number != 7 for number in range(1_200)]
    assert [dict(message.headers)["ce_id"].decode() for message in hub.publisher.messages] == [
        str(one.receipt) for one in sent if one.receipt
    ]
    assert isinstance(sent[7].problem, Refused)
    assert client.publish_many([]) == []


def test_of_many_those_that_kafka_did_not_confirm_go_again_and_no_others(client: HubClient, hub: Hub) -> None:
    publish, lost = hub.publisher.publish, [NotReady("Kafka did not confirm")]

    def once_lost(messages: Any) -> Any:
        if hub.publisher.messages and lost:
            raise lost.pop()
        return publish(messages)

    hub.publisher.publish = once_lost  # type: ignore[method-assign]
    sent = client.publish_many([a_notice(id=f"n-{number}") for number in range(300)] + [b"{}"])
    assert [one.receipt is not None for one in sent] == [True] * 300 + [False]
    assert len(hub.publisher.messages) == 300


def test_something_else_at_the_address_is_not_taken_for_a_hub(client: HubClient, asked: Asked) -> None:
    asked.instead["/v1/notices"] = answering(200, b"<html>", ((b"content-type", b"text/html"),))
    with pytest.raises(HubProblem, match="none of a hub") as caught:
        client.publish(a_notice())
    assert caught.value.code == "no-hub"
    assert len(asked.paths) == 1


# Reading


def test_a_notice_and_its_trace_are_there_in_a_moment_or_not_at_all(client: HubClient, hub: Hub) -> None:
    receipt = client.publish(a_notice())
    assert client.notice(receipt) is None
    later = threading.Timer(0.3, hub.reading.show, (AGENCY, {"receipt": str(receipt), "step": 1}))
    later.start()
    found = client.notice(receipt, within=10)
    later.join()
    assert found is not None
    assert found["step"] == 1
    hub.reading.trace_of(AGENCY, str(receipt), {"stages": []})
    assert client.trace(str(receipt)) == {"stages": []}
    assert client.trace("0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10") is None
    assert client.notice("no/../receipt?") is None


def test_a_search_goes_through_all_its_pages(client: HubClient, hub: Hub, asked: Asked) -> None:
    for number in range(120):
        step = {"receipt": f"r-{number:03}", "step": 1, "kind": "downsizing", "received_at": "2026-11-25T09:00:00+00:00"}
        hub.reading.show(AGENCY, step)
        hub.reading.show(OTHER, step)
    since = datetime(2026, 11, 25, 8, tzinfo=UTC)
    found = [item["receipt"] for item in client.search(kind="downsizing", received_from=since)]
    assert sorted(found) == [f"r-{number:03}" for number in range(120)]
    assert len(asked.paths) == 3
    assert list(client.search(received_to=since)) == []
    with pytest.raises(Refused, match="does not exist"):
        next(client.search(municipality="837"))


def test_refusals_are_listed_with_their_reasons(client: HubClient, hub: Hub) -> None:
    for number in range(60):
        hub.reading.refuse(AGENCY, {"id": f"n-{number}", "findings": []})
    assert [item["id"] for item in client.refused()] == [f"n-{number}" for number in reversed(range(60))]


@pytest.mark.parametrize("page", ["README.md", "docs/client.md"])
def test_the_lines_to_a_first_notice_publish_one(running: Served, hub: Hub, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    """The page's own lines, run as they stand."""
    lines = next(iter(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)))
    monkeypatch.setenv("HUB", running.url)
    monkeypatch.setenv("KEY", hub.key)
    exec(compile(lines.replace("within=10", "within=0"), page, "exec"), {})
    assert len([line for line in lines.splitlines() if line.strip()]) <= 10
    assert [body["id"] for body in hub.bodies()] == ["R-1"]


def test_a_copy_of_the_folder_is_all_that_is_needed(running: Served, hub: Hub, tmp_path: Path) -> None:
    """In a process that finds nothing else of this project, however it is installed."""
    shutil.copytree(ROOT / "connectors" / "client", tmp_path / "connectors" / "client")
    (tmp_path / "connectors" / "__init__.py").touch()
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from connectors.client import HubClient\n"
        "print(HubClient(*sys.argv[2:4]).publish(sys.argv[4]))\n"
        "print({name.partition('.')[0] for name in sys.modules} & {'hub', 'api', 'schemas', 'pydantic', 'fastapi', 'orjson'})\n"
        "import connectors.client; print(connectors.client.__file__)"
    )
    given = [str(tmp_path), running.url, hub.key, json.dumps(a_notice())]
    told = subprocess.run([sys.executable, "-c", program, *given], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    receipt, others, file = told.stdout.splitlines()
    assert receipt == dict(hub.publisher.messages[0].headers)["ce_id"].decode()
    assert others == "set()"
    assert file.startswith(str(tmp_path))
