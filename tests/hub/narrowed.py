"""A hub at rest whose rights are narrowed, and how to look at what stands in its outboxes then."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.inbound.log import LogRecord
from hub.core.in_force import Mark
from hub.core.registry import Registry
from schemas.messages import Coordinates
from schemas.topics import outbox
from schemas.wire import Message, header
from tests.builders import DAY, a_correction, a_downsizing_notice, a_recruitment_notice
from tests.hub.agents.steps import PREFIX
from tests.hub.at_rest import Hub, a_hub_at_rest

SECRET = "Vain viranomaisille."
NOTICE = a_downsizing_notice(text=SECRET)
STORY = (NOTICE, a_recruitment_notice(), a_correction(NOTICE, text=f"{SECRET} Vielä."))
PARTNER: dict[str, Any] = {"ring": "partner"}
OF_EVK = f"{PREFIX}{outbox('evk-04').name}"


def a_told_hub(bootstrap: str, database_url: str, topic_prefix: str, folder: Path) -> Hub:
    """evk-04, of the ministry's group, has the downsizing and its correction whole; all is marked as looked through. Close it."""
    made = a_hub_at_rest(bootstrap, database_url, topic_prefix, folder)
    made.tell(*STORY)
    made.look()
    assert made.mark() == Mark(made.revision, DAY)
    return made


def ids(records: list[LogRecord]) -> list[str]:
    return [header(record.headers, "ce_id") or "" for record in records]


def steps_of(records: list[LogRecord]) -> list[int]:
    return [orjson.loads(record.value or b"")["step"] for record in records]


def wider(records: list[LogRecord]) -> list[LogRecord]:
    return [record for record in records if SECRET.encode() in (record.value or b"")]


def reading(hub: Hub, registry: Registry, day: date = DAY) -> Any:
    return hub.wiring.reading(lambda: registry, lambda: day)


def headers_of(record: LogRecord) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value or b"") for name, value in record.headers)


class Killed(BaseException):
    """What no process catches."""


class Meddling:
    """The emptying's way to Kafka: a worker writes `newest` just before the first copy; killed after so many messages."""

    def __init__(self, hub: Hub, newest: Sequence[Message] = (), killed_after: int | None = None) -> None:
        self.newest = [replace(one, topic=hub.wiring.prefix + one.topic.removeprefix(PREFIX)) for one in newest]
        self.left = killed_after
        self.publisher = hub.wiring.publisher

    def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
        if self.newest and any(one.topic.endswith(".outbox") for one in messages):
            self.publisher.publish(self.newest)
            self.newest = []
        placed: list[Coordinates] = []
        for message in messages:
            if self.left == 0:
                raise Killed
            self.left = None if self.left is None else self.left - 1
            placed += self.publisher.publish([message])
        return placed


def emptied(hub: Hub, monkeypatch: pytest.MonkeyPatch, **how: Any) -> bool:
    """Look with such a way to Kafka; whether it came to its end."""
    with monkeypatch.context() as meddled:
        meddled.setitem(hub.wiring.__dict__, "publisher", Meddling(hub, **how))
        try:
            return not hub.look().failed
        except Killed:
            return False


def last_steps(records: list[LogRecord]) -> dict[str, int]:
    """Of each notice the step that a reader of the whole outbox has last."""
    copies = [orjson.loads(record.value or b"") for record in records]
    return {copy["receipt"]: copy["step"] for copy in copies}


def next_step(hub: Hub) -> list[Message]:
    """A step that is not in the outbox yet."""
    hub.steps.tell(a_correction(NOTICE, "c-2", text=None))
    return [one for one in hub.steps.log if one.topic == OF_EVK][-1:]
