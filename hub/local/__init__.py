"""Kafka and PostgreSQL of our own on this machine, and the supervisor that keeps processes running."""
