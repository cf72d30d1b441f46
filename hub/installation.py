"""What every adapter of an installation stands on: its addresses, its names, its database, its secrets."""

import json
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from connectors.store.names import Schemas, connect
from hub.addresses import database_of, kafka_of
from hub.projection.sources import Sources
from hub.settings import Settings
from schemas.errors import Misconfigured

SECRETS = "secrets.json"
"""Below the folder: the secrets of an installation, where no settings give them."""


@dataclass(frozen=True)
class Installation:
    """By its settings."""

    settings: Settings

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return kafka_of(self.settings)

    @property
    def url(self) -> str:
        """PostgreSQL's address, with its password."""
        return database_of(self.settings)

    @property
    def prefix(self) -> str:
        """What stands before each topic's name."""
        return self.settings.kafka.topic_prefix

    @property
    def schemas(self) -> Schemas:
        """Names of the database's schemas: a prefix of topics is also one of schemas."""
        return Schemas(self.prefix.replace(".", "_").replace("-", "_"))

    @cached_property
    def engine(self) -> Engine:
        """Connections to PostgreSQL."""
        return connect(self.url, size=10)

    @cached_property
    def _kept_secrets(self) -> dict[str, str]:
        place = self.settings.folder / SECRETS
        try:
            return dict(json.loads(place.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            raise Misconfigured(
                f"there is no {place}: `hub up` makes it; or set HUB_SECRETS__KEYS and HUB_SECRETS__CURSORS"
            ) from None

    def secret(self, name: str) -> bytes:
        """What settings give under that name, else what the folder keeps. Misconfigured where there is neither."""
        given = getattr(self.settings.secrets, name)
        return given.get_secret_value().encode() if given else self._kept_secrets[name].encode()

    def topic_sources(self) -> Sources:
        """What the broker says of the topics that are projected."""
        return Sources(self.bootstrap, self.prefix)
