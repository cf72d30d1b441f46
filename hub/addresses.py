"""Where Kafka and PostgreSQL are: what the settings say, else what a hub that runs on the folder has noted there."""

import json
from pathlib import Path

from hub.settings import Settings
from schemas.errors import Misconfigured

_SETTINGS = {
    "kafka": "HUB_KAFKA__BOOTSTRAP",
    "database": "HUB_DATABASE__URL",
    "kafka_for_agencies": "HUB_KAFKA__PARTNER_BOOTSTRAP",
}
"""By what is noted, the setting that may say it instead."""


def kafka_of(settings: Settings) -> str:
    """Kafka's address. Misconfigured where nobody says it."""
    return settings.kafka.bootstrap or _noted("kafka", settings.folder)


def database_of(settings: Settings) -> str:
    """PostgreSQL's address, with its password. Misconfigured where nobody says it."""
    return settings.database.url or _noted("database", settings.folder)


def partners_kafka_of(settings: Settings) -> str:
    """The address of Kafka's listener for agencies. Misconfigured where nobody says it."""
    return settings.kafka.partner_bootstrap or _noted("kafka_for_agencies", settings.folder)


def _noted(what: str, folder: Path) -> str:
    try:
        if address := json.loads((folder / "hub.json").read_text(encoding="utf-8"))[what]:
            return str(address)
        raise KeyError(what)
    except (OSError, KeyError, ValueError):
        name = _SETTINGS[what]
        raise Misconfigured(f"no hub has noted its addresses in {folder}: start one with `hub up`, or set {name}") from None
