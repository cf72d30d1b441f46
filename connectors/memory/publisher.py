"""Kafka in memory: hub.ports.Publisher over lists."""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from threading import Lock

from hub.ports import Publisher
from schemas.errors import HubError
from schemas.messages import Coordinates
from schemas.topics import PARTITIONS
from schemas.wire import Message


class MemoryPublisher:
    """Keeps what was published in `log`, in order. `failure` is raised in place of writing for as long as it is set."""

    def __init__(self, partitions: int = PARTITIONS) -> None:
        self._partitions = partitions
        self._ends: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._lock = Lock()
        self.log: list[tuple[Message, Coordinates]] = []
        self.failure: HubError | None = None

    @property
    def messages(self) -> list[Message]:
        """What was published, without its places."""
        return [message for message, _ in self.log]

    def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
        """Where each message stands now, in the order given."""
        with self._lock:
            if self.failure is not None:
                raise self.failure
            return [self._append(message) for message in messages]

    def _append(self, message: Message) -> Coordinates:
        partition = zlib.crc32(message.key or b"") % self._partitions if message.partition is None else message.partition
        offset = self._ends[message.topic, partition]
        self._ends[message.topic, partition] = offset + 1
        place = Coordinates(topic=message.topic, partition=partition, offset=offset)
        self.log.append((message, place))
        return place


_: type[Publisher] = MemoryPublisher
