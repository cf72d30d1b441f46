"""The files that the demo plays, and ids that hold for a day."""

from datetime import date
from pathlib import Path

import pytest

from connectors.inbound import NotTaken, Ready, formats
from hub.core.admission import admit, read_notice
from hub.core.registry import Registry
from hub.data.load import load_registry
from hub.trials.demo.inputs import INPUTS, SENDER, rows
from hub.trials.stories import stories

DAY = date(2026, 11, 25)
CONTENT = load_registry("fi")
REGISTRY = Registry.of(1, CONTENT.areas, CONTENT.agencies, CONTENT.offerings)
TESTS = Path(__file__).parents[2] / "data"
PACKAGED = Path(__file__).parents[3] / "hub" / "trials" / "inputs"


def test_the_packaged_copies_are_those_of_the_tests() -> None:
    names = {path.name for path in (TESTS / "inputs").iterdir()}
    assert {path.name for path in PACKAGED.iterdir()} == names
    for name in names - {"README.md"}:
        assert (PACKAGED / name).read_bytes() == (TESTS / "inputs" / name).read_bytes(), name
        assert name in (PACKAGED / "README.md").read_text(encoding="utf-8")


def test_every_format_is_played_and_every_row_is_accounted_for() -> None:
    assert [given.format for given in INPUTS] == list(formats)
    read = {given.format: list(rows(given, REGISTRY, DAY)) for given in INPUTS}
    assert {name: len(found) for name, found in read.items()} == {"job-market-finland": 1, "testbed": 4, "nav": 20, "warn": 448}
    assert all(isinstance(row, Ready | NotTaken) for found in read.values() for row in found)
    assert sum(isinstance(row, Ready) for row in read["warn"]) > 200


def test_the_municipalities_of_finland_are_known_by_name() -> None:
    (testbed,) = (given for given in INPUTS if given.format == "testbed")
    rules = {finding.rule for row in rows(testbed, REGISTRY, DAY) if isinstance(row, NotTaken) for finding in row.findings}
    assert rules == {"no-employer"}


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.format)
def test_what_is_sent_is_a_notice_and_only_its_place_may_be_unknown_here(given: object) -> None:
    sender = REGISTRY.agency(SENDER)
    assert sender is not None
    for row in rows(given, REGISTRY, DAY):  # type: ignore[arg-type]
        if isinstance(row, Ready):
            found = admit(read_notice(row.body.encode()), sender, REGISTRY, DAY)
            assert {finding.rule for finding in found} <= {"unknown-area"}, row.place


def test_ids_of_stories_are_the_same_all_day_and_others_on_another_day() -> None:
    today, again, tomorrow = (stories(day) for day in (DAY, DAY, date(2026, 11, 26)))
    assert today == again
    for one, other in zip(today, tomorrow, strict=True):
        assert one.notice is not None
        assert other.notice is not None
        assert one.notice["id"].endswith("-20261125")
        assert one.notice["id"] != other.notice["id"]
