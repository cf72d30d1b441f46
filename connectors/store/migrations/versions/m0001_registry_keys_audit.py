"""The registry with its revisions, API keys, and the audit that is only ever added to."""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from connectors.store.names import Schemas

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    _registry(schemas.registry)
    _keys(schemas.work)
    _audit(schemas.work)


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    for table in ("published", "entries", "revisions"):
        op.drop_table(table, schema=schemas.registry)
    op.drop_table("audit", schema=schemas.work)
    op.execute(f"DROP FUNCTION {schemas.work}.only_added_to()")
    op.drop_table("api_keys", schema=schemas.work)


def _registry(schema: str) -> None:
    op.create_table(
        "revisions",
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        schema=schema,
    )
    op.create_table(
        "entries",
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", JSONB),
        sa.PrimaryKeyConstraint("type", "id", "revision"),
        schema=schema,
    )
    op.create_index("entries_by_revision", "entries", ["revision"], schema=schema)
    op.create_table(
        "published",
        sa.Column("epoch", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        schema=schema,
    )


def _keys(schema: str) -> None:
    op.create_table(
        "api_keys",
        sa.Column("prefix", sa.Text, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("issued", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("revoked", _MOMENT),
        schema=schema,
    )
    op.create_index("api_keys_by_agency", "api_keys", ["agency"], schema=schema)


def _audit(schema: str) -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("basis", sa.Text),
        sa.Column("prev_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        schema=schema,
    )
    op.create_index("audit_by_day", "audit", ["day", "id"], schema=schema)
    # A whole day may be purged when its time has come, by whoever says so: SET LOCAL hub.purge = 'on'.
    op.execute(f"""
        CREATE FUNCTION {schema}.only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('hub.purge', true) = 'on' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'the audit is only ever added to';
        END $$""")
    op.execute(f"""
        CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE ON {schema}.audit
        FOR EACH ROW EXECUTE FUNCTION {schema}.only_added_to()""")
    op.execute(f"""
        CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {schema}.audit
        FOR EACH STATEMENT EXECUTE FUNCTION {schema}.only_added_to()""")
