"""How the dispatcher's readers join their groups: positions are theirs to note, a killed one is missed after six seconds."""

from typing import Any

import structlog
from confluent_kafka import KafkaError

from schemas.errors import Misconfigured

log = structlog.get_logger()


def settings(bootstrap: str, group: str, client: str) -> dict[str, Any]:
    """A plain consumer's settings."""
    return {
        "bootstrap.servers": bootstrap,
        "client.id": client,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "allow.auto.create.topics": False,
        "session.timeout.ms": 6_000,
        "heartbeat.interval.ms": 1_000,
        "reconnect.backoff.max.ms": 2_000,
        "log_level": 2,
    }


def cannot_read(what: str, error: KafkaError) -> None:
    """Misconfigured where no time mends it; else it is told, and the next poll tries again."""
    if error.fatal():
        raise Misconfigured(f"the {what} cannot be read on: {error.str()}")
    log.warning(f"the {what} cannot be read at this moment", error=error.str())
