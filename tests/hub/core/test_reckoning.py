"""The reckoning: whatever is left out of a whole log is found and named."""

from collections.abc import Callable

import pytest

from hub.core.acknowledging import WHYS
from hub.core.reckoning import Ledger
from schemas.acknowledgement import Acknowledgement, Hearer, RoutedAcknowledgement
from schemas.agency import Names
from schemas.ids import event_id_of
from schemas.messages import (
    Coordinates,
    EmployerEvent,
    EnrichedNotice,
    LayoffAlert,
    Recipient,
    RefusedNotice,
    RepeatedNotice,
    RoutedNotice,
    Target,
    Why,
)
from tests.builders import AT, a_downsizing_notice, an_event

AGENCIES = ("ta-39", "evk-04")
WHY = (Why(role="own-area", rule="workplace-area", detail=Names(fi="alue")),)
GROUP = (Why(role="tem-group", rule="takes-kind", detail=Names(fi="alue")),)


def step() -> EmployerEvent:
    return an_event(a_downsizing_notice()).model_copy(update={"origin": origin(0)})


def origin(offset: int) -> Coordinates:
    return Coordinates(topic="notices.received", partition=3, offset=offset)


def routed() -> RoutedNotice:
    to = tuple(Recipient(agency=agency, why=why) for agency, why in zip(AGENCIES, (WHY, GROUP), strict=True))
    event = step()
    return RoutedNotice(
        receipt=event.receipt, step=1, outcome="routed", significance=(), recipients=to, registry_revision=1,
        decided_as_of=AT, event=event,
    )  # fmt: skip


def enriched(*agencies: str) -> EnrichedNotice:
    targets = tuple(Target(agency=agency, event_id=f"n-{agency}") for agency in agencies)
    return EnrichedNotice(
        receipt=step().receipt, step=1, enriched=True, offerings=(), targets=targets, registry_revision=1, routed=routed()
    )


def alert() -> LayoffAlert:
    return LayoffAlert.model_validate(
        {
            "receipt": step().receipt, "step": 1, "agency": "ta-39", "event_id": "a-ta-39", "stage": "negotiations",
            "people": None, "received_at": AT, "registry_revision": 1, "why": WHY, "notice": {},
        }
    )  # fmt: skip


def refusal(offset: int) -> RefusedNotice:
    return RefusedNotice(
        sender=None, source=None, id=None, verdict="refused", code="malformed", findings=(), received_at=AT,
        origin=origin(offset), body=None,
    )  # fmt: skip


def repeat(offset: int) -> RepeatedNotice:
    return RepeatedNotice(receipt=step().receipt, sender="ta-39", received_at=AT, origin=origin(offset))


ENTRIES: dict[str, Callable[[Ledger], None]] = {
    "event": lambda ledger: ledger.take_event(step()),
    "refusal": lambda ledger: ledger.take_refused(refusal(1)),
    "repeat": lambda ledger: ledger.take_repeated(repeat(2)),
    "routed": lambda ledger: ledger.take_routed(routed()),
    "enriched": lambda ledger: ledger.take_enriched(enriched(*AGENCIES)),
    "alert": lambda ledger: ledger.take_alert(alert()),
    "own copy": lambda ledger: ledger.take_delivered("ta-39", "n-ta-39", 0),
    "centre's copy": lambda ledger: ledger.take_delivered("evk-04", "n-evk-04", 0),
    "alert's copy": lambda ledger: ledger.take_delivered("ta-39", "a-ta-39", 1),
}
"""A log in which all is well: one accepted, one refused, one repeated."""


def ledger_of(entries: dict[str, Callable[[Ledger], None]]) -> Ledger:
    ledger = Ledger()
    ledger.take_received(3, 0, 3)
    for take in entries.values():
        take(ledger)
    return ledger


def test_a_whole_log_balances() -> None:
    counts = ledger_of(ENTRIES).counts()
    assert counts == {
        "received": 3, "accepted": 1, "repeat": 1, "refused": 1, "quarantined": 0, "delivered": 3,
        "steps": 1, "routed": 1, "kept": 0, "held": 0, "fallback": 0, "ended": 0, "answers": 0, "alerts": 1, "stubs": 0,
        "dead_lettered": 0, "unaccounted": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("gone", "kinds", "said"),
    [
        ("event", ["no-verdict"], "notices.received/3@0"),
        ("refusal", ["no-verdict"], "notices.received/3@1"),
        ("repeat", ["no-verdict"], "notices.received/3@2"),
        ("routed", ["no-outcome"], "routing has not decided it"),
        ("enriched", ["no-targets", "foreign", "foreign"], "enrichment has listed no copies"),
        ("alert", ["no-alert", "foreign"], "no layoff alert"),
        ("own copy", ["not-delivered"], "event n-ta-39 is not in the outbox of ta-39"),
        ("centre's copy", ["not-delivered"], "event n-evk-04 is not in the outbox of evk-04"),
        ("alert's copy", ["not-delivered"], "event a-ta-39 is not in the outbox of ta-39"),
    ],
)
def test_what_is_missing_is_named(gone: str, kinds: list[str], said: str) -> None:
    ledger = ledger_of({name: take for name, take in ENTRIES.items() if name != gone})
    assert [found.kind for found in ledger.unaccounted()] == kinds
    assert ledger.counts()["unaccounted"] == len(kinds)
    assert said in str(next(ledger.unaccounted()))


