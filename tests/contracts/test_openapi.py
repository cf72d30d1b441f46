"""The API is as its OpenAPI document says, on a real Kafka and a real PostgreSQL, over a socket: every operation, every check.

Few cases in each run of the tests; `HUB_CASES=100 .venv/bin/pytest tests/contracts/test_openapi.py` tries so many for each
operation, and every combination that the document gives rise to.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from sqlalchemy import update

from api.acting import Acting
from api.app import create_app
from api.bodies import LINES
from api.confirming import Confirming
from api.dependencies import MailParts, ReplayParts, Webhooks
from api.events import Streams
from api.partnering import Partnering
from api.subscribing import Subscribing
from connectors.outbound.kafka import KafkaPublisher
from connectors.outbound.partner_groups import KafkaPartnerGroups
from connectors.outbound.topics import apply_topics
from connectors.store.audit import PostgresAudit
from connectors.store.confirming import PostgresConfirmed
from connectors.store.endpoint_tables import ENDPOINTS
from connectors.store.endpoints import PostgresEndpoints
from connectors.store.keys import PostgresKeys
from connectors.store.mailboxes import PostgresMailboxes
from connectors.store.migrate import drop_everything, migrate
from connectors.store.names import Schemas, connect
from connectors.store.partners import PostgresPartners
from connectors.store.reading import PostgresReading
from connectors.store.replays import PostgresReplays
from connectors.store.subscriptions import PostgresSubscriptions
from hub.projection.sources import Sources
from schemas.topics import RECEIVED
from tests.api.conftest import ALL, Hub, NoCalls
from tests.api.served import Served
from tests.builders import a_small_registry
from tests.connectors.store.filling import CURSOR_SECRET, Filler
from tests.embedded import Services
from tests.hub.projection import said

pytestmark = [pytest.mark.broker, pytest.mark.database]
AGENCY = "ta-39"
MANY = int(os.environ.get("HUB_CASES", "0"))
"""Cases for each operation where that is asked for; else the few that cost no time."""

_ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429", "5xx"]
_REJECTED = ["400", "401", "403", "404", "405", "406", "409", "415", "422", "428", "429", "5xx"]
CONFIG = schemathesis.Config.from_dict(
    {
        # A text of the right form is not yet a Business ID, a cursor of this list or an area of the registry: 422 says which.
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_ACCEPTED, "422"]}},
        "phases": {"coverage": {"enabled": bool(MANY)}},
        "operations": [
            # Of a list, each notice has its own verdict; of lines, a document can say no more than that they are a text.
            {
                "include-path": ["/v1/notices/batch", "/v1/notices/ndjson"],
                "checks": {"negative_data_rejection": {"expected-statuses": [*_REJECTED, "202", "207"]}},
            },
            {  # a test notice is judged in the answer
                "include-path": ["/v1/partner/test-notices"],
                "checks": {"negative_data_rejection": {"expected-statuses": [*_REJECTED, "200"]}},
            },
        ],
    }
)


@dataclass
class Place:
    """A running API, a key for it, and what is there to be asked for."""

    url: str
    key: str
    new_key: Callable[[], str]
    a_day_passes: Callable[[], None]
    """Of addresses for mail only some may be registered in a day."""

    def headers(self) -> dict[str, str]:
        """As from another machine, past a proxy: on the machine itself the operator needs no key."""
        return {"Authorization": f"Bearer {self.key}", "X-Forwarded-For": "192.0.2.7"}

    def known(self, name: str) -> str:
        """A value of that path parameter with which something is found."""
        fixed = {"receipt": said.receipt(), "employer_key": "fi:9000001-1"}
        if name == "key_id":  # never that of the key in use: it would be revoked
            return self.new_key().split("_")[1]
        if name == "replay":
            return self._made(f"/v1/endpoints/{self.known('endpoint')}/replays", {"since": "2026-01-01T00:00:00Z"})
        return fixed.get(name) or self._made(*_MADE[name])

    def _made(self, path: str, body: dict[str, Any]) -> str:
        """The first there is, made where there is none any more."""
        with httpx2.Client(base_url=self.url, headers=self.headers()) as client:
            if items := client.get(path).json()["items"]:
                return str(items[0]["id"])
            self.a_day_passes()
            return str(client.post(path, json=body).json()["id"])


_MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "endpoint": ("/v1/endpoints", {"url": "https://agency.example/known"}),
    "mailbox": ("/v1/mailboxes", {"address": "known@agency.example"}),
    "id": ("/v1/subscriptions", {"name": "known", "filter": {"kind": ["downsizing"]}}),
}


class ServedApp:
    """What tests.api.served wants to have."""

    def __init__(self, app: Any, streams: Streams) -> None:
        self.app = app
        self.streams = streams


@pytest.fixture(scope="module")
def place(servers: Services) -> Iterator[Place]:
    """The API as hub.serving puts it together, with a few notices in its views."""
    prefix = f"openapi{os.getpid()}."
    names, engine = Schemas(prefix.replace(".", "_")), connect(servers.url, size=10)
    apply_topics(servers.bootstrap, [RECEIVED], prefix)
    migrate(servers.url, names.prefix)
    publisher, streams = KafkaPublisher(servers.bootstrap), Streams(longest=0)
    fill = Filler(engine, names)
    for number in (1, 2, 3):
        fill([*said.path(said.notice(number), to=("ta-39", "ta-08")), said.refused(said.notice(number + 10), offset=number)])
    keys = PostgresKeys(engine, b"a secret of the tests", names)
    partners = PostgresPartners(engine, names)
    groups = KafkaPartnerGroups(servers.bootstrap, Sources(servers.bootstrap, prefix).epochs, prefix)
    reading = PostgresReading(engine, CURSOR_SECRET, names, lag=lambda positions: {})

    def today() -> Any:
        return datetime.now(UTC).date()

    def a_day_passes() -> None:
        with names.bind(engine).begin() as connection:
            connection.execute(update(ENDPOINTS).values(made=ENDPOINTS.c.made - timedelta(days=1)))

    app = create_app(
        *(publisher, keys, reading, Webhooks(PostgresEndpoints(engine, b"s" * 32, CURSOR_SECRET, names), NoCalls())),
        lambda topic: prefix + topic.name,
        checks={"kafka": publisher.ready},
        streams=streams,
        mail=MailParts(PostgresMailboxes(engine, CURSOR_SECRET, names), b"m" * 32),
        subscribing=Subscribing(PostgresSubscriptions(engine, names), reading, a_small_registry, today),
        replaying=ReplayParts(PostgresReplays(engine, names)),
        confirming=Confirming(PostgresConfirmed(engine, names), groups, lambda: datetime.now(UTC)),
        acting=Acting(a_small_registry, today, PostgresAudit(engine, names).record, partners.state),
        partners=Partnering(partners, a_small_registry, lambda: datetime.now(UTC), today),
    )
    running = Served(ServedApp(app, streams))  # type: ignore[arg-type] # all that it asks of a hub
    yield Place(running.url, keys.issue(AGENCY, "tests", ALL), lambda: keys.issue(AGENCY, "spare", ALL), a_day_passes)
    running.stop()
    publisher.close()
    engine.dispose()
    drop_everything(servers.url, names.prefix)


@schemathesis.serializer(*LINES)
def lines(ctx: Any, value: Any) -> bytes:
    """Lines travel as they are."""
    return value.encode(errors="surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


DOCUMENT = schemathesis.openapi.from_dict(Hub().app.openapi(), config=CONFIG)
OPERATIONS = [found.ok() for found in DOCUMENT.get_all_operations()]


def test_every_operation_is_tried() -> None:
    documented = {(method.upper(), path) for path, methods in Hub().app.openapi()["paths"].items() for method in methods}
    assert {(operation.method.upper(), operation.path) for operation in OPERATIONS} == documented


@DOCUMENT.parametrize()
@settings(max_examples=MANY or 3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_the_api_is_as_described(case: schemathesis.Case[Any], place: Place) -> None:
    """What the document lets be sent, and what it does not; where a thing is named, mostly one that is there."""
    _name_what_is_there(case, place)
    case.call_and_validate(base_url=place.url, headers=place.headers())


def _name_what_is_there(case: schemathesis.Case[Any], place: Place) -> None:
    path = case.meta.components.get(ParameterLocation.PATH) if case.meta else None
    if case.path_parameters and path is not None and path.mode.is_positive:
        for name in case.path_parameters:
            case.path_parameters[name] = place.known(name)
