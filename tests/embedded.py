"""The Kafka and the PostgreSQL of a test run: an address given, else containers, else our own in a temporary folder.

One of each for a whole run. A `conftest.py` makes a session fixture of `services()`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from hub.local import embedded, ports
from hub.local.kafka import ANY_PORTS
from hub.local.supervisor import Supervisor

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

KAFKA_IMAGE = "apache/kafka:4.1.0"
POSTGRES_IMAGE = "postgres:18"
CONTAINER_SECONDS = 120.0


@dataclass(frozen=True)
class Services:
    """Where the run's Kafka and PostgreSQL are, and a sentence on which ones they are and why.

    `url` holds a password.
    """

    bootstrap: str
    url: str
    sentence: str
    partners: str | None = None
    """Kafka's listener for agencies (SCRAM, ACLs); None where the run's Kafka has none that is known."""


@contextmanager
def services(bootstrap: str | None = None, url: str | None = None) -> Iterator[Services]:
    """Both, for as long as the context lasts. What is given by argument or environment is used as it is."""
    bootstrap = bootstrap or os.environ.get("HUB_KAFKA__BOOTSTRAP")
    url = url or os.environ.get("HUB_DATABASE__URL")
    with ExitStack() as stack:
        refusal = "" if bootstrap and url else docker_refusal()
        folder = _Folder(stack)
        kafka, kafka_is, partners = (bootstrap, "given", None) if bootstrap else _kafka(stack, refusal, folder)
        database, database_is = (url, "given") if url else _postgres(stack, refusal, folder)
        yield Services(kafka, database, _sentence(kafka_is, database_is, refusal), partners)


def docker_refusal() -> str:
    """Why containers cannot be used; empty if a Docker engine answers. The docker command alone proves nothing."""
    try:
        import docker  # type: ignore[import-untyped]

        docker.from_env(timeout=5).ping()
    except ImportError:
        return "the Python package docker is not installed"
    except Exception as error:  # whatever an absent, foreign or forbidden engine makes of a ping
        return f"no Docker engine answers ({type(error).__name__})"
    return ""


def _sentence(kafka_is: str, database_is: str, refusal: str) -> str:
    why = []
    if kafka_is != "given":
        why.append("HUB_KAFKA__BOOTSTRAP is not set")
    if database_is != "given":
        why.append("HUB_DATABASE__URL is not set")
    if refusal:
        why.append(refusal)
    return f"Kafka: {kafka_is}; PostgreSQL: {database_is}" + (f" (because {', '.join(why)})" if why else "")


class _Folder:
    """A supervisor on a temporary folder, made only when somebody asks."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._supervisor: Supervisor | None = None

    def supervisor(self) -> Supervisor:
        if self._supervisor is None:
            folder = Path(tempfile.mkdtemp(prefix="hub-test-"))
            # Open to PostgreSQL's own user where we are root; all that is secret below has rights of its own.
            folder.chmod(0o711)
            self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
            self._supervisor = self._stack.enter_context(Supervisor(folder, say=lambda line: None))
        return self._supervisor


def _kafka(stack: ExitStack, refusal: str, folder: _Folder) -> tuple[str, str, str | None]:
    if not refusal:
        return _kafka_container(stack), f"container {KAFKA_IMAGE}", None
    supervisor = folder.supervisor()
    # Any free ports: another run may start at this very moment.
    kafka = embedded.start_kafka(supervisor, supervisor.folder, usual_ports=ANY_PORTS)
    return kafka.bootstrap, f"embedded at {kafka.bootstrap}", kafka.partner_bootstrap


def _postgres(stack: ExitStack, refusal: str, folder: _Folder) -> tuple[str, str]:
    if not refusal:
        return _postgres_container(stack), f"container {POSTGRES_IMAGE}"
    supervisor = folder.supervisor()
    postgres = embedded.start_postgres(supervisor, supervisor.folder, usual_port=0)
    return postgres.url, f"embedded at {ports.HOST}:{postgres.port}"


def _container(image: str, inner: int, outer: int, environment: dict[str, str]) -> DockerContainer:
    from testcontainers.core.container import DockerContainer

    container = DockerContainer(image).with_bind_ports(inner, outer)
    for name, value in environment.items():
        container = container.with_env(name, value)
    return container


def _any_port() -> int:
    with tempfile.TemporaryDirectory() as folder:
        return ports.pick({"port": 0}, Path(folder) / "ports.json")["port"]


def _kafka_container(stack: ExitStack) -> str:
    # The broker tells clients its address, so the outer port has to be known before it starts.
    port = _any_port()
    bootstrap = f"{ports.HOST}:{port}"
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "LISTENERS": "HUB://:9092,CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"HUB://{bootstrap}",
        "LISTENER_SECURITY_PROTOCOL_MAP": "HUB:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "INTER_BROKER_LISTENER_NAME": "HUB",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "LOG_MESSAGE_TIMESTAMP_TYPE": "LogAppendTime",
        "MESSAGE_MAX_BYTES": "4259840",
        "HEAP_OPTS": "-Xmx256m",
        "AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "SUPER_USERS": "User:ANONYMOUS",
    }
    stack.enter_context(_container(KAFKA_IMAGE, 9092, port, {f"KAFKA_{name}": value for name, value in settings.items()}))
    _wait(lambda: bool(AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=2).brokers))
    return bootstrap


def _postgres_container(stack: ExitStack) -> str:
    port = _any_port()
    names = {"POSTGRES_USER": "hub", "POSTGRES_PASSWORD": "hub", "POSTGRES_DB": "hub"}
    stack.enter_context(_container(POSTGRES_IMAGE, 5432, port, names))
    url = f"postgresql://hub:hub@{ports.HOST}:{port}/hub"
    _wait(lambda: psycopg.connect(url, connect_timeout=2).execute("SELECT 1").fetchone() is not None)
    return url


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + CONTAINER_SECONDS
    while True:
        try:
            if ready():
                return
        except (KafkaException, psycopg.Error):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)
