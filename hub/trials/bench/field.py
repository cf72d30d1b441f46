"""One measured run's own topics, preloaded, on the broker that the runs share; and how far it has come."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log
from hub.trials.load import Item
from hub.trials.soak.ground import Ground
from hub.trials.soak.model import wanted
from hub.trials.soak.places import Places
from hub.trials.soak.publishing import Publishing
from hub.wiring import Wiring
from schemas.topics import EVENTS, RECEIVED, outbox

_AT_ONCE = 1e9


@dataclass(frozen=True, slots=True)
class Field:
    """Topics under a prefix of their own, holding submissions that nobody has read yet."""

    wiring: Wiring
    copies: int
    """How many records there have to be in the outboxes at the end."""
    log: Log
    outboxes: tuple[str, ...]

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return self.wiring.bootstrap

    @property
    def prefix(self) -> str:
        """What stands before each topic's name."""
        return self.wiring.prefix

    def begun(self) -> bool:
        """Whether the first submission was taken."""
        return sum(self.log.ends([EVENTS.name]).values()) > 0

    def arrived(self) -> int:
        """Records in the outboxes."""
        return sum(self.log.ends(self.outboxes).values())


@contextmanager
def field(ground: Ground, prefix: str, items: Sequence[Item], places: Places) -> Iterator[Field]:
    """Make the topics and the registry, send all items; afterwards the topics go again."""
    kafka = ground.settings.kafka.model_copy(update={"topic_prefix": prefix})
    wiring = Wiring(ground.settings.model_copy(update={"kafka": kafka}))
    wiring.make_ready()
    admin, log = AdminClient({"bootstrap.servers": ground.bootstrap, "log_level": 0}), Log(ground.bootstrap, prefix)
    names = [name for name in admin.list_topics(timeout=20).topics if name.startswith(prefix)]
    try:
        _preload(ground.bootstrap, prefix + RECEIVED.name, items)
        firsts = [wanted(item, places) for item in items if item.twin is None]
        told = {agency for one in firsts for _, agency in one.copies}
        boxes = tuple(outbox(agency).name for agency in sorted(told))
        yield Field(wiring, sum(len(one.copies) for one in firsts), log, boxes)
    finally:
        wiring.engine.dispose()
        for future in admin.delete_topics(names, operation_timeout=30).values():
            future.result()


def _preload(bootstrap: str, topic: str, items: Sequence[Item]) -> None:
    publishing = Publishing(bootstrap, topic, items, _AT_ONCE)
    publishing.begin()
    publishing.join()
