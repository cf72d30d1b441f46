"""The API over the twins in memory, asked through its ASGI door."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.acting import Acting
from api.app import create_app
from api.confirming import Confirming
from api.dependencies import MailParts, ReplayParts, Webhooks
from api.events import Streams
from api.examples import NOTICES
from api.partnering import Partnering
from api.subscribing import Subscribing
from connectors.memory.audit import MemoryAudit
from connectors.memory.confirming import MemoryConfirmed, MemoryGroups
from connectors.memory.endpoints import MemoryEndpoints
from connectors.memory.keys import MemoryKeys
from connectors.memory.mailboxes import MemoryMailboxes
from connectors.memory.partners import MemoryPartners
from connectors.memory.publisher import MemoryPublisher
from connectors.memory.reading import MemoryReading
from connectors.memory.replays import MemoryReplays
from connectors.memory.subscriptions import MemorySubscriptions
from connectors.outbound.webhook import Webhook
from hub.core.answers import NO_NAME, Answer
from hub.core.networks import networks
from hub.core.registry import Registry
from hub.core.xroad import NOBODY, Servers
from hub.ports import Posting, Target, Told
from schemas.topics import Topic
from tests.builders import a_small_registry

AGENCY = "ta-39"
OTHER = "evk-03"
ALL = frozenset({"publish", "read", "subscribe", "manage", "operate"})
LOOPBACK = networks(["127.0.0.0/8"])
MAIL_SECRET = b"a secret of links in mails"
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def prefixed(topic: Topic) -> str:
    return f"t.{topic.name}"


_TLS = httpx2.create_ssl_context(trust_env=False)
"""Made once: it reads all authorities, which takes longer than most tests."""


@dataclass
class Hub:
    """An API and what stands behind it."""

    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    reading: MemoryReading = field(default_factory=MemoryReading)
    subscriptions: MemorySubscriptions = field(default_factory=MemorySubscriptions)
    registry: Registry = field(default_factory=a_small_registry)
    endpoints: MemoryEndpoints = field(default_factory=lambda: MemoryEndpoints(lambda: datetime.now(UTC)))
    mailboxes: MemoryMailboxes = field(default_factory=lambda: MemoryMailboxes(lambda: datetime.now(UTC)))
    posting: Posting = field(default_factory=lambda: Webhook(LOOPBACK, 2.0, _TLS))
    replays: MemoryReplays = field(init=False)
    confirmed: MemoryConfirmed = field(init=False)
    groups: MemoryGroups = field(default_factory=MemoryGroups)
    waiting: int = 0
    streams: Streams = field(default_factory=Streams)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    servers: Servers = NOBODY
    partners: MemoryPartners = field(default_factory=lambda: MemoryPartners(lambda: NOW))

    def __post_init__(self) -> None:
        if isinstance(self.keys, MemoryKeys):
            self.keys.state_of = self.partners.state
        self.confirmed = MemoryConfirmed(self.endpoints)
        self.replays = MemoryReplays(self.endpoints, lambda: NOW)
        subscribing = Subscribing(self.subscriptions, self.reading, lambda: self.registry, NOW.date)
        self.app: FastAPI = create_app(
            *(self.publisher, self.keys, self.reading, Webhooks(self.endpoints, self.posting, LOOPBACK), prefixed),
            backlog=lambda: self.waiting,
            streams=self.streams,
            subscribing=subscribing,
            acting=Acting(lambda: self.registry, NOW.date, self.audit.record, self.partners.state, self.servers),
            partners=Partnering(self.partners, lambda: self.registry, lambda: NOW, NOW.date),
            mail=MailParts(self.mailboxes, MAIL_SECRET),
            now=lambda: NOW,
            replaying=ReplayParts(self.replays, 50),
            confirming=Confirming(self.confirmed, self.groups, lambda: NOW),
        )
        self.key = self.keys.issue(AGENCY, "test", ALL)

    def headers(self, agency: str = AGENCY, scopes: frozenset[str] = ALL) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys.issue(agency, 'test', scopes)}"}

    def bodies(self) -> list[Any]:
        return [json.loads(json.loads(message.value or b"")["body"]) for message in self.publisher.messages]


class NoCalls:
    """Calls nobody, and says so."""

    async def attempt(self, target: Target, told: Told, at: datetime) -> Answer:
        return NO_NAME

    async def close(self) -> None:
        pass


def no_webhooks() -> Webhooks:
    """For a test that is not about them."""
    return Webhooks(MemoryEndpoints(lambda: NOW), NoCalls())


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    with TestClient(hub.app, headers={"Authorization": f"Bearer {hub.key}"}) as client:
        yield client


@pytest.fixture
def anyone(hub: Hub) -> Iterator[TestClient]:
    """A client without a key, from another machine."""
    with TestClient(hub.app) as client:
        yield client


Change = Callable[[dict[str, Any]], Any]


def a_notice(of: str = "downsizing", /, **changes: Any) -> dict[str, Any]:
    """A valid notice of that kind, with these fields changed."""
    return copy.deepcopy(NOTICES[of]) | changes


def is_problem(response: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem in the answer, after a look at everything that each problem has to have."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["status"] == status
    assert told["type"] == f"/problems/{told['code']}"
    assert told["title"]
    assert told["detail"]
    assert told["advice"]
    assert told["trace_id"] == response.headers["x-trace-id"]
    assert code is None or told["code"] == code
    return told
