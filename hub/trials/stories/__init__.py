"""Stories told by hand, and what has to come out of each: `stories(today)` and `expectations()`.

A story is a file `NN-short-name.json` with what one sender POSTs; expectations.toml holds the results, written from the
domain's notes and not from the rules. Dates are relative: "today+14" is a day, "now+2d" an instant (d, h or m), counted
from midnight UTC of `today`. Ids end in the day: the same again is a repeat, and on another day no conflict.
"""

import json
import re
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from schemas.agency import Names, ServiceLine
from schemas.ids import AgencyId
from schemas.messages import Outcome, Role

Process = Literal["P1", "P2", "P3", "P4", "P5", "P6"]
"""The processes of the seed (domain 1.7) in which an employer's situation comes up."""

_DAY = re.compile(r"today(?P<days>[+-]\d+)?")
_INSTANT = re.compile(r"now(?:(?P<many>[+-]\d+)(?P<unit>[dhm]))?")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


class _Written(BaseModel):
    """Written by hand: a field that does not exist is a slip."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Story(_Written):
    """What one sender says, with the dates filled in: a notice, or a raw body that is no notice."""

    name: str
    title: Names
    process: Process
    sender: AgencyId
    notice: dict[str, Any] | None = None
    body: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.notice is None) == (self.body is None):
            raise ValueError("a story has either a notice or a body")
        return self

    @property
    def posted(self) -> str:
        """The text that the sender POSTs."""
        return self.body if self.body is not None else json.dumps(self.notice, ensure_ascii=False)


class ExpectedRefusal(_Written):
    """Where the finding stands (JSON pointer, "" = the whole) and what it is about, in plain words."""

    place: str
    about: str


class Expectation(_Written):
    """What has to come out of a story; the head of expectations.toml says how each field is meant."""

    verdict: Literal["accepted", "repeat", "refused"]
    refusal: ExpectedRefusal | None = None
    outcome: Outcome | None = None
    recipients: dict[AgencyId, tuple[Role, ...]]
    lines: dict[AgencyId, tuple[ServiceLine, ...]] = {}
    not_recipients: tuple[AgencyId, ...]
    alerts: tuple[AgencyId, ...]
    offers: tuple[str, ...]
    not_offers: tuple[str, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.verdict == "accepted") != (self.outcome is not None):
            raise ValueError("an accepted story has an outcome, and no other does")
        if (self.verdict == "refused") != (self.refusal is not None):
            raise ValueError("a refused story says what is refused, and no other does")
        if self.verdict != "accepted" and (self.recipients or self.alerts or self.offers):
            raise ValueError("what was not accepted reaches nobody")
        if not set(self.lines) <= set(self.recipients):
            raise ValueError("a line is addressed in an agency that is no recipient")
        if set(self.recipients) & set(self.not_recipients) or set(self.offers) & set(self.not_offers):
            raise ValueError("the same is wanted and not wanted")
        return self


def stories(today: date) -> list[Story]:
    """All stories in the order in which they have to be sent, with their dates relative to that day."""
    found = sorted((file for file in files(__name__).iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return [_story(file.name.removesuffix(".json"), file.read_text(encoding="utf-8"), today) for file in found]


def expectations() -> dict[str, Expectation]:
    """What has to come out, by the name of the story."""
    told = tomllib.loads((files(__name__) / "expectations.toml").read_text(encoding="utf-8"))
    return {name: Expectation.model_validate(fields) for name, fields in told.items()}


def _story(name: str, text: str, today: date) -> Story:
    fields = json.loads(text)
    notice = _dated(fields.get("notice"), today)
    if notice is not None:
        notice["id"] = f"{notice['id']}-{today:%Y%m%d}"
    return Story.model_validate({**fields, "name": name, "notice": notice})


def _dated(value: Any, today: date) -> Any:
    """The same value with every date that was written relatively filled in."""
    if isinstance(value, dict):
        return {key: _dated(inner, today) for key, inner in value.items()}
    if isinstance(value, list):
        return [_dated(inner, today) for inner in value]
    return _filled(value, today) if isinstance(value, str) else value


def _filled(text: str, today: date) -> str:
    if day := _DAY.fullmatch(text):
        return (today + timedelta(days=int(day["days"] or 0))).isoformat()
    if instant := _INSTANT.fullmatch(text):
        later = int(instant["many"] or 0) * _UNITS[instant["unit"] or "d"]
        return (datetime.combine(today, time(), UTC) + later).isoformat().replace("+00:00", "Z")
    return text
