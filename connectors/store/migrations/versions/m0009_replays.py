"""Replays of endpoints and how far each is; of which one an attempt was; up to where keys have read outboxes."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store.names import Schemas

revision = "0009"
down_revision = "0008"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.create_table(
        "replays",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("event", sa.Text),
        sa.Column("alone", sa.Boolean, nullable=False),
        sa.Column("per_second", sa.Integer, nullable=False),
        sa.Column("start_epoch", sa.Text),
        sa.Column("start_offset", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("why", sa.Text),
        sa.Column("epoch", sa.Text),
        sa.Column("first", sa.BigInteger),
        sa.Column("next", sa.BigInteger),
        sa.Column("end", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("left", sa.Integer, nullable=False, server_default="0"),
        sa.Column("counts", JSONB, nullable=False, server_default="{}"),
        sa.Column("lost", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lost_first", _MOMENT),
        sa.Column("lost_last", _MOMENT),
        sa.Column("asked", _MOMENT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("begun", _MOMENT),
        sa.Column("ended", _MOMENT),
        schema=schemas.work,
    )
    op.create_index("replays_of", "replays", ["endpoint", "asked"], schema=schemas.work)
    op.create_table(
        "places_read",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("cursor", sa.Text),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", "channel"),
        schema=schemas.work,
    )
    op.create_index("places_read_of", "places_read", ["agency"], schema=schemas.work)
    op.add_column("attempts", sa.Column("replay", sa.Text), schema=schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.drop_column("attempts", "replay", schema=schemas.work)
    op.drop_table("places_read", schema=schemas.work)
    op.drop_table("replays", schema=schemas.work)
