"""Run by alembic: the connection and the schemas come from `connectors.store.migrate`, never from a file."""

from alembic import context

from connectors.store.names import Schemas

schemas: Schemas = context.config.attributes["schemas"]
context.configure(
    connection=context.config.attributes["connection"],
    version_table="migrations",
    version_table_schema=schemas.work,
)
context.run_migrations()
