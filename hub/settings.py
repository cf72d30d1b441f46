"""The hub's settings: the only reader of the environment, read once, frozen. `HUB_KAFKA__BOOTSTRAP` sets kafka.bootstrap."""

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseModel):
    """Where Kafka is."""

    bootstrap: str | None = Field(default=None, description="Address of an existing Kafka; none = an own broker is started.")
    heap: str = Field(default="256m", description="Heap of the own broker, as Java's -Xmx takes it.")
    topic_prefix: str = Field(default="", description="Put before each topic's name, so that several hubs share a broker.")


class DatabaseSettings(BaseModel):
    """Where PostgreSQL is."""

    url: str | None = Field(default=None, description="URL of an existing PostgreSQL; none = an own server is started.")


class Settings(BaseSettings):
    """All settings; nested names are joined by two underscores in the environment."""

    model_config = SettingsConfigDict(env_prefix="HUB_", env_nested_delimiter="__", frozen=True, extra="forbid")

    folder: Path = Field(default=Path("var"), description="Folder for data, logs and addresses of a hub on one machine.")
    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
