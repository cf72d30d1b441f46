"""Partners have states; their test messages are kept with what came of each; a key knows which key made it."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from connectors.store.names import Schemas

revision = "0007"
down_revision = "0006"

_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.add_column("api_keys", sa.Column("made_by", sa.Text), schema=schemas.work)
    _partners(schemas.work)
    _test_notices(schemas.work)
    _test_known(schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    for table in ("test_known", "test_notices", "partners"):
        op.drop_table(table, schema=schemas.work)
    op.drop_column("api_keys", "made_by", schema=schemas.work)


def _partners(schema: str) -> None:
    op.create_table(
        "partners",
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False, server_default=_NOW),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("waived", ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint("agency", "number"),
        schema=schema,
    )


def _test_notices(schema: str) -> None:
    op.create_table(
        "test_notices",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False, server_default=_NOW),
        sa.Column("trial", JSONB, nullable=False),
        schema=schema,
    )
    op.create_index("test_notices_of_agency", "test_notices", ["agency", "id"], schema=schema)
    op.create_index("test_notices_by_time", "test_notices", ["at"], schema=schema)


def _test_known(schema: str) -> None:
    op.create_table(
        "test_known",
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("known", sa.LargeBinary, nullable=False),
        sa.Column("at", _MOMENT, nullable=False, server_default=_NOW),
        sa.PrimaryKeyConstraint("agency", "receipt"),
        schema=schema,
    )
    op.create_index("test_known_by_time", "test_known", ["at"], schema=schema)
