"""Kafka into PostgreSQL."""
