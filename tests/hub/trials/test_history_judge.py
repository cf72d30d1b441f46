"""The judge of the history: a hub without a fault counts nothing, and each fault put into its log gives its figure."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from hub.trials.soak.history.judge import Counts, judge, moves_crossed
from hub.trials.soak.history.log import About, Copy, Decision, Log, Mode
from hub.trials.soak.history.reading import take
from hub.trials.soak.situations import PERSONAL_CODE, SECRET
from schemas.topics import outbox
from schemas.wire import Message
from tests.hub.trials.history import BY_REVISION, PLACES, Read, a_history

SAYINGS, PLAYED = a_history()
STRANGER = "council-19"


@pytest.fixture
def log() -> Log:
    return deepcopy(PLAYED)


def counted(log: Log) -> Counts:
    return judge(SAYINGS, BY_REVISION, log)


def figures(log: Log) -> dict[str, int]:
    """The figures that are not 0."""
    return {name: number for name, number in counted(log).figures.items() if number}


def find(log: Log, test: Callable[[Copy], bool]) -> int:
    """Where the first outbox event stands that passes the test."""
    return next(number for number, copy in enumerate(log.copies) if test(copy))


def is_last(log: Log) -> Callable[[Copy], bool]:
    """Whether nothing later of its notice stands in the agency's outbox."""
    last = {(copy.receipt, copy.agency): copy.number for copy in log.copies}
    lanes = {(copy.receipt, copy.agency, copy.lane) for copy in log.copies}
    return lambda copy: last[copy.receipt, copy.agency] == copy.number and (copy.receipt, copy.agency, "alert") not in lanes


def change(log: Log, number: int, **fields: object) -> None:
    log.copies[number] = replace(log.copies[number], **fields)  # type: ignore[arg-type]


def two_steps(log: Log, one_employer: bool) -> tuple[int, int]:
    """Where two steps of one notice follow each other in the lane of one outbox."""
    last: dict[tuple[str, str, str], int] = {}
    for number, copy in enumerate(log.copies):
        before = last.setdefault((copy.agency, copy.lane, copy.receipt), number)
        if before != number and (log.copies[before].employer == copy.employer) == one_employer:
            return before, number
    raise AssertionError("the load has no notice of which an agency hears twice")


def test_a_hub_without_a_fault_counts_nothing() -> None:
    assert counted(PLAYED) == Counts()
    assert {copy.mode for copy in PLAYED.copies} == {"shown", "over", "withdrawn", "calmed"}
    assert len({decision.revision for decision in PLAYED.decisions}) == len(BY_REVISION)


# Lost


def test_a_missing_copy_is_lost(log: Log) -> None:
    del log.copies[find(log, lambda copy: copy.lane == "notice" and copy.mode == "shown")]
    assert figures(log) == {"lost": 1}


def test_a_missing_alert_is_lost_in_the_outbox_as_on_the_topic(log: Log) -> None:
    log.alerts.pop()
    assert figures(log) == {"lost": 1}
    del log.copies[find(log, lambda copy: copy.lane == "alert" and copy.mode == "shown")]
    assert figures(log) == {"lost": 3}, "the one from before, the copy, and the alert without it"


def test_a_submission_that_never_came_and_one_without_its_verdict_are_lost(log: Log) -> None:
    spoilt = {saying.item.body for saying in SAYINGS if saying.item.situation == "unknown-town"}
    silent = next(seen for seen in log.received if seen.body in spoilt)
    log.verdicts = [verdict for verdict in log.verdicts if verdict.place != silent.place]
    assert figures(log) == {"lost": 1}
    log.received.remove(silent)
    assert figures(log) == {"lost": 1}


def test_a_wrong_verdict_is_lost(log: Log) -> None:
    log.verdicts[-1] = replace(log.verdicts[-1], said="quarantined")
    assert figures(log) == {"lost": 1}


def test_a_step_without_its_decision_is_lost(log: Log) -> None:
    last = {decision.receipt: decision for decision in log.decisions}
    one = next(found for found in last.values() if found.number > 1)
    log.decisions.remove(one)
    assert figures(log)["lost"] >= 1


def test_a_decision_by_a_revision_that_nobody_published_is_lost(log: Log) -> None:
    log.decisions.append(Decision(log.decisions[0].receipt, log.decisions[0].number, 99))
    assert figures(log) == {"lost": 1}


def test_a_step_missing_in_the_history_is_lost(log: Log) -> None:
    log.history.pop()
    assert figures(log)["lost"] == 1


def test_a_step_that_was_decided_twice_is_told_by_both(log: Log) -> None:
    first = next(one for one in log.decisions if one.revision == 0 and (one.receipt, one.number) in of_significance(log))
    log.decisions.append(replace(first, revision=1))
    assert figures(log).keys() == {"lost"}, "the partner that the later revision names"


def of_significance(log: Log) -> set[tuple[str, int]]:
    return {(copy.receipt, copy.number) for copy in log.copies if copy.role == "tem-group"}


# Stale


def test_an_older_step_after_a_newer_one_is_stale(log: Log) -> None:
    one, other = two_steps(log, one_employer=True)
    log.copies[one], log.copies[other] = log.copies[other], log.copies[one]
    assert figures(log).keys() == {"stale_after_step"}


def test_steps_of_two_employers_may_cross_and_are_counted_apart(log: Log) -> None:
    assert moves_crossed(log.copies) == 0
    notice = next(copy for copy in log.copies if copy.mode == "over" and any(is_next(copy, other) for other in log.copies))
    later = next(copy for copy in log.copies if is_next(notice, copy))
    log.copies.remove(later)
    log.copies.insert(log.copies.index(notice), later)
    assert (moves_crossed(log.copies), figures(log)) == (1, {})


