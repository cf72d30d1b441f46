"""The files of others, the registry that knows their places, and what every taken notice has to stand."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from connectors.inbound import Known, NotTaken, Reader, Ready
from hub.core.admission import admit
from hub.core.reading import read_notice
from hub.core.registry import Registry
from hub.data.load import load_registry
from schemas.errors import Finding

DATA = Path(__file__).parents[2] / "data"
TODAY = date(2026, 11, 25)


def file(name: str) -> bytes:
    """A file of others, untouched."""
    return (DATA / "inputs" / name).read_bytes()


def tree(name: str) -> Any:
    """A JSON file of others, read without any code of ours."""
    return json.loads(file(name))


def table(name: str) -> list[dict[str, str]]:
    """A CSV file of others, read without any code of ours."""
    return list(csv.DictReader(StringIO(file(name).decode(), newline="")))


def written(rows: Iterable[dict[str, str]], columns: Iterable[str], delimiter: str = ",") -> str:
    """The rows as a table with these columns."""
    out = StringIO(newline="")
    writer = csv.DictWriter(out, list(columns), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@cache
def registry() -> Registry:
    """Finland, and the small registries of the two foreign countries."""
    content = load_registry("fi", DATA / "us", DATA / "no")
    return Registry.of(1, content.areas, content.agencies, content.offerings)


def outcomes(read: Reader, body: bytes, known: Known | None = None) -> tuple[list[Ready], list[NotTaken]]:
    """What was taken, and what was not."""
    found = list(read(body, known) if known else read(body))
    return [each for each in found if isinstance(each, Ready)], [each for each in found if isinstance(each, NotTaken)]


def rules(not_taken: Iterable[NotTaken]) -> list[tuple[str, str, str]]:
    """Outcome, rule and place of every finding."""
    return [(each.outcome, finding.rule, finding.place) for each in not_taken for finding in each.findings]


def refused_at_the_door(ready: Ready, sender: str, day: date = TODAY) -> tuple[Finding, ...]:
    """What the hub itself has against the notice of that agency on that day."""
    agency = registry().agency(sender)
    assert agency is not None, sender
    notice = read_notice(ready.submission(sender).body.encode())
    assert (notice.source, notice.id) == (ready.source, ready.id)
    return admit(notice, agency, registry(), day)


def body_of(ready: Ready) -> dict[str, Any]:
    """The notice as it would be sent."""
    return json.loads(ready.body)
