"""Where Kafka and PostgreSQL are: what the settings say, else what a hub that runs on the folder has noted there."""

import json
from pathlib import Path

from hub.settings import Settings
from schemas.errors import Misconfigured


def kafka_of(settings: Settings) -> str:
    """Kafka's address. Misconfigured where nobody says it."""
    return settings.kafka.bootstrap or _noted("kafka", settings.folder)


def database_of(settings: Settings) -> str:
    """PostgreSQL's address, with its password. Misconfigured where nobody says it."""
    return settings.database.url or _noted("database", settings.folder)


def _noted(what: str, folder: Path) -> str:
    try:
        return str(json.loads((folder / "hub.json").read_text(encoding="utf-8"))[what])
    except (OSError, KeyError, ValueError):
        name = {"kafka": "HUB_KAFKA__BOOTSTRAP", "database": "HUB_DATABASE__URL"}[what]
        raise Misconfigured(f"no hub has noted its addresses in {folder}: start one with `hub up`, or set {name}") from None
