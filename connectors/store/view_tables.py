"""The tables of `view`: what the topics say, laid out for reading. No foreign keys; every row can be built again.

A row that came first stays: where a table has a key, a second row under it is dropped (a crash can write an event twice).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from connectors.store.tables import MOMENT
from connectors.store.trace_tables import VIEW as VIEW

ROWS_MADE = 2
"""To be raised when hub.projection makes other rows of the same records: views from before have to be built anew."""

NOTICES = Table(
    "notices",
    VIEW,
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("sender", Text, nullable=False),
    Column("sent_by", Text),
    Column("source", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("employer_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("stage", Text),
    Column("areas", ARRAY(Text), nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("origin_partition", Integer, nullable=False),
    Column("origin_offset", BigInteger, nullable=False),
    Column("historic", Boolean, nullable=False),
    Column("event", JSONB, nullable=False),
    Column("search", TSVECTOR, nullable=False),
    PrimaryKeyConstraint("receipt", "step"),
    Index("notices_of_sender", "sender", "received_at", "receipt"),
    Index("notices_of_employer", "employer_key", "received_at"),
    Index("notices_by_word", "search", postgresql_using="gin"),
    schema="view",
)
"""Each step of each notice, whole: only its sender reads from here, and who said it in the sender's name that one step."""

OUTBOX = Table(
    "outbox",
    VIEW,
    Column("agency", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("stub", Boolean, nullable=False),
    Column("employer_key", Text),
    Column("kind", Text),
    Column("stage", Text),
    Column("areas", ARRAY(Text), nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("search", TSVECTOR, nullable=False),
    PrimaryKeyConstraint("agency", "epoch", "offset"),
    Index("outbox_once", "agency", "epoch", "event_id", unique=True),
    Index("outbox_of_notice", "receipt", "agency", "step"),
    Index("outbox_newest", "agency", "received_at", "receipt"),
    Index("outbox_of_employer", "agency", "employer_key", "received_at"),
    Index("outbox_by_word", "search", postgresql_using="gin"),
    schema="view",
)
"""Each agency's own copies, in the order of its topic: the only thing that a recipient reads from.

`rank` 1 = the notice, 0 = the alert of the same step; `stub` = it only says that the notice no longer concerns the agency.
"""

ALERTS = Table(
    "alerts",
    VIEW,
    Column("agency", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("employer_key", Text),
    Column("stage", Text, nullable=False),
    Column("bare", Boolean, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("body", JSONB, nullable=False),
    PrimaryKeyConstraint("agency", "event_id"),
    Index("alerts_of_notice", "receipt", "step"),
    schema="view",
)
"""Layoff alerts, one for each agency that has to hear."""

REFUSED = Table(
    "refused",
    VIEW,
    Column("received_at", MOMENT, nullable=False),
    Column("origin_partition", Integer, nullable=False),
    Column("origin_offset", BigInteger, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("sender", Text),
    Column("sent_by", Text),
    Column("source", Text),
    Column("id", Text),
    Column("receipt", Text),
    Column("verdict", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("findings", JSONB, nullable=False),
    Column("body", Text),
    PrimaryKeyConstraint("received_at", "origin_partition", "origin_offset"),
    Index("refused_of_sender", "sender", "received_at"),
    Index("refused_sent_by", "sent_by", "received_at", postgresql_where=text("sent_by IS NOT NULL")),
    Index("refused_of_notice", "receipt"),
    schema="view",
)
"""What was not taken, with every reason. The key is the submission: its place, and the time that tells epochs apart."""

POSITIONS = Table(
    "positions",
    VIEW,
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("next_offset", BigInteger, nullable=False),
    PrimaryKeyConstraint("topic", "partition"),
    schema="view",
)
"""How far each partition is taken in, moved in the transaction that writes the rows. `epoch` is Kafka's topic id."""
