"""The whole hub on one machine: both servers, then topics, schemas and registry, then the hub's own processes."""

from __future__ import annotations

import json
import secrets
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.store.keys import demo_key
from hub.agents.hand import day_of
from hub.bridge.inboxes import GROUP as BRIDGE
from hub.dispatch.following import GROUP as DISPATCHER
from hub.installation import SECRETS
from hub.local import embedded, ports
from hub.local.child import Child
from hub.local.files import once, write
from hub.local.kafka import LocalKafka
from hub.local.supervisor import Supervisor
from hub.settings import Settings
from hub.wiring import Wiring
from schemas.topics import BACK, FRONT

DEMO_PLACE = "fi:kunta:837"
"""Tampere: `hub up` shows a key of the employment authority there."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where a hub is: what hub.json holds."""

    kafka: str
    kafka_for_agencies: str | None
    """None where Kafka is not its own, and no setting says it."""
    database: str
    api: str
    agency: str
    key: str


def start_whole(supervisor: Supervisor, settings: Settings) -> Running:
    """Start everything, and note where it is in `<folder>/hub.json`."""
    place = supervisor.folder
    once(place / SECRETS, lambda: json.dumps({name: secrets.token_urlsafe(32) for name in ("keys", "cursors")}), 0o600)
    found = _with_servers(supervisor, settings)
    wiring = Wiring(found)
    supervisor.say("topics, database schemas and registry: looking what is missing")
    made, revision = wiring.make_ready()
    supervisor.say(f"topics: {made} made; registry: revision {revision}")
    port = ports.pick({"api": settings.api.port}, place / "api-port.json")["api"]
    servers = tuple(child.name for child in supervisor.status())
    supervisor.start(own_children(found, port, servers))
    agency = wiring.authority_at(DEMO_PLACE, day_of(datetime.now(UTC)))
    kafka = (wiring.bootstrap, found.kafka.partner_bootstrap)
    running = Running(*kafka, wiring.url, f"http://127.0.0.1:{port}", agency, demo_key(wiring.keys, agency))
    note(place, running)
    return running


def note(place: Path, running: Running) -> None:
    """hub.json holds the database's password and a key: readable by its owner only, and never half written."""
    said = {name: getattr(running, name) for name in Running.__slots__}
    write(place / "hub.json", json.dumps(said, indent=1) + "\n", 0o600)


def own_children(settings: Settings, port: int, servers: tuple[str, ...] = ()) -> list[Child]:
    """The hub's own processes, to be stopped before `servers` are. Front and back are two: alerts leave without the back."""
    env = _environment(settings)
    groups = Wiring(settings).groups

    def hub(name: str, *words: str, ready: Callable[[], bool], **more: Any) -> Child:
        return Child(name, [sys.executable, "-m", "hub", *words], env, ready=ready, needs=servers, grace=8.0, **more)

    at = f"at http://127.0.0.1:{port}"

    return [
        hub("front", "worker", "--front", ready=lambda: groups.is_at_work(FRONT)),
        hub("back", "worker", "--back", ready=lambda: groups.is_at_work(BACK)),
        hub("projector", "project", ready=lambda: True),
        hub("bridge", "bridge", ready=lambda: groups.is_at_work(BRIDGE)),
        hub("dispatcher", "dispatch", ready=lambda: groups.is_at_work(DISPATCHER)),
        hub("api", "api", "--port", str(port), ready=lambda: answers(port), note=at, listens=port),
    ]


def _with_servers(supervisor: Supervisor, settings: Settings) -> Settings:
    """The settings with the addresses of both servers; those that none was given for are started."""
    given, url, folder = settings.kafka, settings.database.url, supervisor.folder
    own: LocalKafka | None = None
    if given.bootstrap is None and url is None:
        own, postgres = embedded.start_both(supervisor, folder, given.heap)
        url = postgres.url
    elif given.bootstrap is None:
        own = embedded.start_kafka(supervisor, folder, given.heap)
    url = url or embedded.start_postgres(supervisor, folder).url
    addresses = {"bootstrap": own.bootstrap, "partner_bootstrap": own.partner_bootstrap} if own else {}
    kafka_settings = given.model_copy(update=addresses)
    database = settings.database.model_copy(update={"url": url})
    return settings.model_copy(update={"kafka": kafka_settings, "database": database, "folder": supervisor.folder})


def _environment(settings: Settings) -> dict[str, str]:
    """What the children are told. The database's password goes by environment, which only the same user can read."""
    return {
        "HUB_FOLDER": str(settings.folder),
        "HUB_KAFKA__BOOTSTRAP": settings.kafka.bootstrap or "",
        "HUB_KAFKA__TOPIC_PREFIX": settings.kafka.topic_prefix,
        "HUB_DATABASE__URL": settings.database.url or "",
        "HUB_LOG": settings.log,
        "HUB_REGISTRY": json.dumps(settings.registry),
        "PYTHONUNBUFFERED": "1",
    }


def answers(port: int) -> bool:
    """Whether an API answers there; an exception means no."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1.0) as answer:
        return bool(answer.status == 200)
