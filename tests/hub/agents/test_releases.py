"""Embargoes: what is held, and what lets it go: the hub's clock, or its sender's word."""

import hashlib
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest

from hub.core.registry import Registry
from schemas import topics
from schemas.messages import AgencyNotice, Clock, LayoffAlert, Submission
from tests.builders import TAMPERE, a_correction, a_downsizing_notice, a_release, a_small_registry, a_withdrawal
from tests.hub.agents.steps import Said, Steps, put
from tests.hub.agents.test_changes import NOTICE, events, rule_of, stubbed


@pytest.fixture
def steps() -> Steps:
    return Steps()


UNTIL = {"access": {"level": "embargoed", "until": "2026-03-05T10:00:00Z"}}
UNTIL_EVENT = {"access": {"level": "embargoed", "until_event": "The staff has been told."}}


def clock_of(said: Said) -> Clock:
    (clock,) = said.read(Clock, topics.CLOCKS)
    return clock


def fired(steps: Steps, clock: Clock, at: datetime) -> Said:
    """What comes of the clock when the broker takes its submission in at that moment."""
    said = put(
        topics.RECEIVED, Submission(sender=clock.sender, way="clock", body=clock.body), f"{clock.sender}\x1f{clock.source}"
    )
    return steps.run(said, at)


def test_an_embargo_until_a_time_asks_for_a_clock_and_the_clock_lets_the_notice_go(steps: Steps) -> None:
    notice = a_downsizing_notice(**UNTIL)
    held = steps.submit(notice)
    clock = clock_of(held)
    assert (held.outboxes(AgencyNotice), clock.due, clock.sender) == ({}, datetime(2026, 3, 5, 10, tzinfo=UTC), "ta-39")
    assert len(held.read(LayoffAlert, topics.ALERTS)) == 1, "an embargo holds no alert back"
    said = fired(steps, clock, clock.due)
    assert events(said) == [(2, "release", "fi:9000000-3")]
    assert set(said.outboxes(AgencyNotice)) == {"ta-39", "evk-04"}
    assert said.outboxes(AgencyNotice)["ta-39"].notice["measures"]
    assert (said.read(LayoffAlert, topics.ALERTS), said.read(Clock, topics.CLOCKS)) == ((), ())
    assert fired(steps, clock, clock.due).verdicts() == {"repeat": 1}


def test_a_clock_that_runs_ahead_of_the_broker_lets_nothing_go_and_asks_again(steps: Steps) -> None:
    clock = clock_of(steps.submit(a_downsizing_notice(**UNTIL)))
    early = fired(steps, clock, clock.due - timedelta(seconds=2))
    assert early.outboxes(AgencyNotice) == {}
    again = clock_of(early)
    assert (again.due, again.change != clock.change) == (clock.due, True)
    assert set(fired(steps, again, clock.due).outboxes(AgencyNotice)) == {"ta-39", "evk-04"}


@pytest.mark.parametrize("change", [a_withdrawal, a_correction])
def test_a_clock_that_was_overtaken_does_nothing(steps: Steps, change: Callable[..., dict[str, Any]]) -> None:
    notice = a_downsizing_notice(**UNTIL)
    clock = clock_of(steps.submit(notice))
    steps.submit(change(notice) if change is a_withdrawal else change(notice, grounds="Muu syy"))
    said = fired(steps, clock, clock.due)
    assert (said.verdicts(), len(said.messages)) == ({"repeat": 1}, 1)


def test_the_sender_ends_an_embargo_that_waits_for_an_event(steps: Steps) -> None:
    notice = a_downsizing_notice(**UNTIL_EVENT)
    held = steps.submit(notice)
    assert (held.outboxes(AgencyNotice), held.read(Clock, topics.CLOCKS)) == ({}, ())
    said = steps.submit(a_release(notice))
    assert (events(said), set(said.outboxes(AgencyNotice))) == ([(2, "release", "fi:9000000-3")], {"ta-39", "evk-04"})
    assert steps.submit(a_release(notice)).verdicts() == {"repeat": 1}


