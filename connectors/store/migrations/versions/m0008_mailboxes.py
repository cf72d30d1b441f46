"""Addresses of mail are endpoints of another kind; the hub's own mails are noted, so that each is sent once."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store.names import Schemas

revision = "0008"
down_revision = "0007"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.add_column("endpoints", sa.Column("kind", sa.Text, nullable=False, server_default="webhook"), schema=schemas.work)
    op.add_column("endpoints", sa.Column("writing", JSONB), schema=schemas.work)
    op.create_table(
        "letters",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("made", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("due", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("code", sa.Text),
        sa.Column("sent", _MOMENT),
        sa.PrimaryKeyConstraint("id", "mailbox"),
        schema=schemas.work,
    )
    op.create_index("letters_by_time", "letters", ["made"], schema=schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.drop_table("letters", schema=schemas.work)
    op.drop_column("endpoints", "writing", schema=schemas.work)
    op.drop_column("endpoints", "kind", schema=schemas.work)
