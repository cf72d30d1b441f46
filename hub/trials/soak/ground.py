"""A hub of its own for a trial: temporary folder, any free ports, nothing of it beside or after the trial."""

import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub.addresses import partners_kafka_of
from hub.installation import SECRETS
from hub.local import embedded
from hub.local.child import Child
from hub.local.files import once
from hub.local.kafka import ANY_PORTS
from hub.local.supervisor import Supervisor
from hub.settings import DatabaseSettings, KafkaSettings, SecretSettings, Settings
from hub.wiring import Wiring

HEAP = "256m"
KAFKA, POSTGRES = "kafka", "postgres"
WORKS = b" works "
"""What a worker says in its log when it has joined its groups, and a dispatcher when it begins."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ground:
    """Both servers of a trial, with topics, schemas and registry made; its children are started by the trial.

    `told`: settings of its own, by their names in the environment of its children; `needs`: what these children need.
    """

    supervisor: Supervisor
    settings: Settings
    wiring: Wiring
    told: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = (KAFKA, POSTGRES)

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return self.wiring.bootstrap

    @property
    def partner_bootstrap(self) -> str:
        """Kafka's address for agencies."""
        return partners_kafka_of(self.settings)

    def with_secrets(self) -> Wiring:
        """The wiring once the installation has its secrets, made up for this hub: what keys and endpoints need."""
        made = {name: secrets.token_urlsafe(32) for name in ("keys", "cursors")}
        once(self.settings.folder / SECRETS, lambda: json.dumps(made), 0o600)
        return Wiring(self.settings.model_copy(update={"secrets": SecretSettings()}))

    def hub(self, name: str, *words: str, ready: Callable[[], bool] | None = None) -> Child:
        """A process of the hub: `hub WORDS`."""
        command = [sys.executable, "-m", "hub", *words]
        return Child(name, command, self.environment(), ready=ready, needs=self.needs, grace=8.0)

    def worker(self, name: str, *words: str) -> Child:
        """A worker, ready when it says so itself.

        The broker is not asked: librdkafka's questions about groups can end the asking process when the broker dies.
        """
        return self.hub(name, "worker", *words, ready=self.says(name))

    def says(self, name: str, words: bytes = WORKS) -> Callable[[], bool]:
        """Whether the child's present process has said so in its log."""
        return _Says(self.supervisor.folder / "log" / f"{name}.log", words)

    def environment(self) -> dict[str, str]:
        """What a child is told, so that no setting of another hub reaches it."""
        return {
            "HUB_FOLDER": str(self.settings.folder),
            "HUB_KAFKA__BOOTSTRAP": self.bootstrap,
            "HUB_KAFKA__TOPIC_PREFIX": self.wiring.prefix,
            "HUB_DATABASE__URL": self.wiring.url,
            "HUB_REGISTRY": json.dumps(["fi"]),
            "PYTHONUNBUFFERED": "1",
            **self.told,
        }


class _Says:
    """Whether the child's present process has said these words. Each says them once: what was heard before does not count.

    So nothing is missed that it says before it is looked at for the first time.
    """

    def __init__(self, log: Path, words: bytes) -> None:
        self._log, self._words = log, words
        self._heard_to = 0

    def __call__(self) -> bool:
        if self._log.stat().st_size < self._heard_to:  # a long log was moved aside
            self._heard_to = 0
        with self._log.open("rb") as handle:
            handle.seek(self._heard_to)
            at = handle.read().find(self._words)
        if at >= 0:
            self._heard_to += at + len(self._words)
        return at >= 0


@contextmanager
def ground(name: str, say: Say, told: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """Servers in a new folder; it is removed at the end, but kept where the trial raised (its logs tell why)."""
    folder = Path(tempfile.mkdtemp(prefix=f"hub-{name}-"))
    folder.chmod(0o711)  # open to PostgreSQL's own user where we are root
    with Supervisor(folder, say=say) as supervisor:
        try:
            yield _start(supervisor, folder, told or {})
        except BaseException:  # also Ctrl-C: nothing is hidden, the reader is told where the logs are
            say(f"the folder stays for a look at its logs: {folder}")
            raise
    shutil.rmtree(folder, ignore_errors=True)


def _start(supervisor: Supervisor, folder: Path, told: Mapping[str, str]) -> Ground:
    kafka = embedded.start_kafka(supervisor, folder, HEAP, usual_ports=ANY_PORTS)
    postgres = embedded.start_postgres(supervisor, folder, usual_port=0)
    settings = Settings(
        folder=folder,
        kafka=KafkaSettings(bootstrap=kafka.bootstrap, partner_bootstrap=kafka.partner_bootstrap),
        database=DatabaseSettings(url=postgres.url),
        registry=("fi",),
    )
    wiring = Wiring(settings)
    wiring.make_ready()
    return Ground(supervisor, settings, wiring, told)