def test_a_release_is_of_what_the_notice_says_now(steps: Steps) -> None:
    notice = a_downsizing_notice(**UNTIL_EVENT)
    steps.submit(notice)
    other = a_downsizing_notice(grounds="Muu syy", **UNTIL_EVENT)
    assert rule_of(steps.submit(a_release(other, "r-2"))) == "overtaken"
    assert rule_of(steps.submit(a_release(notice, "r-3", step=2))) == "overtaken"
    assert rule_of(steps.submit(a_release(a_downsizing_notice(id="D-9"), "r-4"))) == "unknown-notice"
    assert steps.submit(a_release(notice, "r-5", step=1)).verdicts() == {"accepted": 1}
    steps.submit(a_withdrawal(notice))
    assert rule_of(steps.submit(a_release(notice, "r-6"))) == "withdrawn"


def test_a_correction_after_a_release_calls_nobody_back_but_a_new_embargo_does(steps: Steps) -> None:
    notice = a_downsizing_notice(**UNTIL_EVENT)
    steps.submit(notice)
    steps.submit(a_release(notice))
    again = steps.submit(a_correction(notice, grounds="Muu syy"))
    assert set(stubbed(again).items()) == {("ta-39", False), ("evk-04", False)}
    assert rule_of(steps.submit(a_release(a_correction(notice, grounds="Muu syy")["notice"], "r-2"))) == "not-embargoed"
    held = steps.submit(a_correction(notice, "c-2", access={"until_event": "Something else has happened."}))
    assert stubbed(held) == {"evk-04": True}, "whoever is alerted is not told that it no longer concerns it"
    assert [alert.agency for alert in held.read(LayoffAlert, topics.ALERTS)] == ["ta-39"]


def test_only_an_embargo_can_be_ended(steps: Steps) -> None:
    steps.submit(NOTICE)
    assert rule_of(steps.submit(a_release(NOTICE))) == "not-embargoed"


def test_a_clock_speaks_for_a_notice_that_grew_and_for_a_sender_that_is_gone(steps: Steps) -> None:
    workplaces = [{"area": TAMPERE, "name": "x" * 190} for _ in range(200)]
    measures = [{"measure": "dismissal", "planned": 2, "staff_group": "y" * 190} for _ in range(100)]
    clock = clock_of(steps.submit(a_downsizing_notice(workplaces=workplaces, measures=measures, **UNTIL)))
    grown = Clock.model_validate(clock.model_dump() | {"body": clock.body + " " * 300_000})
    assert set(fired(steps, grown, clock.due).outboxes(AgencyNotice)) == {"ta-39", "evk-04", "tem"}
    gone = Steps(lambda: registry_without("ta-08"))
    held = gone.submit(a_downsizing_notice(**UNTIL), sender="ta-08")
    assert fired(gone, clock_of(held), datetime(2026, 3, 5, 10, tzinfo=UTC)).verdicts() == {"accepted": 1}


def registry_without(agency: str) -> Registry:
    """As it is when the agency's agreement has run out, on a day after that of the tests."""
    known = a_small_registry()
    ended = [
        one.model_copy(update={"agreement_until": date(2026, 3, 3)}) if one.id == agency else one
        for one in known.all_agencies.values()
    ]
    return Registry.of(8, known.areas.values(), ended, known.all_offerings.values())


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Until it is called, intake remembers contents as it did when `on_behalf_of` was one of them."""

    def as_then(said: Any) -> tuple[str, ...]:
        content = orjson.dumps(said.model_dump(mode="json", exclude_defaults=True), option=orjson.OPT_SORT_KEYS)
        return (hashlib.sha256(unicodedata.normalize("NFC", content.decode()).encode()).hexdigest(),)

    monkeypatch.setattr("hub.core.steps.digests", as_then)
    return monkeypatch.undo


def test_what_an_older_intake_remembers_with_its_own_name_in_it_is_known_again(steps: Steps, older: Callable[[], None]) -> None:
    """Else its embargo would never end, and nobody would hear that it did not."""
    notice = a_downsizing_notice(on_behalf_of="ta-39", **UNTIL)
    correction = a_correction(notice, grounds="Muu syy")
    steps.submit(notice)
    clock = clock_of(steps.submit(correction))
    older()
    assert steps.submit(notice).verdicts() == {"repeat": 1}
    assert steps.submit(correction).verdicts() == {"repeat": 1}
    assert steps.submit(a_correction(notice, "c-2", grounds="Muu syy")).verdicts() == {"repeat": 1}
    said = fired(steps, clock, clock.due)
    assert events(said) == [(3, "release", "fi:9000000-3")]
    assert set(said.outboxes(AgencyNotice)) == {"ta-39", "evk-04"}
