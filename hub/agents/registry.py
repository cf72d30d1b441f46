"""The registry as this process knows it: read from registry.changes, applied revision by revision, never in part."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson
import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from hub.core.registry import Registry
from schemas.agency import Agency, Area
from schemas.errors import HubError, Misconfigured, NotReady
from schemas.offering import Offering
from schemas.topics import REGISTRY
from schemas.wire import know_version

log = structlog.get_logger()

SNAPSHOT = "snapshot"
_ANSWER_WITHIN = 20.0
_READ_BACK_WITHIN = 2.0
_RECENT = 4
"""Revisions that are kept in memory: stages move to a new one one after the other, within a second."""


class Entries:
    """The entries by type and id; those of a revision come in together, when its `snapshot` record has been read."""

    def __init__(self) -> None:
        self.revision = 0
        self._there: dict[tuple[str, str], dict[str, Any]] = {}
        self._waiting: list[dict[str, Any]] = []

    def take(self, value: bytes) -> bool:
        """The next record; whether a revision is complete with it."""
        entry = orjson.loads(value)
        if entry["type"] != SNAPSHOT:
            self._waiting.append(entry)
            return False
        for waiting in self._waiting:
            self._apply(waiting)
        self._waiting.clear()
        self.revision = max(self.revision, entry["revision"])
        return True

    def _apply(self, entry: dict[str, Any]) -> None:
        name = (entry["type"], entry["id"])
        if entry["body"] is None:
            self._there.pop(name, None)
        else:
            self._there[name] = entry["body"]

    def registry(self) -> Registry:
        """What holds at this revision."""
        return registry_of(self.revision, self._there)


def registry_of(revision: int, bodies: Mapping[tuple[str, str], dict[str, Any]]) -> Registry:
    """The registry that these entries make, each by its type and id."""
    of: dict[str, list[dict[str, Any]]] = {"area": [], "agency": [], "offering": []}
    for (kind, _), body in bodies.items():
        of.setdefault(kind, []).append(body)
    return Registry.of(
        revision,
        (Area.model_validate(body) for body in of["area"]),
        (Agency.model_validate(body) for body in of["agency"]),
        (Offering.model_validate(body) for body in of["offering"]),
    )


class RegistryFollower:
    """Reads registry.changes from its start and goes on following it, in a thread of its own."""

    def __init__(self, bootstrap: str, prefix: str = "", on_failure: Callable[[str], None] = lambda _: None) -> None:
        self._topic = prefix + REGISTRY.name
        self._settings = {
            "bootstrap.servers": bootstrap,
            "group.id": f"{prefix}hub.registry.reader",  # never committed: the library wants a name
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "log_level": 2,
        }
        self._consumer = Consumer(self._settings)
        self._on_failure = on_failure
        self._entries = Entries()
        self._registry: Registry | None = None
        self._recent: deque[Registry] = deque(maxlen=_RECENT)
        self._lost: Exception | None = None
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="registry", daemon=True)

    def start(self, within: float) -> None:
        """Begin, and wait for the first whole revision. NotReady where none comes in time, Misconfigured where it is too new."""
        self._thread.start()
        came = self._ready.wait(within)
        if reason := self.lost():
            raise Misconfigured(reason) if isinstance(self._lost, Misconfigured) else NotReady(reason)
        if not came:
            raise NotReady("the registry has not been published yet: `hub up` does it, or `hub registry publish`")

    def current(self) -> Registry:
        """The newest revision that was read whole."""
        if self._registry is None:
            raise NotReady("the registry has not been read yet")
        return self._registry

    def at(self, revision: int) -> Registry | None:
        """That revision, read once more from the log where it has to be; None where compaction has taken it."""
        for registry in tuple(self._recent):
            if registry.revision == revision:
                return registry
        found = self._read_back(revision)
        if found is not None:
            self._recent.appendleft(found)
        return found

    def lost(self) -> str | None:
        """Why the registry is no longer followed, so that what is known of it grows old; None while it is followed."""
        if self._lost is None:
            return None
        return self._lost.detail if isinstance(self._lost, HubError) else type(self._lost).__name__

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._thread.join(5.0)

    def _follow(self) -> None:
        try:
            self._consumer.assign([TopicPartition(self._topic, 0, OFFSET_BEGINNING)])
            end = self._end()
            while not self._stop.is_set():
                complete = self._read()
                if complete or not self._ready.is_set():
                    self._renew(self._at() >= end)
        except Exception as error:
            log.exception("the registry cannot be followed")
            self._lost = error
            self._ready.set()
            self._on_failure(self.lost() or "")
        finally:
            self._consumer.close()

    def _read_back(self, revision: int) -> Registry | None:
        consumer, entries = Consumer(self._settings), Entries()
        try:
            consumer.assign([TopicPartition(self._topic, 0, OFFSET_BEGINNING)])
            while entries.revision < revision and (records := consumer.consume(1, _READ_BACK_WITHIN)):
                if (error := records[0].error()) is not None:
                    raise KafkaException(error)
                entries.take(records[0].value() or b"")
            return entries.registry() if entries.revision == revision else None
        finally:
            consumer.close()

    def _read(self) -> bool:
        complete = False
        for record in self._consumer.consume(1_000, 0.2):
            if (error := record.error()) is not None:
                if not error.retriable():
                    raise KafkaException(error)
                continue
            know_version("the registry", cast("list[tuple[str, bytes | None]]", record.headers() or []))
            complete |= self._entries.take(record.value() or b"")
        return complete

    def _renew(self, at_end: bool) -> None:
        """After compaction an older revision is there in part only: nothing holds before the first end is reached."""
        if not at_end or self._entries.revision == 0:
            return
        self._registry = self._entries.registry()
        self._recent.append(self._registry)
        self._ready.set()
        log.info("registry", revision=self._entries.revision)

    def _end(self) -> int:
        span = self._consumer.get_watermark_offsets(TopicPartition(self._topic, 0), timeout=_ANSWER_WITHIN)
        if span is None:
            raise NotReady("the broker does not tell the end of the registry")
        return int(span[1])

    def _at(self) -> int:
        return int(self._consumer.position([TopicPartition(self._topic, 0)])[0].offset)
