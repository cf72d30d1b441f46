"""Corrections, withdrawals, moves: who had a notice hears of each step that follows, once, and nobody else does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hub.agents.state import PartitionState
from hub.core.steps import Known
from schemas import topics
from schemas.ids import receipt_of
from schemas.messages import AgencyNotice, EmployerEvent, LayoffAlert, RefusedNotice, RoutedNotice
from schemas.wire import read
from tests.builders import (
    HELSINKI,
    a_correction,
    a_downsizing_notice,
    a_recruitment_notice,
    a_release,
    a_withdrawal,
)
from tests.hub.agents.steps import Said, Steps, lost_registry, put

NOTICE = a_downsizing_notice()
RECEIPT = receipt_of("ta-39", NOTICE["source"], NOTICE["id"])
IN_HELSINKI = {"workplaces": [{"area": HELSINKI}]}
OTHER_EMPLOYER = {"employer": {"business_id": "9000001-1"}}


@pytest.fixture
def steps() -> Steps:
    return Steps()


def events(said: Said) -> list[tuple[int, str, str]]:
    return [(event.step, event.type, event.employer_key) for event in said.read(EmployerEvent, topics.EVENTS)]


def rule_of(said: Said) -> str:
    (refused,) = said.read(RefusedNotice, topics.REFUSED)
    return refused.findings[0].rule


def stubbed(said: Said) -> dict[str, bool]:
    """By agency, whether its copy says that the notice no longer concerns it."""
    return {agency: bool(copy.notice.get("no_longer_concerns_you")) for agency, copy in said.outboxes(AgencyNotice).items()}


# Corrections


def test_a_correction_is_the_next_step_and_everyone_gets_it_whole(steps: Steps) -> None:
    before = steps.submit(NOTICE)
    said = steps.submit(a_correction(NOTICE, measures=[{"measure": "dismissal", "planned": 12}]))
    (event,) = said.read(EmployerEvent, topics.EVENTS)
    assert (event.receipt, event.step, event.type, event.change) == (RECEIPT, 2, "correction", "c-1")
    assert event.reason == "Lukumäärä tarkentui."
    assert said.outboxes(AgencyNotice).keys() == before.outboxes(AgencyNotice).keys()
    assert {copy.step for copy in said.outboxes(AgencyNotice).values()} == {2}
    (alert,) = said.read(LayoffAlert, topics.ALERTS)
    assert (alert.agency, alert.step, alert.people.low if alert.people else None) == ("ta-39", 2, 12)


def test_the_same_correction_again_is_a_repeat_and_sends_nothing(steps: Steps) -> None:
    steps.submit(NOTICE)
    correction = a_correction(NOTICE, grounds="Muu syy")
    steps.submit(correction)
    again = steps.submit(correction)
    assert (again.verdicts(), len(again.messages)) == ({"repeat": 1}, 1)


def test_a_correction_that_changes_nothing_is_a_repeat_and_stays_one(steps: Steps) -> None:
    steps.submit(NOTICE)
    for _ in range(2):
        assert steps.submit(a_correction(NOTICE)).verdicts() == {"repeat": 1}


def test_one_id_for_two_corrections_is_a_conflict_and_the_first_stands(steps: Steps) -> None:
    steps.submit(NOTICE)
    steps.submit(a_correction(NOTICE, grounds="Muu syy"))
    other = steps.submit(a_correction(NOTICE, grounds="Kolmas syy"))
    assert (other.verdicts(), rule_of(other)) == ({"refused": 1}, "conflict")


@pytest.mark.parametrize("order", [("notice", "change"), ("change", "notice")])
def test_a_change_and_a_notice_of_one_id_are_a_conflict(steps: Steps, order: tuple[str, str]) -> None:
    steps.submit(NOTICE)
    said = {"notice": a_downsizing_notice(id="x-1"), "change": a_correction(NOTICE, "x-1", grounds="Muu syy")}
    steps.submit(said[order[0]])
    assert rule_of(steps.submit(said[order[1]])) == "conflict"


def test_every_version_sent_again_is_a_repeat_also_when_it_is_an_old_one(steps: Steps) -> None:
    steps.submit(NOTICE)
    second = a_correction(NOTICE, grounds="Muu syy")
    steps.submit(second)
    assert steps.submit(NOTICE).verdicts() == {"repeat": 1}, "a feed that is sent again does not turn the clock back"
    assert steps.submit(second["notice"]).verdicts() == {"repeat": 1}


ABROAD = {"employer": {"business_id": None, "foreign": {"country": "se", "number": "123456-7897"}}}
THE_SAME_ABROAD = {"employer": {"business_id": None, "foreign": {"country": "se", "number": "SE123456789701"}}}


def test_a_number_abroad_that_is_written_in_another_way_moves_nothing(steps: Steps) -> None:
    assert events(steps.submit(NOTICE | ABROAD)) == [(1, "notice", "se:1234567897")]
    assert events(steps.submit(a_correction(NOTICE, **THE_SAME_ABROAD))) == [(2, "correction", "se:1234567897")]


def test_a_notice_stays_under_the_key_that_it_had_before_keys_had_one_form(steps: Steps) -> None:
    steps.submit(NOTICE | ABROAD)
    values = steps.states["intake"].values
    (id,) = [key for key, held in values.items() if b"se:1234567897" in held]
    values[id] = values[id].replace(b"se:1234567897", b"se:123456-7897")
    assert events(steps.submit(a_correction(NOTICE, **THE_SAME_ABROAD))) == [(2, "correction", "se:123456-7897")]


def test_back_to_an_older_content_is_a_step_of_its_own(steps: Steps) -> None:
    steps.submit(NOTICE)
    steps.submit(a_correction(NOTICE, "c-1", grounds="Muu syy"))
    assert events(steps.submit(a_correction(NOTICE, "c-2"))) == [(3, "correction", "fi:9000000-3")]


def test_a_correction_of_what_the_hub_never_saw_says_so(steps: Steps) -> None:
    said = steps.submit(a_correction(NOTICE))
    assert (rule_of(said), len(said.read(EmployerEvent, topics.EVENTS))) == ("unknown-notice", 0)
    assert steps.submit(NOTICE).verdicts() == {"accepted": 1}


def test_no_agency_can_change_another_ones_notice(steps: Steps) -> None:
    steps.submit(NOTICE)
    for change in (a_correction(NOTICE, grounds="Muu syy"), a_withdrawal(NOTICE)):
        said = steps.submit(change, sender="ta-08")
        assert (said.verdicts(), rule_of(said)) == ({"refused": 1}, "unknown-notice")
    assert events(steps.submit(a_correction(NOTICE, grounds="Muu syy")))[0][0] == 2


def test_findings_of_a_correction_have_their_place_inside_it(steps: Steps) -> None:
    steps.submit(NOTICE)
    places = {}
    for changes in ({"employer": {"business_id": "9000000-4"}}, {"workplaces": [{"area": "fi:kunta:999"}]}, {"posts": 3}):
        (refused,) = steps.submit(a_correction(NOTICE, **changes)).read(RefusedNotice, topics.REFUSED)
        places |= {finding.place: finding.message for finding in refused.findings}
    assert set(places) == {"/notice/employer/business_id", "/notice/workplaces/0/area", "/notice/posts"}
    assert "recruitment" in places["/notice/posts"]


def test_a_correction_with_another_id_inside_is_refused(steps: Steps) -> None:
    steps.submit(NOTICE)
    wrong = a_correction(NOTICE, id="c-1") | {"corrects": {"source": NOTICE["source"], "id": "D-2"}}
    assert steps.submit(wrong).verdicts() == {"refused": 1}
    assert steps.submit(a_correction(NOTICE, id="D-1", grounds="x")).verdicts() == {"refused": 1}


def test_a_personal_code_in_a_reason_is_refused_and_kept_nowhere(steps: Steps) -> None:
    steps.submit(NOTICE)
    said = steps.submit(a_withdrawal(NOTICE) | {"reason": "soittaja 131052-308T"})
    (refused,) = said.read(RefusedNotice, topics.REFUSED)
    assert (refused.code, "308T" in (refused.body or "")) == ("personal-code", False)
    assert (refused.source, refused.id) == (NOTICE["source"], NOTICE["id"])


# Former recipients


def test_who_is_no_longer_concerned_gets_a_stub_once_and_the_new_ones_the_notice(steps: Steps) -> None:
    steps.submit(NOTICE)
    said = steps.submit(a_correction(NOTICE, "c-1", **IN_HELSINKI))
    found = stubbed(said)
    assert (found["ta-39"], found["evk-04"], found["ta-08"]) == (True, True, False)
    assert set(said.outboxes(AgencyNotice)["ta-39"].notice) == {"id", "source", "no_longer_concerns_you"}
    alerts = {alert.agency: alert for alert in said.read(LayoffAlert, topics.ALERTS)}
    assert (alerts["ta-39"].stage, alerts["ta-39"].people, alerts["ta-08"].stage) == ("ended", None, "negotiations")
    assert "measures" not in alerts["ta-39"].notice
    third = steps.submit(a_correction(NOTICE, "c-2", grounds="Muu syy", **IN_HELSINKI))
    assert "ta-39" not in stubbed(third), "a stub is told once"
    back = steps.submit(a_correction(NOTICE, "c-3"))
    assert stubbed(back) == {"ta-39": False, "evk-04": False, "ta-08": True}


def test_a_notice_that_turns_out_to_be_no_downsizing_ends_the_alert(steps: Steps) -> None:
    steps.submit(NOTICE)
    hiring = a_recruitment_notice(id=NOTICE["id"], source=NOTICE["source"], employer=NOTICE["employer"])
    said = steps.submit(a_correction(hiring))
    (alert,) = said.read(LayoffAlert, topics.ALERTS)
    assert (alert.agency, alert.stage, alert.why[0].rule) == ("ta-39", "ended", "told-before")
    assert said.outboxes(AgencyNotice)["ta-39"].kind == "recruitment"
    again = steps.submit(a_correction(NOTICE, "c-2"))
    assert [alert.stage for alert in again.read(LayoffAlert, topics.ALERTS)] == ["negotiations"]


EMBARGOED = {"access": {"level": "embargoed", "until": "2099-01-01T00:00:00Z"}}


@pytest.mark.parametrize("elsewhere", [IN_HELSINKI, {"kind": "recruitment"}], ids=str)
def test_who_had_the_notice_and_was_only_alerted_since_hears_when_it_is_over(steps: Steps, elsewhere: dict[str, Any]) -> None:
    steps.submit(NOTICE)
    held = steps.submit(a_correction(NOTICE, "c-1", **EMBARGOED))
    assert stubbed(held) == {"evk-04": True}, "the coordinator is alerted to what it is, and needs no stub"
    hiring = a_recruitment_notice(id=NOTICE["id"], source=NOTICE["source"], employer=NOTICE["employer"], **EMBARGOED)
    other = a_correction(hiring, "c-2") if "kind" in elsewhere else a_correction(NOTICE, "c-2", **EMBARGOED, **elsewhere)
    assert stubbed(steps.submit(other)) == {"ta-39": True}
    assert stubbed(steps.submit(a_withdrawal(NOTICE))) == {}, "a stub is told once"


# Moves


def test_a_wrong_employer_ends_under_the_old_key_and_goes_on_under_the_new(steps: Steps) -> None:
    steps.submit(NOTICE)
    said = steps.submit(a_correction(NOTICE, **OTHER_EMPLOYER))
    assert events(said) == [(2, "moved", "fi:9000000-3"), (3, "correction", "fi:9000001-1")]
    moved, _ = said.read(EmployerEvent, topics.EVENTS)
    assert moved.notice == {}, "the wrong employer's history holds nothing of the right one"
    away, here = said.read(RoutedNotice, topics.ROUTED)
    assert (away.outcome, here.outcome, here.step) == ("ended", "routed", 3)
    assert {recipient.agency for recipient in away.recipients} == {"ta-39", "evk-04"}
    assert all(
        "9000001-1" not in message.value.decode() for message in said.messages if message.key == b"fi:9000000-3" and message.value
    )
    assert events(steps.submit(a_correction(NOTICE, "c-2"))) == [(4, "moved", "fi:9000001-1"), (5, "correction", "fi:9000000-3")]


# Withdrawals


def test_a_withdrawal_reaches_all_who_were_told_and_says_nothing_more(steps: Steps) -> None:
    before = steps.submit(NOTICE)
    said = steps.submit(a_withdrawal(NOTICE))
    assert events(said) == [(2, "withdrawal", "fi:9000000-3")]
    copies = said.outboxes(AgencyNotice)
    assert copies.keys() == before.outboxes(AgencyNotice).keys()
    assert {tuple(sorted(copy.notice)) for copy in copies.values()} == {("id", "no_longer_concerns_you", "source", "withdrawn")}
    assert not any(copy.offerings for copy in copies.values())
    (alert,) = said.read(LayoffAlert, topics.ALERTS)
    assert (alert.agency, alert.stage, alert.step) == ("ta-39", "withdrawn", 2)
    assert steps.submit(a_withdrawal(NOTICE)).verdicts() == {"repeat": 1}
    assert steps.submit(a_withdrawal(NOTICE, "w-2")).verdicts() == {"repeat": 1}


def test_what_was_withdrawn_is_not_corrected_and_not_sent_again(steps: Steps) -> None:
    steps.submit(NOTICE)
    steps.submit(a_withdrawal(NOTICE))
    assert rule_of(steps.submit(a_correction(NOTICE, grounds="Muu syy"))) == "withdrawn"
    assert steps.submit(NOTICE).verdicts() == {"repeat": 1}


def test_a_withdrawal_that_comes_first_is_refused_and_its_notice_then_reaches_nobody(steps: Steps) -> None:
    first = steps.submit(a_withdrawal(NOTICE))
    assert (first.verdicts(), rule_of(first)) == ({"refused": 1}, "unknown-notice")
    assert rule_of(steps.submit(a_correction(NOTICE, grounds="x"))) == "unknown-notice"
    said = steps.submit(NOTICE)
    assert said.verdicts() == {"accepted": 1}
    (routed,) = said.read(RoutedNotice, topics.ROUTED)
    assert (routed.outcome, routed.recipients) == ("kept", ())
    assert (said.outboxes(AgencyNotice), said.read(LayoffAlert, topics.ALERTS)) == ({}, ())
    assert steps.submit(a_withdrawal(NOTICE)).verdicts() == {"repeat": 1}
    assert steps.submit(a_downsizing_notice(id="D-2")).outboxes(AgencyNotice), "others pass"


# What may not be


@pytest.mark.parametrize("change", [a_withdrawal, a_correction, a_release])
def test_a_change_of_a_change_is_refused(steps: Steps, change: Callable[..., dict[str, Any]]) -> None:
    steps.submit(NOTICE)
    steps.submit(a_correction(NOTICE, "c-1", grounds="Muu syy"))
    said = steps.submit(change(a_downsizing_notice(id="c-1"), "z-1"))
    assert (said.verdicts(), rule_of(said)) == ({"refused": 1}, "unknown-notice")


def test_a_step_that_a_killed_intake_wrote_before_says_nothing_a_second_time(steps: Steps) -> None:
    written = [
        *steps.submit(NOTICE).on(topics.EVENTS),
        *steps.submit(a_correction(NOTICE, **IN_HELSINKI)).on(topics.EVENTS),
        *steps.submit(a_withdrawal(NOTICE)).on(topics.EVENTS),
    ]
    assert len(written) == 3
    assert [len(steps.run(message).messages) for message in written] == [0, 0, 0]


def test_what_was_withdrawn_cannot_come_again_with_another_content(steps: Steps) -> None:
    steps.submit(NOTICE)
    steps.submit(a_withdrawal(NOTICE))
    assert rule_of(steps.submit(a_downsizing_notice(grounds="Muu syy"))) == "withdrawn"


def test_an_agency_that_still_has_the_notice_is_not_told_that_it_no_longer_concerns_it(steps: Steps) -> None:
    steps.submit(NOTICE)
    hiring = a_recruitment_notice(id=NOTICE["id"], source=NOTICE["source"], employer=NOTICE["employer"])
    (alert,) = steps.submit(a_correction(hiring)).read(LayoffAlert, topics.ALERTS)
    assert alert.notice == {"id": NOTICE["id"], "source": NOTICE["source"]}


def test_a_withdrawal_ends_the_alert_also_where_the_registry_cannot_be_read(steps: Steps) -> None:
    written = steps.submit(NOTICE).on(topics.EVENTS)
    ended = steps.submit(a_withdrawal(NOTICE)).on(topics.EVENTS)
    lost = Steps(lost_registry)
    lost.states["cases"] = PartitionState({RECEIPT.encode(): b"1 ta-39"})
    (alert,) = lost.take("cases", lost.record(ended[0])).read(LayoffAlert, topics.ALERTS)
    assert (alert.agency, alert.stage) == ("ta-39", "withdrawn")
    event = read(EmployerEvent, written[0].value, written[0].headers).model_copy(update={"withdrawn_before": True})
    silent = Steps(lost_registry)
    assert silent.take("cases", silent.record(put(topics.EVENTS, event))).messages == ()


# What is remembered


@pytest.mark.parametrize(
    "known",
    [
        Known(1, "open", "downsizing", "fi:9000000-3", bytes(16)),
        Known(0, "awaited"),
        Known(2, "open", "downsizing", "fi:9000000-3", bytes(32), "0123456789abcdef"),
        Known(70_000, "withdrawn", "recruitment", "ref:ta-39:S.c3.a4", b"\x1f" * 16 + b"o" * 16),
    ],
)
def test_what_is_known_of_a_notice_is_read_back_as_it_was(known: Known) -> None:
    assert Known.decode(known.encode()) == known
    assert not known.encode().startswith(b"c"), "that is how a change begins"


def test_each_content_is_remembered_once_and_not_without_end() -> None:
    known = Known(1, "open", "downsizing", "fi:9000000-3", b"a" * 16)
    for number in range(300):
        known = replace(known, contents=known.with_now(bytes([number % 70]) * 16))
    assert len(known.contents) == 64 * 16
    assert known.has_now(bytes([299 % 70]) * 16)
    assert len({known.contents[at : at + 16] for at in range(0, 1024, 16)}) == 64


def test_a_content_is_found_only_where_it_begins() -> None:
    known = Known(2, "open", "downsizing", "fi:9000000-3", b"a" * 16 + b"b" * 16)
    assert known.has_had(b"a" * 16)
    assert known.has_now(b"b" * 16)
    assert not known.has_had(b"a" * 8 + b"b" * 8)
    assert not known.has_now(b"a" * 16)
