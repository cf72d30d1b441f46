"""Root of a worker: the agents of one side, or of both, in one process.

Front is intake and cases: what a layoff alert needs. Back is routing and enrichment. Each side is one consumer group.
"""

import asyncio
import signal
from collections.abc import Callable, Sequence
from typing import Any, Literal

import structlog
import uvloop

from connectors.outbound.groups import Groups
from hub.agents.app import LONGEST_GAP, make_app, make_producer
from hub.agents.attaching import attach
from hub.agents.cases import cases
from hub.agents.changelog import Changelog
from hub.agents.enrichment import enrichment
from hub.agents.hand import Hand
from hub.agents.intake import intake
from hub.agents.pinning import Pinned, Revisions
from hub.agents.plan import Agent
from hub.agents.registry import RegistryFollower
from hub.agents.routing import routing
from hub.agents.sending import Sender, die
from hub.agents.source import SourceLog
from hub.agents.stage import Stage
from hub.lasting import settle
from schemas.errors import Misconfigured
from schemas.topics import BACK, FRONT

log = structlog.get_logger()

Side = Literal["front", "back"]
SIDES: dict[Side, tuple[str, tuple[Callable[[Hand], Agent], ...]]] = {
    "front": (FRONT, (intake, cases)),
    "back": (BACK, (routing, enrichment)),
}
REGISTRY_WITHIN = 60.0


def run(bootstrap: str, prefix: str, sides: Sequence[Side], *, from_start: bool = False) -> None:
    """Work until SIGTERM or SIGINT. Misconfigured where a group would read a topic anew without being told so."""
    if not from_start:
        _refuse_to_read_anew(bootstrap, prefix, sides)
    follower = RegistryFollower(bootstrap, prefix, on_failure=lambda error: die("the registry is lost", error=error))
    follower.start(REGISTRY_WITHIN)
    settle()
    uvloop.run(_work([_app(bootstrap, prefix, side, follower) for side in sides]))
    follower.close()


def _refuse_to_read_anew(bootstrap: str, prefix: str, sides: Sequence[Side]) -> None:
    groups = Groups(bootstrap, prefix)
    for side in sides:
        if unknown := groups.without_offset(SIDES[side][0]):
            raise Misconfigured(
                f"{prefix}{SIDES[side][0]} has no committed offset in {', '.join(unknown[:3])} and {len(unknown)} partitions in "
                "all: if it is to read them from the start, say --from-start"
            )


def _app(bootstrap: str, prefix: str, side: Side, registry: Revisions) -> tuple[Any, list[Stage]]:
    group, agents = SIDES[side]
    app = make_app(prefix + group, bootstrap)
    sender = Sender(make_producer(bootstrap), prefix, side)
    stages = [_stage(make, Pinned(registry), bootstrap, sender, prefix) for make in agents]
    attach(app, stages)
    return app, stages


def _stage(make: Callable[[Hand], Agent], pinned: Pinned, bootstrap: str, sender: Sender, prefix: str) -> Stage:
    agent = make(Hand(pinned, prefix))
    source = SourceLog(bootstrap, prefix + agent.source.name)
    return Stage(agent, source, Changelog(bootstrap, prefix + agent.state.name), sender, LONGEST_GAP, pinned)


async def _work(apps: list[tuple[Any, list[Stage]]]) -> None:
    """Run until asked to stop; then take nothing more, finish what is in flight, commit, leave the group."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    for app, _ in apps:
        app.finalize()
        await app.start()
    log.info("works", agents=[stage.name for _, stages in apps for stage in stages])
    while not asked.is_set():
        if any(app.crashed for app, _ in apps):
            die("Faust gave up", error=str(next(app.crash_reason for app, _ in apps if app.crashed)))
        await asyncio.sleep(0.1)
    for app, stages in apps:
        for stage in stages:
            await stage.on_revoked()
        await app.consumer.commit()
        await app.stop()
    log.info("stopped; nothing was left in flight")
