"""The tables of `view` that say what became of a notice: stages, recipients, targets, offerings."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store.tables import MOMENT

VIEW = MetaData()
"""All tables of the view; those that are not here stand in view_tables."""

STAGES = Table(
    "stages",
    VIEW,
    Column("receipt", Text),
    Column("step", Integer, nullable=False),
    Column("stage", Text, nullable=False),
    Column("sender", Text),
    Column("at", MOMENT, nullable=False),
    Column("topic", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("detail", JSONB, nullable=False),
    Index("stages_once", "receipt", "step", "stage", unique=True, postgresql_where=text("step > 0")),
    Index("stages_of_arrival", "receipt", postgresql_where=text("step = 0")),
    Index("stages_by_origin", "partition", "offset", postgresql_where=text("step = 0")),
    schema="view",
)
"""The trace: received (step 0, once for each submission), accepted, routed, enriched; `at` is the broker's append time."""

RECIPIENTS = Table(
    "recipients",
    VIEW,
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("line", Text),
    Column("competence", Text),
    Column("outcome", Text, nullable=False),
    Column("why", JSONB, nullable=False),
    Index(
        "recipients_once",
        *("receipt", "step", "agency", "line", "competence"),
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    schema="view",
)
"""Whom routing chose for a step, and why."""

TARGETS = Table(
    "targets",
    VIEW,
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("lane", Text, nullable=False),
    PrimaryKeyConstraint("receipt", "step", "agency", "event_id"),
    schema="view",
)
"""Which event an agency was to get for a step, by the `notice` or the `alert` lane: what `hub reckon` joins with outbox."""

ACKNOWLEDGEMENTS = Table(
    "acknowledgements",
    VIEW,
    Column("acknowledgement", Text, primary_key=True),
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("agency", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("reason", Text),
    Column("desk", Text),
    Column("counts", Boolean, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("origin_partition", Integer, nullable=False),
    Column("origin_offset", BigInteger, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("heard_by", JSONB, nullable=False),
    Index("acknowledgements_of_notice", "receipt", "step"),
    schema="view",
)
"""What agencies say of a notice, and who was told that. `step`: the one that is answered. One of an agency that was never told of
the notice does not count: nobody is shown it."""

OFFERINGS = Table(
    "offerings",
    VIEW,
    Column("receipt", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("provider", Text),
    Column("line", Text),
    Column("names", JSONB, nullable=False),
    Column("why", JSONB, nullable=False),
    Column("to_check", JSONB, nullable=False),
    Index(
        "offerings_once",
        *("receipt", "step", "code", "provider"),
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    schema="view",
)
"""The services that fit a step, and why."""
