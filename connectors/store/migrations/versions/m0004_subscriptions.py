"""Saved filters of agencies, with all their versions."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store.names import Schemas

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("filter", JSONB),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
        schema=schemas.work,
    )
    op.create_index("subscriptions_of_agency", "subscriptions", ["agency"], schema=schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.drop_table("subscriptions", schema=schemas.work)
