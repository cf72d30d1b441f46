"""PostgreSQL: the schemas registry, work and view."""
