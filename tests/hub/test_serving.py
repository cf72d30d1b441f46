"""An API that is started again refuses nobody: requests wait in the socket, and open connections end with an answer."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from hub.listening import PATIENCE
from hub.local import ports
from hub.local.child import Child
from hub.local.supervisor import Supervisor
from hub.serving import Server, given_sockets
from tests.waiting import until

PROGRAM = """
import os, time
import uvicorn
from hub.serving import Server, given_sockets
from tests.hub.test_serving import answering

time.sleep({pause})
Server(uvicorn.Config(answering, log_level="warning", lifespan="off")).run(given_sockets())
"""


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """Tells the process that answers, after a moment."""
    await asyncio.sleep(0.02)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def an_api(port: int, pause: float = 0) -> Child:
    """A process that begins to answer after a pause."""
    program, env = PROGRAM.format(pause=pause), {"PYTHONPATH": str(Path(__file__).parents[2])}
    return Child("api", [sys.executable, "-c", program], env, ready=lambda: ports.answers(port), listens=port)


@contextmanager
def asking(url: str, clients: int, keep: bool) -> Iterator[list[str]]:
    """Clients that ask one thing after the other; what each was answered, or the error. `keep`: on one connection."""
    stop, answers = threading.Event(), list[str]()

    def run() -> None:
        client = httpx2.Client(base_url=url, timeout=30)
        while not stop.is_set():
            try:
                answers.append(client.get("/", headers={} if keep else {"Connection": "close"}).text)
            except httpx2.HTTPError as error:
                answers.append(f"{type(error).__name__}: {error}")
        client.close()

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("keep", [True, False], ids=["one connection", "a connection for each request"])
def test_no_request_is_refused_while_the_process_is_replaced(tmp_path: Path, keep: bool) -> None:
    port = ports.pick({"api": 0}, tmp_path / "ports.json")["api"]
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}
    with Supervisor(tmp_path, say=lambda _: None) as supervisor:
        child = Child(
            "api", [sys.executable, "-c", PROGRAM.format(pause=0)], env, ready=lambda: ports.answers(port), listens=port
        )
        supervisor.start([child])
        with asking(f"http://127.0.0.1:{port}", 8, keep) as answers:
            pids = [supervisor.pid("api")]
            for _ in range(3):
                until(lambda: str(pids[-1]) in answers)
                supervisor.kill("api", 15)
                pids.append(supervisor.wait_ready("api", 30, other_than=pids[-1]))
            until(lambda: str(pids[-1]) in answers)
    assert set(answers) == {str(pid) for pid in pids}


def test_a_client_that_waits_is_answered_by_the_next_process(tmp_path: Path) -> None:
    port = ports.pick({"api": 0}, tmp_path / "ports.json")["api"]
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}
    with Supervisor(tmp_path, say=lambda _: None) as supervisor:
        child = Child(
            "api", [sys.executable, "-c", PROGRAM.format(pause=1)], env, ready=lambda: ports.answers(port), listens=port
        )
        supervisor.start([child])
        killed = supervisor.kill("api")
        answer = httpx2.get(f"http://127.0.0.1:{port}/", timeout=30).text
        assert answer == str(supervisor.wait_ready("api", 30, other_than=killed))


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has a limit for who takes nothing")
def test_who_comes_before_the_first_process_is_ready_has_the_limits_too(tmp_path: Path) -> None:
    port = ports.pick({"api": 0}, tmp_path / "ports.json")["api"]
    program = (
        "import socket, time; print(socket.socket(fileno=3).getsockopt(6, socket.TCP_USER_TIMEOUT), flush=True); time.sleep(60)"
    )
    with Supervisor(tmp_path, say=lambda _: None) as supervisor:
        supervisor.start([Child("api", [sys.executable, "-c", program], {}, listens=port)])
        log = tmp_path / "log" / "api.log"
        until(lambda: log.exists() and log.read_text() == f"{PATIENCE * 1000:.0f}\n")


def test_sockets_meant_for_another_process_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    assert given_sockets() is None


class Serving:
    """A server in this process, with one client that has connected and said nothing yet."""

    async def start(self) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        address = listening.getsockname()
        self.server = Server(uvicorn.Config(answering, log_level="warning", lifespan="off"))
        self.task = asyncio.create_task(self.server.serve([listening]))
        self.answers, self.client = await asyncio.open_connection(*address)
        while not self.server.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        await asyncio.wait_for(self.task, 10)
        self.client.close()


async def test_a_client_that_asks_just_then_is_answered_and_told_to_leave() -> None:
    """Its request was on the way when the end began: over a network that takes a while."""
    serving = Serving()
    await serving.start()
    serving.server.should_exit = True
    while serving.server.servers[0].is_serving():  # noqa: ASYNC110 - asyncio has no event
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    serving.client.write(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
    answer = (await asyncio.wait_for(serving.answers.read(), 10)).lower()
    assert answer.startswith(b"http/1.1 200")
    assert b"connection: close" in answer
    await serving.end()


async def test_who_says_nothing_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.serving.LEAVE_WITHIN", 0.3)
    serving = Serving()
    await serving.start()
    serving.server.should_exit = True
    await serving.end()


SERVE = """
from types import SimpleNamespace
from connectors.memory.keys import MemoryKeys
from connectors.memory.publisher import MemoryPublisher
from connectors.memory.reading import MemoryReading
from connectors.memory.subscriptions import MemorySubscriptions
from hub.core.xroad import NOBODY
from hub.serving import serve

class Publisher(MemoryPublisher):
    ready = lambda self: None
    close = lambda self: None

nothing = lambda *_: None
follower = SimpleNamespace(start=nothing, current=nothing, lost=nothing, close=nothing)
keys, reading = MemoryKeys(), MemoryReading()
parts = dict(publisher=Publisher(), keys=keys, reading=lambda *_: reading, follower=follower, prefix="", intake_lag=lambda: 0)
audit = lambda: SimpleNamespace(record=nothing)
parts |= dict(audit=audit, security_servers=lambda: NOBODY, followed_registry=nothing)
settings = SimpleNamespace(mail=SimpleNamespace(host=None), webhooks=SimpleNamespace(replays_per_second=50))
parts |= dict(settings=settings, replays=None, confirmed=nothing, partner_groups=nothing)
parts |= dict(endpoints=None, partners=SimpleNamespace(state=nothing), subscriptions=MemorySubscriptions())
parts |= dict(webhook=nothing, opened_networks=nothing)
print(keys.issue("ta-39", "test", frozenset({"read"})), flush=True)
serve(SimpleNamespace(**parts), %d)
"""


def test_the_process_of_the_api_ends_though_somebody_follows_an_outbox(tmp_path: Path) -> None:
    """At SIGTERM each stream has a proper end, and none is waited for."""
    port = ports.pick({"api": 0}, tmp_path / "ports.json")["api"]
    command = [sys.executable, "-c", SERVE % port]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        headers = {"X-API-Key": process.stdout.readline().strip()}
        until(lambda: ports.answers(port))
        with httpx2.stream("GET", f"http://127.0.0.1:{port}/v1/outbox/stream", headers=headers, timeout=20) as answer:
            process.terminate()
            began = time.monotonic()
            assert answer.read() == b"retry: 2000\n\n"
            process.wait(20)
        assert time.monotonic() - began < 6
