"""One row on its way from a foreign file to a notice, and what is missing, wrong or odd about it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from connectors.inbound.persons import names_a_contact, text_flaws
from connectors.inbound.taken import Known, NotTaken, Ready, Taken
from hub.core.reading import finding_at, read_notice
from schemas.errors import Finding, Refusal
from schemas.wire import findings_of


class Foreign(BaseModel):
    """Part of a foreign record: fields that we do not use are ignored, null is the same as missing, nothing is coerced."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_missing(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


class Row:
    """The values of a row, and the findings about it; fields go by their foreign names."""

    def __init__(self, place: str, values: dict[str, Any]) -> None:
        self.place = place
        self.values = values
        self.gaps: list[Finding] = []
        self.flaws: list[Finding] = []
        self.remarks: list[Finding] = []

    def lacks(self, field: str, rule: str, message: str) -> None:
        """Something is missing that a person may add: the row is held."""
        self.gaps.append(finding_at(rule, self.at(field), message))

    def wrong(self, field: str, rule: str, message: str) -> None:
        """Something is wrong: the row is refused."""
        self.flaws.append(finding_at(rule, self.at(field), message))

    def remark(self, field: str, rule: str, message: str) -> None:
        """Something is odd, and the row is taken all the same."""
        self.remarks.append(finding_at(rule, self.at(field), message))

    def kept(self, field: str, text: str) -> str:
        """The text if it may be kept; one with a contact in it is left out, with a remark."""
        if not names_a_contact(text):
            return text
        self.remark(field, "contact-left-out", "an e-mail address or phone number stands in this text: it is not carried over")
        return ""

    def at(self, field: str) -> str:
        """The place of a field of this row."""
        return f"{self.place}/{field}" if field else self.place

    def not_taken(self) -> NotTaken | None:
        """The row with all findings, if there is a reason not to take it."""
        if not self.flaws and not self.gaps:
            return None
        return NotTaken(self.place, "refused" if self.flaws else "held", (*self.flaws, *self.gaps))


Mapped = Callable[[Row, Known], dict[str, Any]]
"""Makes the notice of a row; what is missing or wrong it tells the row."""


def take(rows: Iterable[Row | NotTaken], mapped: Mapped, fields: Mapping[str, str], known: Known) -> Iterator[Taken]:
    """What becomes of each row. `fields` gives the foreign field behind each part of a notice (by JSON pointer)."""
    seen: dict[tuple[str, str], tuple[str, bytes]] = {}
    for row in rows:
        taken = row if isinstance(row, NotTaken) else _taken(row, mapped, fields, known)
        yield _told_apart(taken, seen) if isinstance(taken, Ready) else taken


def _taken(row: Row, mapped: Mapped, fields: Mapping[str, str], known: Known) -> Taken:
    for field, rule, message in text_flaws(row.values):
        row.wrong(field, rule, message)
    if row.flaws:
        return NotTaken(row.place, "refused", tuple(row.flaws))
    try:
        notice = mapped(row, known)
    except ValidationError as error:
        found = [finding_at(each.rule.replace("_", "-"), row.place + each.place, each.message) for each in findings_of(error)]
        return NotTaken(row.place, "refused", tuple(found))
    return _checked(row, notice | ({"historic": True} if known.historic else {}), fields)


def _checked(row: Row, notice: dict[str, Any], fields: Mapping[str, str]) -> Taken:
    """The notice if it is one: what the door would refuse is refused here, at the foreign field."""
    body = orjson.dumps(notice)
    told = {finding.place for finding in (*row.gaps, *row.flaws)}
    try:
        read_notice(body)
    except Refusal as refusal:
        for found in refusal.findings:
            place = row.at(_foreign_field(found.place, fields))
            if not any(each == place or each.startswith(f"{place}/") for each in told):
                row.flaws.append(finding_at(found.rule, place, found.message))
    return row.not_taken() or Ready(row.place, notice["source"], notice["id"], body.decode(), tuple(row.remarks))


def _foreign_field(pointer: str, fields: Mapping[str, str]) -> str:
    while pointer and pointer not in fields:
        pointer = pointer.rpartition("/")[0]
    return fields.get(pointer, "")


def _told_apart(ready: Ready, seen: dict[tuple[str, str], tuple[str, bytes]]) -> Taken:
    """The same row again is a repeat, and said to be one; the same id with another content is refused."""
    content = sha256(ready.body.encode()).digest()
    first, before = seen.setdefault((ready.source, ready.id), (ready.place, content))
    if first == ready.place:
        return ready
    if before == content:
        remark = finding_at("repeated-row", ready.place, f"the same notice as {first}: a repeat, nothing new")
        return Ready(ready.place, ready.source, ready.id, ready.body, (*ready.remarks, remark))
    message = f"the id of {first} again with another content; send it as a correction of that notice"
    return NotTaken(ready.place, "refused", (finding_at("same-id", ready.place, message),))


def filled(**parts: Any) -> dict[str, Any]:
    """The parts that say something: None and empty ones are left out, a zero or a no stays."""
    return {name: part for name, part in parts.items() if part is not None and part not in ("", [], {})}
