"""The reckoning: whatever is left out of a whole log is found and named."""

from collections.abc import Callable

import pytest

from hub.core.reckoning import Ledger
from schemas.agency import Names
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


def step() -> EmployerEvent:
    return an_event(a_downsizing_notice()).model_copy(update={"origin": origin(0)})


def origin(offset: int) -> Coordinates:
    return Coordinates(topic="notices.received", partition=3, offset=offset)


def routed() -> RoutedNotice:
    to = tuple(Recipient(agency=agency, why=WHY) for agency in AGENCIES)
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
    "own copy": lambda ledger: ledger.take_delivered("ta-39", "n-ta-39"),
    "centre's copy": lambda ledger: ledger.take_delivered("evk-04", "n-evk-04"),
    "alert's copy": lambda ledger: ledger.take_delivered("ta-39", "a-ta-39"),
}
"""A log in which all is well: one accepted, one refused, one repeated."""


def ledger_of(entries: dict[str, Callable[[Ledger], None]]) -> Ledger:
    ledger = Ledger()
    for offset in range(3):
        ledger.take_received(3, offset)
    for take in entries.values():
        take(ledger)
    return ledger


def test_a_whole_log_balances() -> None:
    counts = ledger_of(ENTRIES).counts()
    assert counts == {
        "received": 3, "accepted": 1, "repeat": 1, "refused": 1, "quarantined": 0, "delivered": 3,
        "routed": 1, "kept": 0, "held": 0, "fallback": 0, "ended": 0, "dead_lettered": 0, "unaccounted": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("event", "notices.received/3@0: no verdict"),
        ("refusal", "notices.received/3@1: no verdict"),
        ("repeat", "notices.received/3@2: no verdict"),
        ("routed", "no outcome"),
        ("enriched", "no list of targets"),
        ("alert", "no layoff alert"),
        ("own copy", "event n-ta-39 is not in the outbox of ta-39"),
        ("centre's copy", "event n-evk-04 is not in the outbox of evk-04"),
        ("alert's copy", "event a-ta-39 is not in the outbox of ta-39"),
    ],
)
def test_what_is_missing_is_named(gone: str, said: str) -> None:
    ledger = ledger_of({name: take for name, take in ENTRIES.items() if name != gone})
    assert ledger.counts()["unaccounted"] == 1
    assert said in str(next(ledger.unaccounted()))


def test_the_same_said_twice_counts_once_and_two_verdicts_are_an_error() -> None:
    twice = ledger_of(ENTRIES | {f"again {name}": take for name, take in ENTRIES.items()})
    assert twice.counts() == ledger_of(ENTRIES).counts()
    both = ledger_of(ENTRIES | {"other": lambda ledger: ledger.take_repeated(repeat(1))})
    assert [str(found) for found in both.unaccounted()] == ["notices.received/3@1: several verdicts: refused, repeat"]


def test_a_recipient_without_a_target_is_missing_and_a_buried_copy_is_accounted_for() -> None:
    short = ledger_of(ENTRIES | {"enriched": lambda ledger: ledger.take_enriched(enriched("ta-39"))})
    assert [found.what for found in short.unaccounted()] == ["recipients without a copy: evk-04"]
    buried = ledger_of(ENTRIES | {"centre's copy": lambda ledger: ledger.take_buried("n-evk-04")})
    assert (buried.counts()["dead_lettered"], buried.counts()["unaccounted"]) == (1, 0)


def ending(offset: int, kind: str) -> EmployerEvent:
    """The second step, which takes the notice back or away."""
    changes = {"step": 2, "type": kind, "notice": {}, "origin": origin(offset)}
    return step().model_copy(update=changes)


@pytest.mark.parametrize("kind", ["withdrawal", "moved"])
def test_whoever_was_alerted_has_to_hear_of_the_end_and_each_step_of_one_submission_counts(kind: str) -> None:
    ledger = ledger_of(ENTRIES)
    ledger.take_received(3, 3)
    ledger.take_event(ending(3, kind))
    ledger.take_event(step().model_copy(update={"step": 3, "origin": origin(3)}))
    missing = {(found.where.rpartition(" ")[2], found.what) for found in ledger.unaccounted()}
    three = ("no outcome", "no list of targets", "no layoff alert")
    assert missing == {(number, what) for number in ("2", "3") for what in three}
    assert ledger.counts()["accepted"] == 2


def test_the_end_of_what_alerted_nobody_alerts_nobody() -> None:
    ledger = ledger_of({name: take for name, take in ENTRIES.items() if name != "alert"})
    ledger.take_received(3, 3)
    ledger.take_event(ending(3, "withdrawal"))
    assert [found.what for found in ledger.unaccounted() if found.where.endswith("2")] == ["no outcome", "no list of targets"]


def test_what_the_bridge_refused_is_no_verdict_of_a_submission() -> None:
    at_a_door = refusal(1).model_copy(update={"origin": Coordinates(topic="agency.ta-39.inbox", partition=3, offset=1)})
    ledger = ledger_of(ENTRIES | {"refusal": lambda ledger: ledger.take_refused(at_a_door)})
    assert [str(found) for found in ledger.unaccounted()] == ["notices.received/3@1: no verdict"]
