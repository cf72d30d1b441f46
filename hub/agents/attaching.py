"""Makes stages the agents of a Faust app, whose assignments open and close their gates."""

import asyncio
from typing import Any

from faust.types import TP

from hub.agents.stage import Stage


def attach(app: Any, stages: list[Stage]) -> None:
    """Make each stage an agent of the app, and let the app's assignments open and close their gates."""
    for stage in stages:
        app.agent(app.topic(stage.source.topic, value_type=bytes), name=stage.name)(stage.run)
        stage.reads_through(
            lambda topic, partition, offset: app.consumer.set_back(TP(topic, partition), offset),
            lambda topic, partition, offset: app.consumer.begin_at(TP(topic, partition), offset),
        )

    async def assigned(_: Any, assigned: Any, **__: Any) -> None:
        for stage in stages:
            await stage.on_assigned(frozenset(tp.partition for tp in assigned if tp.topic == stage.source.topic))

    async def revoked(*_: Any, **__: Any) -> None:
        for stage in stages:
            await stage.on_revoked()

    async def pump() -> None:
        await asyncio.gather(*(stage.pump() for stage in stages))

    app.on_partitions_assigned.connect(assigned, weak=False)
    app.on_partitions_revoked.connect(revoked, weak=False)
    app.task(pump)
