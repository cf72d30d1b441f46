"""The rival (a): the same hops as anybody would write them in Faust, four agents that await each send, auto commit.

Run it as `python -m hub.trials.bench.plain_faust BOOTSTRAP PREFIX`.
"""

import sys
import tempfile
from functools import cache
from typing import Any

import faust

from hub.agents.plan import Record
from hub.trials.bench.hops import Hop, hops


def make_app(bootstrap: str, prefix: str) -> Any:
    """A Faust app with its defaults, but raw bytes and no web server."""
    return faust.App(
        f"{prefix}plain",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="plain-faust-"),
        key_serializer="raw",
        value_serializer="raw",
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
    )


def attach(app: Any, hop: Hop) -> None:
    """The hop as an agent."""

    @cache
    def topic(name: str) -> Any:
        return app.topic(name, value_type=bytes)

    async def run(stream: Any) -> None:
        async for event in stream.events():
            for message in hop.take(record_of(event.message)).outputs:
                await topic(message.topic).send(key=message.key, value=message.value, headers=list(message.headers))

    app.agent(topic(hop.topic), name=hop.name)(run)


def record_of(message: Any) -> Record:
    """The record as a step takes it."""
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    at = int(message.timestamp * 1000)
    return Record(message.topic, message.partition, message.offset, message.key, message.value, tuple(headers), at)


def main(bootstrap: str, prefix: str) -> None:
    """Run until SIGTERM."""
    app = make_app(bootstrap, prefix)
    for hop in hops(bootstrap, prefix):
        attach(app, hop)
    faust.Worker(app, loglevel="WARN", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:3])
