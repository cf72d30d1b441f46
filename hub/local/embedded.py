"""Kafka and PostgreSQL below one folder, started by a supervisor: what `hub up`, trials and tests call."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hub.local import jars
from hub.local.classes import ready_made
from hub.local.kafka import USUAL_PORTS, LocalKafka
from hub.local.postgres import USUAL_PORT, LocalPostgres
from hub.local.supervisor import Supervisor


def prepare_kafka(
    supervisor: Supervisor, folder: Path, heap: str = "256m", usual_ports: Mapping[str, int] = USUAL_PORTS
) -> LocalKafka:
    """A broker below `folder`/kafka, with its jars fetched; not started."""
    own = folder / "kafka-jars"
    found = jars.fetch_jars(jars.usable_folder(own), supervisor.say)
    return LocalKafka.prepare(folder / "kafka", found, heap, usual_ports, ready_made(found, own, supervisor.say))


def prepare_postgres(folder: Path, usual_port: int = USUAL_PORT) -> LocalPostgres:
    """A database server below `folder`/postgres; not started."""
    return LocalPostgres.prepare(folder / "postgres", usual_port)


def start_kafka(
    supervisor: Supervisor, folder: Path, heap: str = "256m", usual_ports: Mapping[str, int] = USUAL_PORTS
) -> LocalKafka:
    """Start a broker and wait until it is ready. JarsUnavailable, KafkaError or NotReady say why not."""
    kafka = prepare_kafka(supervisor, folder, heap, usual_ports)
    supervisor.start([kafka.child()])
    return kafka


def start_postgres(supervisor: Supervisor, folder: Path, usual_port: int = USUAL_PORT) -> LocalPostgres:
    """Start a database server and wait until it is ready.

    PostgresError, PlaceError, NoAccount or NotReady say why not.
    """
    postgres = prepare_postgres(folder, usual_port)
    supervisor.start([postgres.child()])
    return postgres


def start_both(supervisor: Supervisor, folder: Path, heap: str = "256m") -> tuple[LocalKafka, LocalPostgres]:
    """Both at the same time, which is quicker than one after the other."""
    with ThreadPoolExecutor(1) as pool:
        database = pool.submit(prepare_postgres, folder)
        kafka = prepare_kafka(supervisor, folder, heap)
        postgres = database.result()
    supervisor.start([kafka.child(), postgres.child()])
    return kafka, postgres
