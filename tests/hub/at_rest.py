"""The log, the views and the registry of a hub of which no process runs: what its agents say is written here by hand."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log, LogRecord
from connectors.outbound.topics import apply_topics
from connectors.store.migrate import drop_everything, migrate
from connectors.store.publishing import publish_changes
from connectors.store.registry import entries_of, import_registry
from hub.core.in_force import PARTITIONS, Mark, report_of
from hub.core.registry import Registry
from hub.narrowing import Looked, Narrowing
from hub.projection.projector import Projector
from hub.reckoning import reckon
from hub.settings import DatabaseSettings, KafkaSettings, SecretSettings, Settings
from hub.wiring import Wiring
from schemas import topics
from schemas.topics import BACK, FRONT, PINNED, READERS, outbox
from schemas.wire import Message
from tests.builders import DAY, a_small_registry, an_agency
from tests.hub.agents.numbered import Numbered
from tests.hub.agents.steps import PREFIX

EVK: dict[str, Any] = {"kind": "evk", "ring": "tem-group", "areas": ("fi:evk:04",), "kinds": ("development", "downsizing")}


def a_registry(**evk: Any) -> Registry:
    """The small one, with evk-04 changed so."""
    small = a_small_registry()
    agencies = [one for one in small.all_agencies.values() if one.id != "evk-04"]
    return Registry.of(1, small.areas.values(), [*agencies, an_agency("evk-04", **(EVK | evk))], small.all_offerings.values())


class Hub:
    """`tell` is a step that was carried all the way, into the views too; `come_into_force` publishes a changed registry."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.day = DAY
        self.steps = Numbered()
        self.revision = 0
        self._projector: Projector | None = None
        self._admin = AdminClient({"bootstrap.servers": wiring.bootstrap, "log_level": 2})

    def narrowing(self, **how: Any) -> Narrowing:
        """As a dispatcher that starts now has it, but that it does not wait before it sets its mark."""
        return Narrowing(self.wiring, lambda: self.day, **({"brokers_day": lambda: self.day, "clean_for": 0.0} | how))

    def look(self, days: int = 0, **how: Any) -> Looked:
        """One look, so many days later."""
        self.day = DAY + timedelta(days=days)
        return self.narrowing(**how).look()

    def mark(self) -> Mark | None:
        """By which revision and on which day all was done."""
        standings = self.wiring.standings()
        standings.now()
        return standings.outboxes()

    def tell(self, *bodies: Any) -> None:
        """Carry these submissions all the way."""
        before = len(self.steps.received), len(self.steps.log)
        self.steps.tell(*bodies)
        self.write([*self.steps.received[before[0] :], *self.steps.log[before[1] :]])
        self.acknowledge()
        self.project()

    def write(self, messages: Sequence[Message]) -> None:
        """Messages onto their topics, nobody having read them yet."""
        self.wiring.publisher.publish([
            Message(self.wiring.prefix + one.topic.removeprefix(PREFIX), one.key, one.value, one.headers, 0) for one in messages
        ])  # fmt: skip

    def acknowledge(self) -> None:
        """The agents have read all that is there."""
        log = Log(self.wiring.bootstrap, self.wiring.prefix)
        for group in (FRONT, BACK):
            ends = log.ends([topic.name for topic in READERS[group]])
            settings = {"bootstrap.servers": self.wiring.bootstrap, "group.id": self.wiring.prefix + group}
            consumer = Consumer(settings | {"enable.auto.commit": False})
            places = [TopicPartition(self.wiring.prefix + name, number, end) for (name, number), end in ends.items()]
            consumer.commit(offsets=places, asynchronous=False)
            consumer.close()

    def project(self) -> None:
        """The views have taken in all that is there."""
        if self._projector is None:
            self._projector = Projector(self.wiring.bootstrap, self.wiring.view_writer(), self.wiring.prefix)
            self._projector.resume()
        while self._projector.lag():
            self._projector.step()

    def publish(self, registry: Registry) -> None:
        """The next revision; no partition has reported it."""
        entries = entries_of(registry.areas.values(), registry.all_agencies.values(), registry.all_offerings.values())
        import_registry(self.wiring.engine, entries, "test", complete=True, schemas=self.wiring.schemas)
        self.revision = publish_changes(self.wiring.engine, self.wiring.bootstrap, self.wiring.prefix, self.wiring.schemas)

    def report(self, but: tuple[str, int] | None = None) -> None:
        """All partitions decide by the newest revision, but for one."""
        places = [(agent, number) for agent, count in PARTITIONS.items() for number in range(count)]
        topic = self.wiring.prefix + PINNED.name
        self.wiring.publisher.publish([report_of(topic, *place, self.revision) for place in places if place != but])

    def come_into_force(self, **evk: Any) -> None:
        """The registry with evk-04 changed so, and reported by all."""
        self.publish(a_registry(**evk))
        self.report()

    def records(self, agency: str) -> list[LogRecord]:
        """What stands in the agency's outbox."""
        return self.on(outbox(agency))

    def on(self, topic: topics.Topic) -> list[LogRecord]:
        """What stands on a topic."""
        return list(Log(self.wiring.bootstrap, self.wiring.prefix).read([topic.name]))

    def forget(self, topic: topics.Topic) -> None:
        """The topic's records are no more."""
        ((_, number), end), *_ = Log(self.wiring.bootstrap, self.wiring.prefix).ends([topic.name]).items()
        place = TopicPartition(self.wiring.prefix + topic.name, number, end)
        for future in self._admin.delete_records([place]).values():
            future.result()

    def unaccounted(self) -> list[str]:
        """What the reckoning misses."""
        return [str(found) for found in reckon(self.wiring.bootstrap, self.wiring.prefix, None, 0).unaccounted()]

    def close(self) -> None:
        """Nothing is left of it."""
        if self._projector is not None:
            self._projector.close()
        self.wiring.publisher.close()
        self.wiring.engine.dispose()
        drop_everything(self.wiring.url, self.wiring.schemas.prefix)
        left = [name for name in self._admin.list_topics(timeout=20).topics if name.startswith(self.wiring.prefix)]
        for future in self._admin.delete_topics(left).values():
            future.result()


def a_hub_at_rest(bootstrap: str, database_url: str, topic_prefix: str, folder: Path) -> Hub:
    """With the small registry in force, and nothing told yet. Close it."""
    prefix = f"{topic_prefix}{os.getpid()}."
    wiring = Wiring(
        Settings(
            folder=folder,
            kafka=KafkaSettings(bootstrap=bootstrap, topic_prefix=prefix),
            database=DatabaseSettings(url=database_url),
            secrets=SecretSettings(cursors="narrowing-narrowing"),
        )
    )
    apply_topics(bootstrap, [*topics.FIXED, *map(outbox, a_small_registry().all_agencies)], prefix)
    migrate(database_url, wiring.schemas.prefix)
    hub = Hub(wiring)
    hub.come_into_force()
    return hub
