"""Sends stories and rows through the API as their senders would, each with a key of its own agency for this once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, Self

import orjson

from connectors.inbound import NotTaken, Ready
from hub.core.registry import Registry
from hub.trials.client import Answered, Client, address, temporary_key
from hub.trials.demo.inputs import SENDER, Input, rows
from hub.trials.demo.sent import Sent
from hub.trials.stories import Story
from hub.wiring import Wiring
from schemas.ids import receipt_of

LABEL = "hub demo"
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """A file: the rows that went out, and those that its reader kept back."""

    sent: tuple[Sent, ...]
    kept_back: tuple[NotTaken, ...]


class Post:
    """Open it, send, close it: then no key that it made is worth anything any more."""

    def __init__(self, wiring: Wiring, say: Callable[[str], None]) -> None:
        self._wiring = wiring
        self._url = address(wiring.settings)
        self._say = say
        self._clients: dict[str, Client] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def story(self, story: Story) -> Sent:
        """POST the story as its sender."""
        notice = story.notice or {}
        answer = self._client(story.sender).publish(story.posted.encode())
        receipt = receipt_of(story.sender, str(notice.get("source", "")), str(notice.get("id", "")))
        return _sent(story.name, story.title.en or story.title.fi, receipt, story.posted, answer)

    def rows(self, given: Input, registry: Registry, day: date) -> Taken:
        """Send what the file's reader takes, in lines."""
        read = list(rows(given, registry, day))
        ready = [row for row in read if isinstance(row, Ready)]
        answers = list(self._lines([row.body.encode() for row in ready]))
        sent = tuple(_row(given, row, answer) for row, answer in zip(ready, answers, strict=True))
        return Taken(sent, tuple(row for row in read if isinstance(row, NotTaken)))

    def _lines(self, bodies: list[bytes]) -> Iterator[Answered]:
        for begin in range(0, len(bodies), AT_ONCE):
            yield from self._client(SENDER).publish_lines(bodies[begin : begin + AT_ONCE])

    def _client(self, agency: str) -> Client:
        if agency not in self._clients:
            key = self._open.enter_context(temporary_key(self._wiring.keys, agency, LABEL))
            self._clients[agency] = self._open.enter_context(Client(self._url, key, say=self._say))
        return self._clients[agency]


def _row(given: Input, row: Ready, answer: Answered) -> Sent:
    name: dict[str, Any] = orjson.loads(row.body)["employer"]
    title = f"{given.file} {row.place} ({name.get('name', 'without a name')})"
    return _sent(f"{given.format} {row.place}", title, receipt_of(SENDER, row.source, row.id), row.body, answer)


def _sent(name: str, title: str, receipt: str, body: str, answer: Answered) -> Sent:
    return Sent(name, title, answer.receipt or receipt, body, answer.problem.findings if answer.problem else ())
