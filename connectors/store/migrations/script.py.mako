"""${message}."""

import sqlalchemy as sa
from alembic import context, op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    schemas = context.config.attributes["schemas"]


def downgrade() -> None:
    schemas = context.config.attributes["schemas"]
