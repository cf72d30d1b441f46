"""The table of `work` about replays of endpoints: what was asked for and how far each is. It is truth."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store.tables import MOMENT, TRUTH

REPLAYS = Table(
    "replays",
    TRUTH,
    Column("id", Text, primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("since", MOMENT, nullable=False),
    Column("event", Text),
    Column("alone", Boolean, nullable=False),
    Column("per_second", Integer, nullable=False),
    Column("start_epoch", Text),
    Column("start_offset", BigInteger),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("why", Text),
    Column("epoch", Text),
    Column("first", BigInteger),
    Column("next", BigInteger),
    Column("end", BigInteger),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("left", Integer, nullable=False, server_default="0"),
    Column("counts", JSONB, nullable=False, server_default="{}"),
    Column("lost", Integer, nullable=False, server_default="0"),
    Column("lost_first", MOMENT),
    Column("lost_last", MOMENT),
    Column("asked", MOMENT, nullable=False, server_default=text("clock_timestamp()")),
    Column("begun", MOMENT),
    Column("ended", MOMENT),
    Index("replays_of", "endpoint", "asked"),
    schema="work",
)
"""`since`: from when on (where an event was named, when that came). `start_…`: where that event stands in which outbox.

`first`, `next`, `end`: offsets of the outbox `epoch` at which it began, is, and ends. `counts`: told, failed, left out by why.
"""