def test_the_same_said_twice_counts_once_and_two_verdicts_are_an_error() -> None:
    twice = ledger_of(ENTRIES | {f"again {name}": take for name, take in ENTRIES.items()})
    assert twice.counts() == ledger_of(ENTRIES).counts()
    both = ledger_of(ENTRIES | {"other": lambda ledger: ledger.take_repeated(repeat(1))})
    assert [str(found) for found in both.unaccounted()] == [
        "contradiction: notices.received/3@1: several verdicts: refused, repeat"
    ]


def test_a_recipient_without_a_target_is_missing_and_a_buried_copy_is_accounted_for() -> None:
    short = ledger_of(ENTRIES | {"enriched": lambda ledger: ledger.take_enriched(enriched("ta-39"))})
    assert [found.what for found in short.unaccounted()] == [
        "recipients without a copy: evk-04",
        "no decision names event n-evk-04",
    ]
    more = ledger_of(ENTRIES | {"enriched": lambda ledger: ledger.take_enriched(enriched(*AGENCIES, "ta-08"))})
    assert [found.kind for found in more.unaccounted()] == ["contradiction", "not-delivered"]
    buried = ledger_of(ENTRIES | {"centre's copy": lambda ledger: letter(ledger, "n-evk-04")})
    assert (buried.counts()["dead_lettered"], buried.counts()["unaccounted"]) == (1, 0)


def ending(offset: int, kind: str) -> EmployerEvent:
    """The second step, which takes the notice back or away."""
    changes = {"step": 2, "type": kind, "notice": {}, "origin": origin(offset)}
    return step().model_copy(update=changes)


def test_the_same_verdict_with_another_reason_is_a_contradiction() -> None:
    other = refusal(1).model_copy(update={"code": "conflict"})
    both = ledger_of(ENTRIES | {"other": lambda ledger: ledger.take_refused(other)})
    assert [(found.kind, found.what) for found in both.unaccounted()] == [("contradiction", "several verdicts: refused, refused")]


def test_whoever_is_responsible_for_a_workplace_has_to_be_alerted_where_both_lanes_used_one_registry() -> None:
    other = alert().model_copy(update={"agency": "ta-08", "event_id": "a-ta-08"})
    entries = ENTRIES | {"alert": lambda ledger: ledger.take_alert(other)}
    entries["alert's copy"] = lambda ledger: ledger.take_delivered("ta-08", "a-ta-08", 0)
    assert [found.what for found in ledger_of(entries).unaccounted()] == ["responsible and not alerted: ta-39"]
    for changes in ({"registry_revision": 2}, {"registry_revision": None, "bare": True}):
        changed = other.model_copy(update=changes)
        assert ledger_of(entries | {"alert": lambda ledger, it=changed: ledger.take_alert(it)}).kinds() == {}


def test_two_steps_of_one_number_and_two_decisions_that_differ_are_contradictions() -> None:
    other = step().model_copy(update={"reason": "another one"})
    number = ledger_of(ENTRIES | {"other": lambda ledger: ledger.take_event(other)})
    assert [found.what for found in number.unaccounted()] == ["two events of one number that are not the same"]
    kept = routed().model_copy(update={"outcome": "kept"})
    decision = ledger_of(ENTRIES | {"other": lambda ledger: ledger.take_routed(kept)})
    assert [found.what for found in decision.unaccounted()] == ["routing decided it twice, and not the same"]
    later = routed().model_copy(update={"registry_revision": 2})
    assert ledger_of(ENTRIES | {"other": lambda ledger: ledger.take_routed(later)}).kinds() == {}


def test_a_copy_that_no_decision_names_is_foreign_but_not_where_it_is_not_judged() -> None:
    strange = ledger_of(ENTRIES | {"strange": lambda ledger: ledger.take_delivered("ta-08", "n-ta-39", 7)})
    assert [str(found) for found in strange.unaccounted()] == [
        "foreign: agency.ta-08.outbox/0@7: no decision names event n-ta-39"
    ]
    later = ledger_of(ENTRIES | {"strange": lambda ledger: ledger.take_delivered("ta-08", "n-ta-39", 7, judged=False)})
    assert later.kinds() == {}


