"""Endpoints of agencies: where each is called, how far it is, what it was told and what came of each attempt."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import JSONB

from connectors.store.names import Schemas

revision = "0005"
down_revision = "0004"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    _endpoints(schemas.work)
    _positions(schemas.work)
    _deliveries(schemas.work)
    _attempts(schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    for table in ("attempts", "deliveries", "positions", "endpoints"):
        op.drop_table(table, schema=schemas.work)


def _endpoints(schema: str) -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("secrets", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("since", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("made", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failing_since", _MOMENT),
        sa.Column("not_before", _MOMENT),
        sa.Column("rests_until", _MOMENT),
        sa.Column("warned", sa.Integer, nullable=False, server_default="0"),
        schema=schema,
    )
    op.create_index(
        *("endpoints_once", "endpoints", ["agency", "url"]),
        unique=True,
        schema=schema,
        postgresql_where=sa.text("state <> 'closed'"),
    )


def _positions(schema: str) -> None:
    op.create_table(
        "positions",
        sa.Column("endpoint", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Text),
        sa.Column("offset", sa.BigInteger),
        sa.Column("holder", sa.Text),
        sa.Column("until", _MOMENT),
        schema=schema,
    )


def _deliveries(schema: str) -> None:
    op.create_table(
        "deliveries",
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("employer", sa.Text, nullable=False),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("taken", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("due", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("first_tried", _MOMENT),
        sa.Column("done", _MOMENT),
        sa.PrimaryKeyConstraint("endpoint", "event_id"),
        schema=schema,
    )
    op.create_index(
        *("deliveries_waiting", "deliveries", ["endpoint", "offset"]),
        schema=schema,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("deliveries_by_time", "deliveries", ["taken"], schema=schema)


def _attempts(schema: str) -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        schema=schema,
    )
    op.create_index("attempts_of", "attempts", ["endpoint", "id"], schema=schema)
    op.create_index("attempts_by_time", "attempts", ["at"], schema=schema)
