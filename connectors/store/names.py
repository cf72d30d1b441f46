"""Which database and which schemas in it. Tests put a prefix before each schema's name and so share one database."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from schemas.errors import Misconfigured

_CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # keepalives say nothing of a server that went while we were sending to it
    "application_name": "employer-hub",
}
_MOST = 40


@dataclass(frozen=True, slots=True)
class Schemas:
    """The names of the three schemas. `view` may stand for `view_new` while that is being filled."""

    prefix: str = ""
    view_suffix: str = ""

    def __post_init__(self) -> None:
        if len(self.prefix) > _MOST or not f"x{self.prefix}{self.view_suffix}".isidentifier():
            raise Misconfigured("the prefix of the database's schemas is letters, digits and underscores")

    @property
    def registry(self) -> str:
        """Truth: areas, agencies, offerings by revision."""
        return f"{self.prefix}registry"

    @property
    def work(self) -> str:
        """Truth: what people and the hub's doors leave behind."""
        return f"{self.prefix}work"

    @property
    def view(self) -> str:
        """What can be built again from the topics."""
        return f"{self.prefix}view{self.view_suffix}"

    def bind(self, engine: Engine) -> Engine:
        """The same pool, with the names of the tables' schemas turned into these."""
        return engine.execution_options(schema_translate_map=self.translation())

    def translation(self) -> dict[str | None, str | None]:
        """Schema names as the tables have them, to the real ones."""
        return {"registry": self.registry, "work": self.work, "view": self.view}


REAL = Schemas()
"""Those of a hub; only tests and trials have others."""


def connect(url: str, size: int = 5) -> Engine:
    """A pool of at most `size` + 5 connections, checked before use: the server may have been restarted."""
    parts = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(parts, pool_size=size, max_overflow=5, pool_timeout=10, pool_pre_ping=True, connect_args=_CONNECT)
    event.listen(engine, "connect", _plan_for_the_values)
    return engine


def _plan_for_the_values(connection: Any, record: object) -> None:
    """A plan that fits every value is far too slow for a rare word or a large agency."""
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def schema_exists(connection: Connection, name: str) -> bool:
    """Whether the database has a schema of that name."""
    found = connection.exec_driver_sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (name,))
    return found.first() is not None
