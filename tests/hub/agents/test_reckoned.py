"""The reckoning over what the agents say themselves: a whole log balances, and whatever record is missing is found."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from hub.agents.plan import Record
from hub.core.reckoning import GRACE, Ledger
from schemas import topics
from schemas.messages import LayoffAlert
from schemas.wire import Message, header
from tests.builders import (
    HELSINKI,
    a_correction,
    a_downsizing_notice,
    a_recruitment_notice,
    a_release,
    a_small_registry,
    a_withdrawal,
)
from tests.hub.agents.numbered import Numbered
from tests.hub.agents.steps import Said, lost_registry, name_of

NOTICE = a_downsizing_notice()
HELD = a_recruitment_notice(access={"level": "embargoed", "until": "2026-03-05T10:00:00Z"})
HELD_LAYOFF = a_downsizing_notice(access={"level": "embargoed", "until_event": "The staff has been told."})
ELSEWHERE = {"workplaces": [{"area": HELSINKI, "headcount": 150}]}
OTHER_EMPLOYER = {"employer": {"business_id": "9100020-8", "name": "Toinen Oy", "segment": "LOCAL", "headcount": 300}}

STORIES: dict[str, tuple[Mapping[str, Any], ...]] = {
    "a notice, again, and with other content": (NOTICE, NOTICE, a_downsizing_notice(grounds="Muu syy")),
    "to another town and withdrawn": (NOTICE, a_correction(NOTICE, "c-1", **ELSEWHERE), a_withdrawal(NOTICE)),
    "to another town and back": (NOTICE, a_correction(NOTICE, "c-1", **ELSEWHERE), a_correction(NOTICE, "c-2", grounds="Muu")),
    "to another employer": (NOTICE, a_correction(NOTICE, "c-1", **OTHER_EMPLOYER)),
    "to another employer and withdrawn": (NOTICE, a_correction(NOTICE, "c-1", **OTHER_EMPLOYER), a_withdrawal(NOTICE)),
    "an early embargo ended by its sender": (HELD_LAYOFF, a_release(HELD_LAYOFF), a_withdrawal(HELD_LAYOFF)),
    "held after it was told": (NOTICE, a_correction(NOTICE, "c-1", **{"access": HELD_LAYOFF["access"]}), a_withdrawal(NOTICE)),
    "a recruitment that goes elsewhere": (
        a_recruitment_notice(),
        a_correction(a_recruitment_notice(), "c-1", **ELSEWHERE),
        a_withdrawal(a_recruitment_notice()),
    ),
    "withdrawn before it came": (a_withdrawal(NOTICE), NOTICE),
    "where nobody is responsible": (a_downsizing_notice(workplaces=[{"area": "us:state:VT", "headcount": 9}]),),
    "told of the past": (a_downsizing_notice(historic=True),),
    "held until a time": (HELD,),
}


def listed(ledger: Ledger) -> list[str]:
    return [str(found) for found in ledger.unaccounted()]


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_whole_log_balances(story: tuple[Mapping[str, Any], ...]) -> None:
    ledger = Numbered().tell(*story).ledger()
    assert listed(ledger) == []
    counts = ledger.counts()
    assert counts["received"] == len(story) == sum(counts[name] for name in ("accepted", "repeat", "refused", "quarantined"))
    assert counts["steps"] == sum(counts[name] for name in ("routed", "kept", "held", "fallback", "ended"))


def test_what_reaches_nobody_who_is_responsible_is_counted_and_what_reaches_only_those_too() -> None:
    counts = Numbered().tell(*STORIES["where nobody is responsible"]).ledger().counts()
    assert (counts["routed"], counts["kept"], counts["fallback"]) == (0, 0, 1)
    small = a_recruitment_notice(posts=1, occupations=None, hard_to_fill=None, fulfilment=["candidates"])
    counts = Numbered().tell(small).ledger().counts()
    assert (counts["routed"], counts["kept"], counts["fallback"]) == (0, 1, 0)


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_whatever_record_is_missing_is_found(story: tuple[Mapping[str, Any], ...]) -> None:
    steps = Numbered().tell(*story)
    assert [name_of(message) for number, message in enumerate(steps.log) if not listed(steps.ledger({number}))] == []


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_an_alert_that_is_missing_together_with_its_copy_is_found(story: tuple[Mapping[str, Any], ...]) -> None:
    """As when the agent itself forgot an agency: nothing in the log names it for that step."""
    steps = Numbered().tell(*story)
    for event_id, numbers in alerts_in(steps.log).items():
        assert len(numbers) == 2
        assert listed(steps.ledger(numbers)), event_id


def alerts_in(log: list[Message]) -> dict[str | None, set[int]]:
    found = defaultdict[str | None, set[int]](set)
    for number, message in enumerate(log):
        if (header(message.headers, "ce_type") or "").endswith("alert.layoff.v1"):
            found[header(message.headers, "ce_id")].add(number)
    return found


def without(log: list[Message], agency: str, step: int, word: str) -> set[int]:
    """Where alert or copy of that agency stand, and its name in no list: as when an agent had forgotten the agency."""
    return {
        number
        for number, message in enumerate(log)
        if word in (header(message.headers, "ce_type") or "")
        and (told := orjson.loads(message.value or b"{}")).get("agency") == agency
        and told["step"] == step
    }


def test_a_place_that_a_correction_dropped_has_to_get_a_closing_alert() -> None:
    steps = Numbered().tell(NOTICE, a_correction(NOTICE, "c-1", **ELSEWHERE))
    (found,) = listed(steps.ledger(without(steps.log, "ta-39", 2, "alert")))
    assert found.startswith("no-closing: ")
    assert found.endswith("step 2: alerted before and not told that it is over: ta-39")


def test_who_had_a_notice_has_to_hear_of_the_step_that_no_longer_concerns_it() -> None:
    notice = a_recruitment_notice()
    steps = Numbered().tell(notice, a_correction(notice, "c-1", **ELSEWHERE))
    forgetting = [forget(message, "ta-39") for message in steps.log]
    steps.log = [message for message in forgetting if message]
    (found,) = listed(steps.ledger())
    assert found.startswith("no-stub: ")
    assert found.endswith("step 2: had it before and hear nothing: ta-39")


def forget(message: Message, agency: str) -> Message | None:
    """The message of the second step as of a hub that has forgotten the agency."""
    told = orjson.loads(message.value or b"{}")
    if told.get("step") != 2 or name_of(message) in (topics.EVENTS.name, topics.ALERTS.name):
        return message
    if told.get("agency") == agency:
        return None
    for names in (told.get("recipients"), told.get("targets")):
        if names is not None:
            names[:] = [name for name in names if name["agency"] != agency]
    return replace(message, value=orjson.dumps(told))


def test_an_embargo_that_ended_and_was_not_lifted_is_overdue_by_the_time_of_the_broker() -> None:
    steps, until = Numbered().tell(HELD), datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert listed(steps.ledger(now=until + GRACE)) == []
    late = steps.ledger(now=until + GRACE + timedelta(seconds=1))
    assert late.kinds() == {"overdue": 1}
    assert [at for _, at in late.held()] == [until]
    (clock,) = (number for number, message in enumerate(steps.log) if name_of(message) == topics.CLOCKS.name)
    assert steps.ledger({clock}).kinds() == {"no-clock": 1}
    steps.tell(a_correction(HELD, posts=41, access={"level": "open", "until": None}))
    assert listed(steps.ledger({clock}, now=until + 2 * GRACE)) == [], "a later step makes the clock void"


def test_an_embargo_is_watched_also_when_retention_has_removed_its_submission_but_not_since_a_later_moment() -> None:
    steps, late = Numbered().tell(HELD), datetime(2026, 4, 1, tzinfo=UTC)
    removed = steps.ledger(now=late, first=1)
    assert removed.kinds() == {"overdue": 1}
    assert removed.counts()["received"] == removed.counts()["steps"] == 0
    removed.whole = False
    assert removed.kinds() == {}


def test_steps_of_submissions_that_retention_removed_still_say_who_has_to_hear() -> None:
    steps = Numbered().tell(NOTICE, a_correction(NOTICE, "c-1", **ELSEWHERE))
    assert (listed(steps.ledger(first=1)), steps.ledger(first=1).counts()["received"]) == ([], 1)
    assert steps.ledger(without(steps.log, "ta-39", 2, "alert"), first=1).kinds() == {"no-closing": 1}


class Failing(Numbered):
    """Its registry can be read by all agents but cases, once `lost` is set."""

    def __init__(self) -> None:
        super().__init__(lambda: lost_registry() if self.lost and self.agent == "cases" else a_small_registry())
        self.lost, self.agent = False, ""

    def take(self, agent: str, record: Record) -> Said:
        self.agent = agent
        return super().take(agent, record)


def test_where_the_rules_fail_the_fallback_hears_and_what_the_others_still_have_to_hear_is_not_forgotten() -> None:
    steps = Failing().tell(NOTICE)
    steps.lost = True
    held = a_correction(NOTICE, "c-1", access=HELD_LAYOFF["access"])
    steps.tell(held, a_correction(held["notice"], "c-2", grounds="Muu syy"))
    assert [alert.agency for alert in Said(tuple(steps.log)).read(LayoffAlert, topics.ALERTS)] == [
        "ta-39",
        "fallback",
        "fallback",
    ]
    assert listed(steps.ledger()) == []
    steps.lost = False
    steps.tell(a_withdrawal(NOTICE))
    assert listed(steps.ledger()) == []
    assert steps.ledger(without(steps.log, "ta-39", 4, "alert")).kinds() == {"no-closing": 1}


def test_a_step_that_alerted_nobody_is_one_finding_and_the_next_one_still_has_to_close_what_was_open() -> None:
    steps = Numbered().tell(NOTICE, a_correction(NOTICE, "c-1", grounds="Muu syy"), a_withdrawal(NOTICE))
    lost = without(steps.log, "ta-39", 2, "alert")
    assert steps.ledger(lost).kinds() == {"no-alert": 1}
    assert steps.ledger(lost | without(steps.log, "ta-39", 3, "alert")).kinds() == {"no-alert": 1, "no-closing": 1}
