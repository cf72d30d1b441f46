"""What was erased from the views, so that no rebuild brings it back."""

import sqlalchemy as sa
from alembic import context, op

from connectors.store.names import Schemas

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.create_table(
        "erased",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("receipt", sa.Text),
        sa.Column("step", sa.Integer),
        sa.Column("before", _MOMENT),
        schema=schemas.work,
    )
    op.create_index(
        "erased_once",
        "erased",
        ["what", "receipt", "step", "before"],
        unique=True,
        schema=schemas.work,
        postgresql_nulls_not_distinct=True,
    )
    # An entry goes when the log cannot bring back what stands in it, by whoever says so: SET LOCAL hub.purge = 'on'.
    op.execute(f"""
        CREATE FUNCTION {schemas.work}.stays_erased() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('hub.purge', true) = 'on' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'what was erased is only ever added to';
        END $$""")
    op.execute(f"""
        CREATE TRIGGER stays_erased BEFORE UPDATE OR DELETE ON {schemas.work}.erased
        FOR EACH ROW EXECUTE FUNCTION {schemas.work}.stays_erased()""")
    op.execute(f"""
        CREATE TRIGGER never_emptied BEFORE TRUNCATE ON {schemas.work}.erased
        FOR EACH STATEMENT EXECUTE FUNCTION {schemas.work}.stays_erased()""")


def downgrade() -> None:
    schemas: Schemas = context.config.attributes["schemas"]
    op.drop_table("erased", schema=schemas.work)
    op.execute(f"DROP FUNCTION {schemas.work}.stays_erased()")
