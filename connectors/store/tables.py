"""The tables that are truth: registry and work. Migrations make them; a test compares the two.

The schema names are logical; `names.Schemas` gives the real ones.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

TRUTH = MetaData()
MOMENT = DateTime(timezone=True)

REVISIONS = Table(
    "revisions",
    TRUTH,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at", MOMENT, nullable=False, server_default=text("now()")),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),
    schema="registry",
)
"""Every change of the registry, in the order in which they were committed."""

ENTRIES = Table(
    "entries",
    TRUTH,
    Column("type", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", JSONB(none_as_null=True)),
    PrimaryKeyConstraint("type", "id", "revision"),
    Index("entries_by_revision", "revision"),
    schema="registry",
)
"""What an entry became in a revision; a body of NULL says that it was taken out. The highest revision holds."""

PUBLISHED = Table(
    "published",
    TRUTH,
    Column("epoch", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    schema="registry",
)
"""Up to which revision registry.changes has everything: one row for each life (Kafka's topic id) that the topic had."""

API_KEYS = Table(
    "api_keys",
    TRUTH,
    Column("prefix", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("agency", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("issued", MOMENT, nullable=False, server_default=text("now()")),
    Column("expires", MOMENT, nullable=False),
    Column("revoked", MOMENT),
    Column("made_by", Text),
    Index("api_keys_by_agency", "agency"),
    schema="work",
)
"""API keys: `prefix` is the part that may be shown and names the key; the key itself is nowhere.

`made_by`: that of the key with which its agency made it.
"""

KAFKA_USERS = Table(
    "kafka_users",
    TRUTH,
    Column("user", Text, primary_key=True),
    Column("agency", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("rights", ARRAY(Text), nullable=False),
    Column("issued", MOMENT, nullable=False, server_default=text("now()")),
    Column("expires", MOMENT, nullable=False),
    Column("closed", MOMENT),
    Index("kafka_users_by_agency", "agency"),
    schema="work",
)
"""Users of agencies on Kafka. The broker alone knows what their passwords are checked by."""

AUDIT = Table(
    "audit",
    TRUTH,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("day", Text, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("basis", Text),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("audit_by_day", "day", "id"),
    schema="work",
)
"""Who did or saw what, on which legal ground; no content. Each day is a chain: a row's hash covers the row before it."""

ERASED = Table(
    "erased",
    TRUTH,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", MOMENT, nullable=False, server_default=text("now()")),
    Column("rule", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("receipt", Text),
    Column("step", Integer),
    Column("before", MOMENT),
    Index("erased_once", "what", "receipt", "step", "before", unique=True, postgresql_nulls_not_distinct=True),
    schema="work",
)
"""What was erased, by which rule; no content. Only ever added to; whoever writes a view passes over what stands here.

`what` is `notice`: the step of a receipt, or all of it, also what is still to come, where `step` is NULL; or `refused`, `body`,
`arrival`: all that was received before a moment.
"""

SUBSCRIPTIONS = Table(
    "subscriptions",
    TRUTH,
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("filter", JSONB(none_as_null=True)),
    Column("at", MOMENT, nullable=False),
    Column("by", Text, nullable=False),
    PrimaryKeyConstraint("id", "version"),
    Index("subscriptions_of_agency", "agency"),
    schema="work",
)
"""Saved filters of agencies: a row for each version, of which the highest holds; a filter of NULL says that it ended."""