def is_next(moved: Copy, other: Copy) -> bool:
    return (
        (moved.agency, moved.lane, moved.receipt, moved.number + 1) == (other.agency, other.lane, other.receipt, other.number)
        and moved.employer != other.employer
        and not any(copy.employer == other.employer and copy.agency == other.agency for copy in PLAYED.copies if copy != other)
    )


def test_a_former_recipient_whose_last_thing_is_the_notice_is_stale(log: Log) -> None:
    last = is_last(log)
    del log.copies[find(log, lambda copy: copy.mode == "over" and last(copy))]
    assert figures(log) == {"lost": 1, "stale_after_step": 1}


def test_a_copy_that_shows_an_older_version_is_stale(log: Log) -> None:
    change(log, find(log, lambda copy: copy.mode == "shown"), about=About("recruitment", "9000000-3", "fi:kunta:000"))
    assert figures(log) == {"stale_after_step": 1}


def test_a_history_that_goes_back_is_stale(log: Log) -> None:
    numbers = [number for number, step in enumerate(log.history) if step.type == "withdrawal"]
    log.history.insert(0, log.history.pop(numbers[0]))
    assert any("stands after a later one" in example for example in counted(log).examples)


# Foreign


def test_a_copy_for_a_stranger_is_foreign_and_stays_with_it(log: Log) -> None:
    shown = log.copies[find(log, lambda copy: copy.mode == "shown" and copy.agency != STRANGER)]
    log.copies.append(replace(shown, agency=STRANGER, event_id="other"))
    assert figures(log) == {"foreign": 1, "stale_after_step": 1}


def test_content_for_one_whom_it_concerns_no_longer_is_foreign(log: Log) -> None:
    last = is_last(log)
    change(log, find(log, lambda copy: copy.mode == "over" and last(copy)), mode="shown")
    assert figures(log) == {"foreign": 1, "stale_after_step": 1}


def test_a_leak_is_foreign(log: Log) -> None:
    change(log, 0, leak=True)
    log.leaks = 2
    assert figures(log) == {"foreign": 3}


# Wrong recipients


def test_a_stub_for_one_who_never_had_the_notice_goes_to_the_wrong_one(log: Log) -> None:
    stub = log.copies[find(log, lambda copy: copy.mode == "over" and copy.lane == "notice")]
    log.copies.append(replace(stub, agency=STRANGER, event_id="other"))
    assert figures(log) == {"wrong_recipient": 1}


@pytest.mark.parametrize("mode", ["over", "withdrawn", "calmed"])
def test_a_stub_in_place_of_the_notice_is_told_to_the_wrong_one(log: Log, mode: Mode) -> None:
    change(log, find(log, lambda copy: copy.mode == "shown" and copy.lane == "notice"), mode=mode, role="former-recipient")
    assert figures(log) == {"wrong_recipient": 1}


def test_a_wrong_role_is_told_to_the_wrong_one(log: Log) -> None:
    change(log, find(log, lambda copy: copy.role == "own-area"), role="partner")
    assert figures(log) == {"wrong_recipient": 1}


def test_two_things_under_one_id_are_told_to_the_wrong_one(log: Log) -> None:
    shown = log.copies[find(log, lambda copy: copy.mode == "shown" and copy.lane == "notice")]
    log.copies.append(replace(shown, mode="over", role="former-recipient"))
    assert figures(log) == {"wrong_recipient": 2}, "the stub, and that it has the copy's id"


def test_a_second_copy_may_be(log: Log) -> None:
    log.copies.append(log.copies[0])
    log.alerts.append(log.alerts[0])
    assert figures(log) == {}


# Reading


def copy_of(notice: dict[str, object], role: str, agency: str = STRANGER) -> Copy:
    told = {"receipt": "r1", "step": 2, "agency": agency, "why": [{"role": role}], "notice": notice}
    headers = (("ce_id", b"e1"), ("ce_type", b"fi.employersituation.notice.stub.v1"))
    log = Log()
    message = Message(outbox(agency).name, b"fi:9000000-3", json.dumps(told).encode(), headers)
    take(log, Read(message, 1), PLACES.partners)  # type: ignore[arg-type]
    return log.copies[0]


def test_a_stub_holds_nothing_of_the_content() -> None:
    stub: dict[str, object] = {"id": "n-1", "source": "s", "no_longer_concerns_you": True}
    assert (copy_of(stub, "former-recipient").mode, copy_of(stub, "former-recipient").leak) == ("over", False)
    assert copy_of(stub | {"withdrawn": True}, "former-recipient").mode == "withdrawn"
    assert copy_of({"id": "n-1", "source": "s"}, "former-recipient").mode == "calmed"
    assert copy_of(stub | {"kind": "recruitment"}, "former-recipient").leak


@pytest.mark.parametrize("field", [{"skills": SECRET}, {"diary_number": "1"}, {"skills": PERSONAL_CODE}], ids=str)
def test_a_partner_sees_neither_what_is_secret_nor_a_code(field: dict[str, object]) -> None:
    employer, places = {"business_id": "9000000-3"}, [{"area": "fi:kunta:837"}]
    notice: dict[str, object] = {"kind": "recruitment", "employer": employer, "workplaces": places}
    assert not copy_of(notice, "partner").leak
    assert copy_of(notice | field, "partner").leak
