"""The hub's settings: the only reader of the environment, read once, frozen. `HUB_KAFKA__BOOTSTRAP` sets kafka.bootstrap."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseModel):
    """Where Kafka is."""

    bootstrap: str | None = Field(default=None, description="Address of an existing Kafka; none = an own broker is started.")
    partner_bootstrap: str | None = Field(
        default=None, description="Address of Kafka's listener for agencies (SCRAM, ACLs); none = that of the own broker."
    )
    heap: str = Field(default="256m", description="Heap of the own broker, as Java's -Xmx takes it.")
    topic_prefix: str = Field(default="", description="Put before each topic's name, so that several hubs share a broker.")


class DatabaseSettings(BaseModel):
    """Where PostgreSQL is."""

    url: str | None = Field(default=None, description="URL of an existing PostgreSQL; none = an own server is started.")


class ApiSettings(BaseModel):
    """Where the API listens."""

    port: int = Field(default=8080, description="Port on 127.0.0.1; another free one is taken where it is in use.")
    url: str | None = Field(default=None, description="Address of a running API, for commands that publish; none = hub.json's.")


class WebhookSettings(BaseModel):
    """How agencies' endpoints are called."""

    networks: tuple[str, ...] = Field(
        default=(),
        description="Networks that are called though they are not public, by http too, as a JSON list; to try it out: "
        '["127.0.0.0/8", "::1/128"].',
    )
    seconds: float = Field(default=15.0, gt=0, le=60, description="Seconds that one attempt to tell an endpoint may take.")
    replays_per_second: int = Field(
        default=50, ge=1, le=1_000, description="Events a second that a replay to an endpoint may tell at the most."
    )


class MailSettings(BaseModel):
    """The mail server that takes the hub's mails. Without `host` the hub sends none."""

    host: str | None = Field(default=None, description="Name of the mail server (SMTP); none = the hub sends no mail.")
    port: int = Field(default=587, ge=1, le=65_535, description="Its port: 587 for STARTTLS, 465 for TLS from the start.")
    tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is kept secret; none is for a server on the same machine."
    )
    user: str | None = Field(default=None, description="Name to sign in with; none = without signing in.")
    password: SecretStr | None = Field(default=None, description="Password to sign in with.")
    sender: str | None = Field(default=None, description="Address from which mails come, such as no-reply@hub.example.")
    link: str | None = Field(
        default=None,
        pattern=r"^https?://[!-~]+$",
        description="Public address of the API, such as https://hub.example: links in mails begin with it. A name with letters "
        "beyond a to z stands in its ASCII form (xn--…), which every mail program can follow.",
    )
    seconds: float = Field(default=30.0, gt=0, le=120, description="Seconds that one attempt to hand over a mail may take.")


class XRoadSettings(BaseModel):
    """Requests that come through X-Road."""

    servers: tuple[str, ...] = Field(
        default=(),
        description="Addresses of the hub's own security server, as a JSON list of networks; none = nobody comes through X-Road.",
    )
    secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What a proxy between the security server and the hub shows in the header X-Security-Server-Key; "
        "needed wherever there is a proxy, since anybody's request has its address.",
    )


class SecretSettings(BaseModel):
    """Secrets of an installation. None = made up once and kept in `<folder>/secrets.json`, readable by its owner only."""

    keys: SecretStr | None = Field(default=None, description="Secret by which API keys are hashed; changing it ends all keys.")
    cursors: SecretStr | None = Field(
        default=None, description="Secret by which cursors are signed; changing it ends all cursors."
    )
    mail: SecretStr | None = Field(
        default=None,
        description="Secret by which links in mails are signed; none = made from that of keys. Changing it ends all links.",
    )
    webhooks: SecretStr | None = Field(
        default=None,
        description="Secret from which those of endpoints are made; none = made from that of keys. Changing it changes them all.",
    )


class Settings(BaseSettings):
    """All settings; nested names are joined by two underscores in the environment."""

    model_config = SettingsConfigDict(env_prefix="HUB_", env_nested_delimiter="__", frozen=True, extra="forbid")

    folder: Path = Field(default=Path("var"), description="Folder for data, logs and addresses of a hub on one machine.")
    log: Literal["plain", "json"] = Field(default="plain", description="How processes log: lines for people, or JSON.")
    kafka: KafkaSettings = KafkaSettings()
    database: DatabaseSettings = DatabaseSettings()
    api: ApiSettings = ApiSettings()
    webhooks: WebhookSettings = WebhookSettings()
    xroad: XRoadSettings = XRoadSettings()
    mail: MailSettings = MailSettings()
    secrets: SecretSettings = SecretSettings()
    registry: tuple[str, ...] = Field(
        default=("fi",), description="Registries to serve: a name in hub/data, or a folder of further rows, as a JSON list."
    )
