"""The table of `work` about readers of the feed and the stream: up to where each key has come."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text

from connectors.store.tables import MOMENT, TRUTH

PLACES_READ = Table(
    "places_read",
    TRUTH,
    Column("key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("cursor", Text),
    Column("at", MOMENT, nullable=False),
    PrimaryKeyConstraint("key", "channel"),
    Index("places_read_of", "agency"),
    schema="work",
)
"""`channel` is feed (the cursor that was asked with: what is before it was had) or stream (up to where it was sent)."""
