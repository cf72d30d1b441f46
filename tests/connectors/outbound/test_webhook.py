"""One attempt, against real sockets: a good endpoint, and one for each way of being a bad one."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_binary, from_structured
from cloudevents.core.formats.json import JSONFormat

from connectors.outbound.checked import CheckedTransport
from connectors.outbound.webhook import Webhook, call
from hub.core import answers
from hub.core.networks import networks
from hub.core.signing import shown
from hub.ports import Mode, Target, Told
from tests.receiving import client_tls, is_signed, receiver, says, sends, server_tls

LOOPBACK = networks(["127.0.0.0/8"])
SECRET = shown(b"a secret of the tests of 32 bytes")
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "5f0c",
    "type": "fi.employersituation.notice.downsizing.v1",
    "source": "urn:employersituation:hub",
    "subject": "fi:0112038-9",
    "time": "2026-03-05T12:00:00Z",
    "dataschema": "urn:employersituation:schema:AgencyNotice:1",
    "datacontenttype": "application/json",
}
TOLD = Told(ATTRIBUTES, {"receipt": "r", "step": 1, "notice": {"text": "Hämeen Rekry 100 % \N{SNOWMAN}"}})
SECONDS = 1.0
FEATURE = (Path(__file__).parents[2] / "data/webhooks/http-protocol-binding.feature").read_text()


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    made = Webhook(LOOPBACK, SECONDS)
    yield made
    await made.close()


def now() -> datetime:
    return datetime.now(UTC)


def target(url: str, mode: Mode = "structured", secrets: tuple[str, ...] = (SECRET,)) -> Target:
    return Target(url, mode, secrets)


async def test_an_event_arrives_whole_and_signed_over_the_bytes_that_came(webhook: Webhook) -> None:
    with receiver() as here:
        answer = await webhook.attempt(target(here.url), TOLD, now())
    (got,) = here.got
    assert (answer.outcome, answer.status) == ("delivered", 204)
    assert got.headers["content-type"] == "application/cloudevents+json"
    assert is_signed(SECRET, got.headers, got.body, time.time())
    assert (got.event["id"], got.id, got.event["data"]) == ("5f0c", "5f0c", TOLD.data)


@pytest.mark.parametrize("mode", ["structured", "binary"])
async def test_what_arrives_is_the_same_event_to_a_reader_of_cloudevents(webhook: Webhook, mode: Mode) -> None:
    with receiver() as here:
        await webhook.attempt(target(here.url, mode), TOLD, now())
    (got,) = here.got
    read = {"structured": from_structured, "binary": from_binary}[mode]
    event = read(HTTPMessage(got.headers, got.body), JSONFormat())
    found = event.get_attributes()
    assert {name: found[name] for name in ATTRIBUTES if name != "time"} | {"time": ATTRIBUTES["time"]} == ATTRIBUTES
    assert found["time"] == datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert event.get_data() == TOLD.data


async def test_while_a_secret_is_changed_over_both_sign(webhook: Webhook) -> None:
    newer = shown(b"another secret of 32 bytes, newer")
    with receiver() as here:
        await webhook.attempt(target(here.url, secrets=(newer, SECRET)), TOLD, now())
    (got,) = here.got
    assert is_signed(SECRET, got.headers, got.body, time.time())
    assert is_signed(newer, got.headers, got.body, time.time())


async def test_a_repeat_has_the_same_id_and_says_that_it_is_one(webhook: Webhook) -> None:
    with receiver() as here:
        await webhook.attempt(target(here.url), TOLD, now())
        await webhook.attempt(target(here.url), Told(ATTRIBUTES, TOLD.data, attempt=2), now())
    assert [got.headers["hub-attempt"] for got in here.got] == ["1", "2"]
    assert len({got.id for got in here.got}) == 1


async def test_one_connection_serves_many_events(webhook: Webhook) -> None:
    with receiver(says(200, b"thank you")) as here:
        for _ in range(5):
            assert (await webhook.attempt(target(here.url), TOLD, now())).outcome == "delivered"
    assert here.connections == 1


async def test_the_connections_that_were_not_used_for_longest_are_closed_where_there_are_too_many() -> None:
    transport = CheckedTransport(names(["127.0.0.1"]), lambda address: True, client_tls(), most_pools=2)
    with ExitStack() as stack:
        here = [stack.enter_context(receiver()) for _ in range(3)]
        async with httpx2.AsyncClient(transport=transport) as client:
            for one in (*here, here[2], here[1], here[0]):
                assert (await client.post(one.url)).status_code == 204
    assert [one.connections for one in here] == [2, 1, 1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_nowhere(webhook: Webhook, status: int) -> None:
    with receiver() as elsewhere, receiver(says(status, location=elsewhere.url)) as here:
        answer = await webhook.attempt(target(here.url), TOLD, now())
    assert (answer.outcome, answer.code, answer.status) == ("failed", "redirect", status)
    assert elsewhere.got == []


async def test_gone_pauses_and_retry_after_is_kept(webhook: Webhook) -> None:
    with receiver(says(410)) as here:
        assert (await webhook.attempt(target(here.url), TOLD, now())).outcome == "paused"
        here.answering = says(429, retry_after="120")
        answer = await webhook.attempt(target(here.url), TOLD, now())
    assert answer.outcome == "retry"
    assert answer.wait is not None
    assert answer.wait.total_seconds() == 120


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
_BAD: dict[str, tuple[Any, str]] = {
    "hangs": (sends(b"", pause=30), "timeout"),
    "its head comes byte by byte": (sends(_HEAD, b"x", pause=0.05, for_ever=True), "timeout"),
    "its head never ends": (sends(_HEAD, b"x-more: " + b"y" * 1_000 + b"\r\n", for_ever=True), "no-http"),
    "closes without a word": (sends(), "no-http"),
    "closes in the middle": (sends(b"HTTP/1.1 20"), "no-http"),
    "speaks no HTTP": (sends(b"220 mail.example ESMTP\r\n"), "no-http"),
    "says two lengths": (sends(_HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello"), "no-http"),
}


@pytest.mark.parametrize("behaviour", _BAD)
async def test_a_bad_answer_is_told_and_costs_no_more_than_an_attempt_may(webhook: Webhook, behaviour: str) -> None:
    answering, code = _BAD[behaviour]
    began = time.monotonic()
    with receiver(answering) as here:
        answer = await webhook.attempt(target(here.url), TOLD, now())
    assert (answer.outcome, answer.code) == ("retry", code)
    assert time.monotonic() - began < SECONDS + 0.7


_TAKEN = {
    "its body comes byte by byte": sends(_HEAD + b"content-length: 100000\r\n\r\n", b"x", pause=0.05, for_ever=True),
    "its body has no end": sends(_HEAD + b"\r\n", b"x" * 65_536, for_ever=True),
    "its body ends too early": sends(_HEAD + b"content-length: 100\r\n\r\nhello"),
    "its body is a broken gzip": sends(_HEAD + b"content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello"),
}


@pytest.mark.parametrize("behaviour", _TAKEN)
async def test_the_status_decides_whatever_follows(behaviour: str) -> None:
    """A body that is slow or endless is cut off after a second at the most."""
    webhook, began = Webhook(LOOPBACK, 10.0), time.monotonic()
    with receiver(_TAKEN[behaviour]) as here:
        assert (await webhook.attempt(target(here.url), TOLD, now())).outcome == "delivered"
    await webhook.close()
    assert time.monotonic() - began < 2.0


async def test_a_gigabyte_is_not_read(webhook: Webhook) -> None:
    sent = [0]

    def flood(connection: socket.socket, _: Any) -> bool:
        connection.sendall(_HEAD + b"content-length: 1000000000\r\n\r\n")
        for _ in range(1_000):
            connection.sendall(b"x" * 1_000_000)
            sent[0] += 1
        return False

    with receiver(flood) as here:
        assert (await webhook.attempt(target(here.url), TOLD, now())).outcome == "delivered"
        await asyncio.sleep(0.3)
    assert sent[0] < 20  # megabytes: what the kernel's buffers took


async def test_nobody_there_is_tried_again(webhook: Webhook) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    answer = await webhook.attempt(target(f"http://127.0.0.1:{port}/"), TOLD, now())
    assert (answer.outcome, answer.code) == ("retry", "no-connection")


# Addresses


def names(*answers: Sequence[str]) -> Any:
    """A resolver that says one after the other; the last again and again."""
    said = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return said.pop(0) if len(said) > 1 else said[0]

    return resolve


async def attempt(url: str, **settings: Any) -> str:
    webhook = Webhook(seconds=SECONDS, **settings)
    try:
        return (await webhook.attempt(target(url), TOLD, now())).code
    finally:
        await webhook.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
async def test_loopback_is_called_under_no_name(host: str) -> None:
    with receiver() as here:
        for scheme in ("http", "https"):
            assert await attempt(f"{scheme}://{host}:{here.port}/") in ("address-refused", "no-name")
    assert here.connections == 0


async def test_a_public_name_with_an_inner_address_is_not_called() -> None:
    for inner in ("10.0.0.5", "169.254.169.254", "::ffff:10.0.0.5", "fd00::1"):
        assert await attempt("https://agency.example/", resolve=names([inner])) == "address-refused"
        assert await attempt("https://agency.example/", resolve=names(["8.8.8.8", inner])) == "address-refused"


async def test_a_name_whose_address_changes_later_is_caught_when_it_is_called() -> None:
    with receiver(tls=server_tls()) as here:
        url = f"https://webhook.test:{here.port}/"
        resolve = names(["127.0.0.1"], ["10.0.0.5"])
        webhook = Webhook(LOOPBACK, SECONDS, client_tls(), resolve)
        here.answering = sends(b"HTTP/1.1 204 X\r\nconnection: close\r\n\r\n")
        codes = [(await webhook.attempt(target(url), TOLD, now())).code for _ in range(2)]
        await webhook.close()
    assert codes == ["delivered", "address-refused"]
    assert here.connections == 1


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to() -> None:
    """A resolver that would say something else at a second question is not asked one."""
    with receiver() as here:
        resolve = names(["127.0.0.1"], ["10.0.0.5"])
        assert await attempt(f"http://webhook.test:{here.port}/", opened=LOOPBACK, resolve=resolve) == "delivered"
    assert here.got[0].headers["host"] == f"webhook.test:{here.port}"


async def test_plain_http_is_called_in_opened_networks_alone() -> None:
    assert await attempt("http://agency.example/", opened=LOOPBACK, resolve=names(["8.8.8.8"])) == "address-refused"


async def test_a_name_without_an_address_is_tried_again() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror("nothing known")

    assert await attempt("https://agency.example/", resolve=resolve) == "no-name"
    assert await attempt("https://agency.example/", resolve=names([])) == "no-name"


async def test_the_second_address_is_tried_where_the_first_does_not_answer() -> None:
    with receiver() as here:
        resolve = names(["127.0.0.2", "127.0.0.1"])
        assert await attempt(f"http://webhook.test:{here.port}/", opened=LOOPBACK, resolve=resolve) == "delivered"


async def test_nothing_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as here:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://user:secret@127.0.0.1:{proxy.port}")
        assert await attempt(here.url, opened=LOOPBACK) == "delivered"
    assert proxy.connections == 0
    assert "authorization" not in here.got[0].headers


# TLS


async def test_tls_with_the_right_name(webhook: Webhook) -> None:
    with receiver(tls=server_tls()) as here:
        url = f"https://webhook.test:{here.port}/"
        assert await attempt(url, opened=LOOPBACK, tls=client_tls(), resolve=names(["127.0.0.1"])) == "delivered"


async def test_broken_tls_is_said_to_be_so() -> None:
    there: dict[str, Any] = {"opened": LOOPBACK, "resolve": names(["127.0.0.1"])}
    with receiver(tls=server_tls()) as here:
        assert await attempt(f"https://webhook.test:{here.port}/", **there) == "tls"  # nobody whom we trust signed it
        assert await attempt(f"https://other.test:{here.port}/", tls=client_tls(), **there) == "tls"
    with receiver(sends(b"no TLS at all")) as plain:
        assert await attempt(f"https://webhook.test:{plain.port}/", tls=client_tls(), **there) in ("tls", "timeout")
    assert here.got == []


async def test_tls_that_hangs_costs_no_more_than_an_attempt_may() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url, began = f"https://webhook.test:{silent.getsockname()[1]}/", time.monotonic()
        assert await attempt(url, opened=LOOPBACK, tls=client_tls(), resolve=names(["127.0.0.1"])) == "timeout"
    assert time.monotonic() - began < SECONDS + 0.7


def test_no_answer_holds_a_secret_or_the_url() -> None:
    words = [answer.words for answer in vars(answers).values() if isinstance(answer, answers.Answer)]
    assert words
    assert not any(SECRET in text or "http://" in text for text in words)


def test_the_requests_of_the_conformance_suite_are_written_as_they_stand_there() -> None:
    """Its feature file holds two requests, binary and structured, of one event."""
    binary, structured = (_request(text) for text in FEATURE.split('"""')[1::2] if "HTTP/1.1" in text)
    attributes = {name: value for name, value in json.loads(structured[1]).items() if name != "data"}
    told = Told(attributes, json.loads(binary[1]))
    found = call(told, "binary")
    assert found.headers == {name: value for name, value in binary[0].items() if name.startswith("ce-")} | {
        "content-type": "application/json"
    }
    assert json.loads(found.body) == json.loads(binary[1])
    found = call(told, "structured")
    assert found.headers == {"content-type": "application/cloudevents+json"}
    assert json.loads(found.body) == json.loads(structured[1])


def _request(text: str) -> tuple[dict[str, str], str]:
    head, _, body = "\n".join(line.strip() for line in text.strip().splitlines()).partition("\n\n")
    pairs = (line.partition(": ") for line in head.splitlines()[1:])
    return {name.lower(): value for name, _, value in pairs}, body
