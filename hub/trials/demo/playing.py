"""Plays everything on a running hub: sends by HTTP, reads the log until all is settled, compares."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from connectors.inbound import NotTaken
from connectors.inbound.log import Place
from hub.core.registry import Registry
from hub.reckoning import received_ends
from hub.trials.client import Client, address
from hub.trials.demo.comparing import as_known_here, misses, misses_of_a_row
from hub.trials.demo.inputs import INPUTS, Input
from hub.trials.demo.sending import Post
from hub.trials.demo.sent import Came, Result, Sent
from hub.trials.demo.watching import watch
from hub.trials.stories import Story, expectations, stories
from hub.wiring import Wiring

REGISTRY_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Played:
    """What came of everything. `since`: where notices.received ended before; `kept_back`: rows that no reader took."""

    since: dict[Place, int]
    stories: tuple[Result, ...]
    files: dict[Input, tuple[Result, ...]]
    kept_back: dict[Input, tuple[NotTaken, ...]]

    @property
    def results(self) -> tuple[Result, ...]:
        """Those of stories and files."""
        return (*self.stories, *(result for results in self.files.values() for result in results))


def play(wiring: Wiring, today: date, within: float, say: Callable[[str], None]) -> Played:
    """Send stories and files, wait until each is settled (at the most `within` seconds), compare."""
    _refuse_without_hub(wiring)
    registry = registry_of(wiring)
    since = received_ends(wiring.bootstrap, wiring.prefix)
    told = stories(today)
    with Post(wiring, say) as post:
        sent = [post.story(story) for story in told]
        taken = {given: post.rows(given, registry, today) for given in INPUTS}
    rows = [row for given in INPUTS for row in taken[given].sent]
    came = watch(wiring, today, since, [*sent, *rows], within, say)
    return Played(
        since,
        tuple(_result_of_story(story, one, came[one.name], registry, today) for story, one in zip(told, sent, strict=True)),
        {given: tuple(_result_of_row(row, came[row.name], registry, today) for row in taken[given].sent) for given in INPUTS},
        {given: taken[given].kept_back for given in INPUTS},
    )


def _refuse_without_hub(wiring: Wiring) -> None:
    """Said at once: what reads Kafka would wait long for a broker that is gone."""
    with Client(address(wiring.settings), "none") as client:
        client.get("/livez")


def registry_of(wiring: Wiring) -> Registry:
    """The registry that the running hub works by."""
    wiring.follower.start(REGISTRY_WITHIN)
    try:
        return wiring.follower.current()
    finally:
        wiring.follower.close()


def _result_of_story(story: Story, sent: Sent, came: Came, registry: Registry, day: date) -> Result:
    expected, note = as_known_here(expectations()[story.name], story.notice, registry, day)
    return Result(sent, came, misses(expected, came), note)


def _result_of_row(sent: Sent, came: Came, registry: Registry, day: date) -> Result:
    notice: dict[str, Any] = orjson.loads(sent.body)
    return Result(sent, came, misses_of_a_row(notice, came, registry, day))
