"""An endpoint may be told what goes to a subscription alone."""

import sqlalchemy as sa
from alembic import context, op

from connectors.store.names import Schemas

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.add_column("endpoints", sa.Column("subscription", sa.Text), schema=schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.drop_column("endpoints", "subscription", schema=schemas.work)
