"""The client that the commands and the demo use."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from connectors.memory.keys import MemoryKeys
from hub.settings import Settings
from hub.trials.client import Client, address, noted, temporary_key
from schemas.errors import Misconfigured, NotPermitted, NotReady, Unauthenticated
from tests.api.conftest import Hub, a_notice


def body(**changes: object) -> bytes:
    return json.dumps(a_notice(**changes)).encode()


def test_a_notice_gets_its_receipt_and_a_flaw_its_problem(hub: Hub, url: str) -> None:
    with Client(url, hub.key) as client:
        taken, refused = client.publish(body(id="one")), client.publish(b'{"kind": "none"}')
    assert taken.receipt
    assert len(hub.publisher.messages) == 1
    assert refused.receipt is None
    assert refused.problem is not None
    assert refused.problem.findings


def test_lines_are_answered_in_their_order(hub: Hub, url: str) -> None:
    with Client(url, hub.key) as client:
        answers = client.publish_lines([body(id="one"), b"{}", body(id="two")])
        assert client.publish_lines([]) == []
    assert [answer.problem is None for answer in answers] == [True, False, True]


def test_a_wrong_key_and_one_without_the_right_are_told_at_once(hub: Hub, url: str) -> None:
    with Client(url, "hub_wrong") as client, pytest.raises(Unauthenticated):
        client.publish(body())
    reader = hub.keys.issue("ta-39", "test", frozenset({"read"}))
    with Client(url, reader) as client, pytest.raises(NotPermitted, match="publish"):
        client.publish(body())


def test_where_nobody_listens_it_says_how_to_start_a_hub() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with Client(f"http://127.0.0.1:{free.getsockname()[1]}", "k") as client, pytest.raises(NotReady, match="hub up"):
            client.get("/livez")


@pytest.mark.parametrize(
    ("url", "key"), [("127.0.0.1:8080", "k"), ("ftp://x", "k"), ("http://", "k"), ("http://x", "a\nb"), ("http://x", "ä")]
)
def test_an_address_or_key_that_is_none_is_refused_before_anything_is_sent(url: str, key: str) -> None:
    with pytest.raises(Misconfigured):
        Client(url, key)


def test_it_waits_as_long_as_the_hub_asks_and_then_goes_on(hub: Hub, url: str) -> None:
    waits: list[float] = []
    hub.waiting = 1_000_000

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        hub.waiting = 0
        time.sleep(1.05)  # the API asks its backlog once a second

    with Client(url, hub.key, sleep=sleep) as client:
        (answer,) = client.publish_lines([body()])
    assert answer.receipt
    assert waits == [5.0]


def test_it_gives_up_when_the_hub_says_later_for_too_long(hub: Hub, url: str) -> None:
    hub.waiting = 1_000_000
    with Client(url, hub.key, patience=1.0) as client, pytest.raises(NotReady, match="bulk submissions stop"):
        client.publish_lines([body()])


def test_lines_that_kafka_did_not_confirm_are_sent_again_and_those_with_a_flaw_are_not(hub: Hub, url: str) -> None:
    publish, lost = hub.publisher.publish, [NotReady("Kafka did not confirm")]

    def once_lost(messages: list[object]) -> object:
        if hub.publisher.messages and lost:
            raise lost.pop()
        return publish(messages)  # type: ignore[arg-type]

    hub.publisher.publish = once_lost  # type: ignore[assignment,method-assign]
    waits: list[float] = []
    with Client(url, hub.key, sleep=waits.append) as client:
        answers = client.publish_lines([body(id=f"n-{number}") for number in range(300)] + [b"{}"])
    assert [answer.receipt is not None for answer in answers] == [True] * 300 + [False]
    assert len({message.key for message in hub.publisher.messages}) == 1
    assert len(hub.publisher.messages) == 300
    assert len(waits) == 1


@contextmanager
def other_server(text: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_something_else_at_the_address_is_not_taken_for_a_hub() -> None:
    with other_server("<html>") as url, Client(url, "k") as client, pytest.raises(NotReady, match="not as a hub"):
        client.get("/livez")


def test_the_address_is_the_one_set_or_the_one_noted(folder: object, url: str) -> None:
    settings = Settings(folder=folder)  # type: ignore[arg-type]
    assert address(settings) == url
    other = settings.model_copy(update={"api": settings.api.model_copy(update={"url": "http://elsewhere"})})
    assert address(other) == "http://elsewhere"
    with pytest.raises(Misconfigured, match=r"no hub has noted its nothing in .*hub\.json.*hub up"):
        noted(settings, "nothing")


def test_a_temporary_key_is_worth_nothing_afterwards_and_touches_no_other() -> None:
    keys = MemoryKeys()
    own = keys.issue("ta-39", "demo", frozenset({"read"}))
    made: list[str] = []

    def use_it() -> None:
        with temporary_key(keys, "ta-39", "test") as key:  # type: ignore[arg-type]
            made.append(key)
            caller = keys.caller(key)
            assert caller is not None
            assert (caller.agency, caller.scopes) == ("ta-39", {"publish", "read", "subscribe", "manage"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        use_it()
    assert keys.caller(made[0]) is None
    assert keys.caller(own) is not None