def test_a_step_that_an_agent_set_aside_says_so() -> None:
    entries = {name: take for name, take in ENTRIES.items() if name not in ("routed", "enriched", "own copy", "centre's copy")}
    event_id = event_id_of(step().receipt, 1, "event")
    told = {"letter": lambda ledger: ledger.take_letter(event_id, "routing", "step-failed", "employer.events")}
    found = [str(found) for found in ledger_of(entries | told).unaccounted()]
    assert "routing set it aside among the dead letters" in found[0]
    assert "set it aside" not in found[1]


def letter(ledger: Ledger, event_id: str, code: str = "topic-vanished") -> None:
    ledger.take_letter(event_id, "worker", code, "agency.evk-04.outbox")


def test_only_a_letter_of_what_its_outbox_could_not_take_stands_for_a_copy() -> None:
    other = ledger_of(ENTRIES | {"centre's copy": lambda ledger: letter(ledger, "n-evk-04", "22P02")})
    assert other.kinds() == {"not-delivered": 1}


def test_what_retention_removed_is_neither_unaccounted_nor_counted() -> None:
    ledger = ledger_of(ENTRIES)
    ledger.take_received(3, 3, 3)
    assert set(ledger.counts().values()) == {0}
    ledger.take_received(3, 2, 1)
    assert set(ledger.counts().values()) == {0}


def test_what_the_bridge_refused_is_no_verdict_of_a_submission() -> None:
    at_a_door = refusal(1).model_copy(update={"origin": Coordinates(topic="agency.ta-39.inbox", partition=3, offset=1)})
    ledger = ledger_of(ENTRIES | {"refusal": lambda ledger: ledger.take_refused(at_a_door)})
    assert [str(found) for found in ledger.unaccounted()] == [
        "no-verdict: notices.received/3@1: intake has not said what becomes of it"
    ]


# Answers to notices


def an_answer(offset: int = 4) -> Acknowledgement:
    return Acknowledgement(
        acknowledgement="k-1", receipt=step().receipt, answers=1, kind="downsizing", owner="ta-39", agency="evk-04", id="a",
        answer="claim", employer_key="fi:9000000-3", received_at=AT, origin=origin(offset),
    )  # fmt: skip


def heard(*agencies: str, revision: int = 1) -> RoutedAcknowledgement:
    hearers = tuple(Hearer(agency=agency, event_id=f"k-{agency}", why=WHYS["sender"]) for agency in agencies)
    outcome = "told" if agencies else "kept"
    return RoutedAcknowledgement(
        acknowledgement=an_answer(), outcome=outcome, hearers=hearers, registry_revision=revision, decided_as_of=AT
    )


ANSWERED: dict[str, Callable[[Ledger], None]] = {
    "answer": lambda ledger: ledger.take_answer(an_answer()),
    "heard": lambda ledger: ledger.take_heard(heard("ta-39")),
    "its copy": lambda ledger: ledger.take_delivered("ta-39", "k-ta-39", 7),
}


def answered(*without: str) -> Ledger:
    ledger = ledger_of(ENTRIES)
    ledger.take_received(3, 0, 5)
    ledger.take_repeated(repeat(3))
    for name, take in ANSWERED.items():
        if name not in without:
            take(ledger)
    return ledger


def test_an_answer_has_one_verdict_and_one_outcome_and_is_no_step() -> None:
    counts = answered().counts()
    assert (counts["received"], counts["accepted"], counts["answers"], counts["steps"]) == (5, 2, 1, 1)
    assert (counts["delivered"], counts["unaccounted"]) == (4, 0)


@pytest.mark.parametrize(
    ("without", "kinds"),
    [
        (("answer",), ["no-verdict"]),
        (("heard",), ["no-outcome", "foreign"]),
        (("its copy",), ["not-delivered"]),
        (("heard", "its copy"), ["no-outcome"]),
    ],
)
def test_what_is_left_out_of_an_answer_is_named(without: tuple[str, ...], kinds: list[str]) -> None:
    assert [found.kind for found in answered(*without).unaccounted()] == kinds


def test_an_answer_written_twice_counts_once_and_two_decisions_by_one_registry_are_a_contradiction() -> None:
    ledger = answered()
    for take in ANSWERED.values():
        take(ledger)
    assert ledger.counts() == answered().counts()
    ledger.take_heard(heard(revision=2))
    assert ledger.counts()["unaccounted"] == 0, "a newer registry may say otherwise; whom the older one named has heard"
    ledger.take_heard(heard("ta-39", "ta-08"))
    assert [found.kind for found in ledger.unaccounted()] == ["contradiction"]


def test_an_answer_that_came_after_what_is_reckoned_is_none_of_it() -> None:
    ledger = ledger_of(ENTRIES)
    ledger.take_answer(an_answer(offset=9))
    assert ledger.counts() == ledger_of(ENTRIES).counts()
