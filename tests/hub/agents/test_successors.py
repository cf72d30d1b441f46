"""Changes of a notice whose sender is no more: they come from whoever stands in its place, and from nobody else."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.core.registry import Registry
from hub.core.submitting import SEPARATOR
from schemas import topics
from schemas.ids import receipt_of
from schemas.messages import AgencyNotice, Clock, EmployerEvent, RefusedNotice, RoutedNotice, Submission
from tests.builders import (
    TAMPERE,
    a_correction,
    a_downsizing_notice,
    a_recruitment_notice,
    a_release,
    a_small_registry,
    a_withdrawal,
    an_agency,
)
from tests.hub.agents.steps import Said, Steps, put

LAST_DAY = date(2026, 12, 31)
BEFORE, AFTER = datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2027, 1, 4, 9, tzinfo=UTC)
NOTICE = a_downsizing_notice()
RECEIPT = receipt_of("ta-39", NOTICE["source"], NOTICE["id"])


def succeeded() -> Registry:
    """From 2027 on ta-50 stands in the place of ta-39."""
    small = a_small_registry()
    dated = {"valid_to": LAST_DAY, "successors": ("ta-50",)}
    old = small.all_agencies["ta-39"].model_copy(update=dated)
    new = old.model_copy(update={"id": "ta-50", "valid_from": date(2027, 1, 1), "valid_to": None, "successors": ()})
    others = [agency for agency in small.all_agencies.values() if agency.id != "ta-39"]
    more = [an_agency("ta-60", areas=(TAMPERE,), valid_to=date(2020, 1, 1))]
    return Registry.of(8, small.areas.values(), [old, new, *others, *more], small.all_offerings.values())


@pytest.fixture
def steps() -> Steps:
    found = Steps(succeeded)
    found.submit(NOTICE, at=BEFORE)
    return found


def naming(change: dict[str, Any], sender: str) -> dict[str, Any]:
    """The change, naming the sender of the notice."""
    field = next(name for name in ("corrects", "withdraws", "releases") if name in change)
    return change | {field: change[field] | {"sender": sender}}


def rule_of(said: Said) -> str:
    (refused,) = said.read(RefusedNotice, topics.REFUSED)
    return refused.findings[0].rule


def test_a_successor_corrects_and_the_next_step_is_its_own(steps: Steps) -> None:
    said = steps.submit(naming(a_correction(NOTICE, grounds="Muu syy"), "ta-39"), "ta-50", AFTER)
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    assert (event.receipt, event.step, event.type, event.sender, event.owner) == (RECEIPT, 2, "correction", "ta-50", "ta-39")
    told = {name: bool(copy.notice.get("no_longer_concerns_you")) for name, copy in said.outboxes(AgencyNotice).items()}
    assert told == {"ta-50": False, "evk-04": False}  # and no stub for ta-39, in whose place ta-50 is told
    again = steps.submit(naming(a_correction(NOTICE, grounds="Muu syy"), "ta-39"), "ta-50", AFTER)
    assert again.verdicts() == {"repeat": 1}


def test_a_successor_withdraws(steps: Steps) -> None:
    said = steps.submit(naming(a_withdrawal(NOTICE), "ta-39"), "ta-50", AFTER)
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    assert (event.receipt, event.step, event.type) == (RECEIPT, 2, "withdrawal")


@pytest.mark.parametrize(
    ("sender", "at"),
    [("ta-50", BEFORE), ("ta-08", AFTER), ("ta-08", BEFORE)],
    ids=["before its time", "another agency", "another agency, while the sender is there"],
)
def test_nobody_else_changes_another_sender_s_notice(steps: Steps, sender: str, at: datetime) -> None:
    said = steps.submit(naming(a_correction(NOTICE, grounds="Muu syy"), "ta-39"), sender, at)
    assert said.verdicts() == {"refused": 1}
    assert rule_of(said) == ("may-not-publish" if (sender, at) == ("ta-50", BEFORE) else "no-successor")


@pytest.mark.parametrize("named", ["ta-99", "ta-60"], ids=["unknown", "ended without a successor"])
def test_an_agency_that_nobody_succeeds_is_named_in_vain(steps: Steps, named: str) -> None:
    assert rule_of(steps.submit(naming(a_correction(NOTICE), named), "ta-50", AFTER)) == "no-successor"


def test_without_the_name_it_is_a_notice_of_its_own_that_is_looked_for(steps: Steps) -> None:
    assert rule_of(steps.submit(a_correction(NOTICE, grounds="Muu syy"), "ta-50", AFTER)) == "unknown-notice"


def test_naming_itself_is_as_naming_nobody(steps: Steps) -> None:
    said = steps.submit(naming(a_correction(NOTICE, grounds="Muu syy"), "ta-39"), "ta-39", BEFORE)
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    assert (event.step, event.owner) == (2, None)


def test_a_starter_keeps_its_key_and_does_not_move() -> None:
    starter = a_recruitment_notice(employer={"business_id": None, "name": None, "kind": "starter", "referral_number": "7-A"})
    steps = Steps(succeeded)
    steps.submit(starter, at=BEFORE)
    said = steps.submit(naming(a_correction(starter, text="Uusi"), "ta-39"), "ta-50", AFTER)
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    assert (event.step, event.type, event.employer_key) == (2, "correction", "ref:ta-39:7-A")


def test_the_clock_ends_an_embargo_that_a_successor_set(steps: Steps) -> None:
    access = {"level": "embargoed", "until": "2027-02-01T09:00:00Z"}
    held = steps.submit(naming(a_correction(NOTICE, access=access), "ta-39"), "ta-50", AFTER)
    (clock,) = held.read(Clock, topics.CLOCKS)
    assert (clock.sender, clock.owner) == ("ta-50", "ta-39")
    fired = put(topics.RECEIVED, Submission(sender=clock.sender, way="clock", body=clock.body), f"ta-39{SEPARATOR}x")
    said = steps.run(fired, clock.due)
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    (routed,) = said.read(RoutedNotice, topics.ROUTED)
    assert (event.receipt, event.step, event.type, routed.outcome) == (RECEIPT, 3, "release", "routed")


def test_a_release_by_a_successor(steps: Steps) -> None:
    embargoed = a_downsizing_notice(id="emb-1", access={"level": "embargoed", "until_event": "Tiedote on julkaistu"})
    steps.submit(embargoed, at=BEFORE)
    said = steps.submit(naming(a_release(embargoed), "ta-39"), "ta-50", AFTER)
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    assert (event.step, event.type, event.released) == (2, "release", True)
