"""The users that agencies have on Kafka."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import ARRAY

from connectors.store.names import Schemas

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.create_table(
        "kafka_users",
        sa.Column("user", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("rights", ARRAY(sa.Text), nullable=False),
        sa.Column("issued", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("closed", _MOMENT),
        schema=schemas.work,
    )
    op.create_index("kafka_users_by_agency", "kafka_users", ["agency"], schema=schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.drop_table("kafka_users", schema=schemas.work)
