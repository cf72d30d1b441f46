"""Notices on their way to a hub: as JSON, in parts, and what was answered to each."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from connectors.client.problems import HubProblem, told_problem

LINES = 500
BYTES = 4 * 1024 * 1024


class Model(Protocol):
    """A notice as a pydantic model."""

    def model_dump_json(self) -> str:
        """It as JSON."""


Said = Mapping[str, Any] | str | bytes | Model
"""A notice, or a correction, withdrawal or release of one: as a dictionary, as JSON text, or as a model."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hub has it. The same sender, source and id have the same receipt at every repeat."""

    receipt: str
    status: str

    def __str__(self) -> str:
        return self.receipt


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The hub has the answer to a notice. The same agency, notice and id have the same acknowledgement at every repeat."""

    acknowledgement: str
    receipt: str
    step: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one of many: its receipt, or the problem with it."""

    receipt: Receipt | None
    problem: HubProblem | None = None


def as_json(said: Said) -> bytes:
    """The bytes that travel. ValueError where there are none."""
    if isinstance(said, Mapping):
        return json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    text = said if isinstance(said, str | bytes) else said.model_dump_json()
    body = text if isinstance(text, bytes) else text.encode()
    if not body.strip():
        raise ValueError("an empty text is no notice")
    return body


def as_line(said: Said) -> bytes:
    """The same without line breaks: between the parts of a JSON text a blank is as good, and within one there is none."""
    return as_json(said).replace(b"\r", b" ").replace(b"\n", b" ")


def parts(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """So many at one time that a broken connection costs little."""
    part, size = list[bytes](), 0
    for line in lines:
        if part and (len(part) == LINES or size + len(line) > BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def sent_of(line: str) -> Sent:
    """One line of the answer to many."""
    told = json.loads(line)
    if told.get("problem") is not None:
        return Sent(None, told_problem(told["problem"]["status"], told["problem"]))
    return Sent(Receipt(told["receipt"], told["status"]))
