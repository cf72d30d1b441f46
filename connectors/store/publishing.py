"""registry.changes: each revision as one transaction, by one publisher.

A record for each changed entry, key `<type>/<id>`, value `{"revision", "type", "id", "body"}` (body null: taken out); then
the `snapshot` of the revision, key `snapshot/revision`, value `{"revision", "type": "snapshot", "id": "revision", "totals"}`.
A reader (read_committed) applies what it collected when the snapshot comes and is ready once it has read to the end that
the topic had when it began: after compaction older revisions are there in part only.
"""

from contextlib import suppress

import orjson
from confluent_kafka import KafkaException, Producer, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import KafkaError
from sqlalchemy import Engine, func, select
from sqlalchemy.dialects.postgresql import insert

from connectors.store.errors import translated
from connectors.store.names import REAL, Schemas
from connectors.store.registry import Change, changes_since
from connectors.store.tables import PUBLISHED
from schemas.errors import Misconfigured, NotReady
from schemas.topics import REGISTRY
from schemas.wire import version_of

SNAPSHOT_KEY = b"snapshot/revision"
ANSWER_WITHIN = 30.0
_FENCED = (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED)


class RegistryPublisher:
    """The one publisher of a prefix. Making one fences the one before: its next write fails.

    After NotReady or Misconfigured it is used up; make a new one. Both may come already when it is made.
    """

    def __init__(self, engine: Engine, bootstrap: str, prefix: str = "", schemas: Schemas = REAL) -> None:
        self._engine = engine
        self._schemas = schemas
        self._topic = prefix + REGISTRY.name
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
        self._producer = _producer(bootstrap, prefix)

    def publish(self) -> int:
        """Write each revision that is not on the topic yet, in order; up to which revision all is there now.

        A topic that was made anew, or stands on another broker, gets all revisions. A crash between topic and database
        makes a revision be written again, which changes nothing for a reader. NotReady: try again with a new publisher.
        Misconfigured: another one took over.
        """
        epoch = _epoch(self._admin, self._topic)
        done = published_revision(self._engine, epoch, self._schemas)
        for change in changes_since(self._engine, done, self._schemas):
            try:
                _write(self._producer, change, self._topic)
            except KafkaException as error:
                raise _meant(error) from error
            done = change.revision
            _remember(self._engine, epoch, done, self._schemas)
        return done


def publish_changes(engine: Engine, bootstrap: str, prefix: str = "", schemas: Schemas = REAL) -> int:
    """Publish once what is not published yet; up to which revision all is there now."""
    return RegistryPublisher(engine, bootstrap, prefix, schemas).publish()


def published_revision(engine: Engine, epoch: str, schemas: Schemas = REAL) -> int:
    """Up to which revision the topic of that epoch has all; 0 where it has none."""
    with translated(), schemas.bind(engine).connect() as connection:
        return connection.scalar(select(PUBLISHED.c.revision).where(PUBLISHED.c.epoch == epoch)) or 0


def _producer(bootstrap: str, prefix: str) -> Producer:
    producer = Producer({
        "bootstrap.servers": bootstrap,
        "transactional.id": f"{prefix}hub.registry",
        "transaction.timeout.ms": 60_000,
        "partitioner": "murmur2_random",
        "message.max.bytes": REGISTRY.largest + 64 * 1024,
        "log_level": 2,
    })  # fmt: skip
    try:
        producer.init_transactions(ANSWER_WITHIN)
    except KafkaException as error:
        raise _meant(error) from error
    return producer


def _epoch(admin: AdminClient, topic: str) -> str:
    """Kafka's id of the topic: another one for a topic that was deleted and made again."""
    try:
        return str(admin.describe_topics(TopicCollection([topic]), request_timeout=ANSWER_WITHIN)[topic].result().topic_id)
    except KafkaException as error:
        raise NotReady(f"{topic} cannot be written to: {error.args[0].str()}") from error


def _write(producer: Producer, change: Change, topic: str) -> None:
    version: list[tuple[str, str | bytes | None]] = [*version_of("registry")]
    producer.begin_transaction()
    try:
        for entry in change.entries:
            value = {"revision": change.revision, "type": entry.type, "id": entry.id, "body": entry.body}
            producer.produce(topic, orjson.dumps(value), f"{entry.type}/{entry.id}", headers=version)
        snapshot = {"revision": change.revision, "type": "snapshot", "id": "revision", "totals": change.totals}
        producer.produce(topic, orjson.dumps(snapshot), SNAPSHOT_KEY, headers=version)
        producer.commit_transaction(ANSWER_WITHIN)
    except KafkaException:
        with suppress(KafkaException):  # what is left open is ended by the next producer
            producer.abort_transaction(1.0)
        raise


def _remember(engine: Engine, epoch: str, revision: int, schemas: Schemas) -> None:
    row = insert(PUBLISHED).values(epoch=epoch, revision=revision)
    higher = func.greatest(PUBLISHED.c.revision, row.excluded.revision)
    with translated(), schemas.bind(engine).begin() as connection:
        connection.execute(row.on_conflict_do_update(index_elements=[PUBLISHED.c.epoch], set_={"revision": higher}))


def _meant(error: KafkaException) -> Exception:
    inner = error.args[0]
    if inner.code() in _FENCED:
        return Misconfigured("another publisher of the registry was started since; this one stops")
    return NotReady(f"the registry could not be published: {inner.str()}")
