"""The tables of `work` about partners: how each came into its state, and what came of its test messages. They are truth."""

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from connectors.store.tables import MOMENT, TRUTH

PARTNERS = Table(
    "partners",
    TRUTH,
    Column("agency", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=text("clock_timestamp()")),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("waived", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("agency", "number"),
    schema="work",
)
"""A row for each change of a partner's state, of which the highest holds. An agency without a row is active."""

TEST_NOTICES = Table(
    "test_notices",
    TRUTH,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("agency", Text, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=text("clock_timestamp()")),
    Column("trial", JSONB(none_as_null=True), nullable=False),
    Index("test_notices_of_agency", "agency", "id"),
    Index("test_notices_by_time", "at"),
    schema="work",
)
"""What came of each test message: schemas.partner.Trial. Its body stands nowhere."""

TEST_KNOWN = Table(
    "test_known",
    TRUTH,
    Column("agency", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("known", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=text("clock_timestamp()")),
    PrimaryKeyConstraint("agency", "receipt"),
    Index("test_known_by_time", "at"),
    schema="work",
)
"""What is remembered among an agency's tests, as intake remembers it of real messages."""
