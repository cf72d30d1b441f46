"""Makes the Faust app of a worker, with the one set of session and window settings, and why they are so.

A worker that was killed is noticed after `session` seconds: 6 keeps the stand-still short; a heartbeat each second leaves
five misses. A turn gap of half the session ends the process: by then its partitions may be another's. Commits come every
half second: a restart reads again what was acknowledged since, and skips it by the state. Faust's own wait for empty
streams is off: the stage drains by itself, with a limit.
"""

import tempfile
from pathlib import Path
from typing import Any

import faust
from confluent_kafka import Producer

from hub.agents.transport import Transport

SESSION_SECONDS = 6.0
HEARTBEAT_SECONDS = 1.0
COMMIT_SECONDS = 0.5
LONGEST_GAP = SESSION_SECONDS / 2
METADATA_MS = 10_000
"""How long a worker that began before its topic was there may go without it; Faust's own minute is too long to stand still."""
LINGER_MS = 2
"""How long a record waits for company: each hop later by as much, with fewer requests for broker and worker."""


def make_app(group: str, bootstrap: str, folder: Path | None = None) -> Any:
    """A Faust app without tables, web or leader topic; raw bytes in, offsets from the earliest.

    Faust makes itself a folder where it runs, though nothing is ever in it: `folder` says where instead.
    """
    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=folder or Path(tempfile.gettempdir()) / "hub-faust",
        key_serializer="raw",
        value_serializer="raw",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=METADATA_MS,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_rebalance_timeout=20.0,
        broker_request_timeout=30.0,
        broker_commit_interval=COMMIT_SECONDS,
        broker_max_poll_records=1_000,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    return app


def make_producer(bootstrap: str, linger_ms: float = LINGER_MS) -> Producer:
    """The producer of a worker: idempotent, so that order holds and a retry is never a second record."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": linger_ms,
            "compression.type": "lz4",
            "message.max.bytes": 4 * 1024 * 1024,
            "delivery.timeout.ms": 120_000,
            "topic.metadata.propagation.max.ms": 3_000,  # how long an agency's missing topic can hold up the others
            "queue.buffering.max.messages": 200_000,
        }
    )
