"""Outboxes in memory, copies that stand in them, and a dispatcher of webhooks over both in a thread."""

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from connectors.memory.endpoints import MemoryEndpoints
from connectors.memory.publisher import MemoryPublisher
from connectors.memory.replays import MemoryReplays
from connectors.memory.subscriptions import MemorySubscriptions
from connectors.outbound.webhook import Webhook
from hub.core.networks import networks
from hub.core.registry import Registry
from hub.core.whys import why
from hub.dispatch.choosing import Choosing
from hub.dispatch.outboxes import InOutbox
from hub.dispatch.replaying import Replaying
from hub.dispatch.webhooks import Webhooks
from schemas.errors import HubError
from schemas.messages import AgencyNotice, Delivery, LayoffAlert
from schemas.topics import DELIVERIES, outbox
from schemas.wire import HUB, Message, event, header, read, type_of
from tests.builders import AT, a_small_registry
from tests.waiting import until

LOOPBACK = networks(["127.0.0.0/8"])
AGENCY = "ta-39"
EMPLOYER = "fi:0112038-9"


def a_copy(receipt: str, step: int = 1, agency: str = AGENCY, employer: str = EMPLOYER, **notice: Any) -> Message:
    """An agency's copy of a step, as it stands in its outbox."""
    said = {"id": receipt, "kind": "recruitment", "text": f"{receipt} step {step}"} | notice
    more: dict[str, Any] = {"purpose": "authority", "kind": "recruitment", "received_at": AT, "registry_revision": 7}
    reasons = (why("own-area", "workplace-area", ["fi:kunta:837"], a_small_registry()),)
    copy = AgencyNotice(receipt=receipt, step=step, agency=agency, why=reasons, notice=said, **more)
    name, kind = f"{receipt}.{step}.{agency}", type_of("notice", "recruitment")
    return event(outbox(agency).name, employer, copy, id=name, type=kind, source=HUB, time=AT)


def an_alert(receipt: str, step: int = 1, agency: str = AGENCY, employer: str = EMPLOYER) -> Message:
    """A layoff alert, as it stands in an outbox."""
    reasons = (why("coordinator", "workplace-area", ["fi:kunta:837"], a_small_registry()),)
    more: dict[str, Any] = {"stage": "negotiations", "people": None, "received_at": AT, "registry_revision": 7}
    name = f"{receipt}.{step}.{agency}.alert"
    said = LayoffAlert(receipt=receipt, step=step, agency=agency, event_id=name, why=reasons, notice={"id": receipt}, **more)
    return event(outbox(agency).name, employer, said, id=name, type=type_of("alert", "layoff"), source=HUB, time=AT)


@dataclass
class Boxes:
    """Outboxes: hub.dispatch.webhooks.Reading over lists. `failure` is raised by every look while it is set."""

    epoch: str = "e1"
    records: defaultdict[str, dict[int, InOutbox]] = field(default_factory=lambda: defaultdict(dict))
    came: dict[tuple[str, int], datetime] = field(default_factory=dict)
    failure: HubError | None = None
    ends: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    followed: dict[str, int] = field(default_factory=dict)
    read_again: int = 0

    def put(self, *messages: Message) -> None:
        """At the end of the outbox that the message is for."""
        for message in messages:
            agency = message.topic.split(".")[1]
            offset = self.ends[agency]
            self.records[agency][offset] = InOutbox(agency, offset, message.key, message.value, tuple(message.headers))
            self.came[agency, offset] = datetime.now(UTC)
            self.ends[agency] = offset + 1

    def epochs(self, agencies: Collection[str]) -> dict[str, str]:
        self._ask()
        return dict.fromkeys(agencies, self.epoch)

    def since(self, agency: str, moment: datetime) -> int:
        self._ask()
        return next((offset for offset in sorted(self.records[agency]) if self.came[agency, offset] >= moment), self.ends[agency])

    def first(self, agency: str) -> int:
        self._ask()
        return min(self.records[agency], default=self.ends[agency])

    def part(self, agency: str, offset: int, most: int) -> list[InOutbox]:
        self._ask()
        return [record for place, record in sorted(self.records[agency].items()) if place >= offset][:most]

    def follow(self, wanted: Mapping[str, int]) -> None:
        self.followed = dict(wanted)

    def read(self, most: int, within: float) -> list[InOutbox]:
        self._ask()
        found = []
        for agency, start in self.followed.items():
            new = [record for offset, record in sorted(self.records[agency].items()) if offset >= start][:most]
            self.followed[agency] = new[-1].offset + 1 if new else start
            found += new
        if not found:
            time.sleep(0.01)
        return found

    def again(self, agency: str, offset: int) -> InOutbox | None:
        self._ask()
        self.read_again += 1
        return self.records[agency].get(offset)

    def close(self) -> None:
        pass

    def _ask(self) -> None:
        if self.failure is not None:
            raise self.failure


@dataclass
class Dispatcher:
    """All that a running dispatcher has to do with. `registry` may be exchanged while it runs."""

    boxes: Boxes = field(default_factory=Boxes)
    publisher: MemoryPublisher = field(default_factory=MemoryPublisher)
    store: MemoryEndpoints = field(default_factory=lambda: MemoryEndpoints(lambda: datetime.now(UTC)))
    replays: MemoryReplays = field(init=False)
    subscriptions: MemorySubscriptions = field(default_factory=MemorySubscriptions)
    registry: Registry = field(default_factory=a_small_registry)
    seconds: float = 5.0

    def __post_init__(self) -> None:
        self.replays = MemoryReplays(self.store, lambda: datetime.now(UTC))

    def add(self, url: str, agency: str = AGENCY, subscription: str | None = None) -> tuple[str, str]:
        """A new endpoint: its id and its secret."""
        info, secret = self.store.add(agency, url, "structured", subscription)
        return info.id, secret

    def rights(self) -> tuple[Registry, date]:
        return self.registry, date(2026, 11, 25)

    def deliveries(self) -> list[Delivery]:
        """What stands on the topic `deliveries`."""
        said = [message for message in self.publisher.messages if message.topic == DELIVERIES.name]
        kept = [message for message in said if header(message.headers, "ce_type") == type_of("delivery")]
        return [read(Delivery, message.value, message.headers) for message in kept]

    @contextmanager
    def running(self) -> Iterator[None]:
        """In a thread until the block ends; an exception in it comes out here."""
        now = partial(datetime.now, UTC)
        choosing = Choosing(self.subscriptions.standing, self.rights)
        replaying = Replaying(self.replays, self.boxes, choosing, self.rights, now)
        stop, failed = threading.Event(), list[BaseException]()
        made = Webhooks(
            self.store,
            self.boxes,
            lambda: Webhook(LOOPBACK, self.seconds),
            self.publisher,
            self.rights,
            choosing,
            now,
            replaying=replaying,
        )

        def run() -> None:
            try:
                made.run(stop)
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            until(lambda: self.boxes.followed or not self.store.kept or failed)
            yield
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()
        if failed:
            raise failed[0]
