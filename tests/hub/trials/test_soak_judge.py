"""The soak's own counting: a log with a missing, a swapped, a foreign and a doubled copy gives exactly those numbers."""

from copy import deepcopy
from dataclasses import replace

import pytest

from hub.trials.load import Item, generate
from hub.trials.soak.judge import Counts, judge
from hub.trials.soak.log import Alert, Copy, Log, Seen, Step, Verdict
from hub.trials.soak.model import Wanted, wanted
from hub.trials.soak.places import read_places

PLACES = read_places()
ITEMS = generate(400, PLACES)
TOWN_AUTHORITY = {town.code: town.authority for town in PLACES.towns}


def want(item: Item) -> Wanted:
    return wanted(item, PLACES)


def perfect(items: list[Item] = ITEMS) -> Log:
    """What a hub without a fault writes, on one partition."""
    log, known = Log(), set[int]()
    for offset, item in enumerate(items):
        place, wanted_ = (0, offset), want(item)
        log.received.append(Seen(place, item.author.sender, item.body))
        if not wanted_.accepted or item.twin in known or item.number in known:
            log.verdicts.append(Verdict("repeat" if wanted_.accepted else "refused", place))
            continue
        known.add(item.number)
        receipt = f"r{item.number}"
        log.verdicts.append(Verdict("accepted", place))
        log.history.append(Step(receipt, wanted_.employer, place))
        for lane, agency in sorted(wanted_.copies):
            log.copies.append(Copy(agency, lane, f"{receipt}:{lane}", receipt, wanted_.employer))
        log.alerts.extend(Alert(agency, f"{receipt}:alert", receipt) for agency in sorted(wanted_.alert))
    return log


@pytest.fixture
def log() -> Log:
    return deepcopy(perfect())


def counted(log: Log) -> Counts:
    return judge(ITEMS, want, log)


def two_of_one_employer(log: Log) -> tuple[int, int]:
    """Two notice copies about one employer in one outbox, the later one last."""
    first: dict[tuple[str, str], int] = {}
    for place, copy in enumerate(log.copies):
        if copy.lane != "notice":
            continue
        before = first.setdefault((copy.agency, copy.employer), place)
        if log.copies[before].receipt != copy.receipt:
            return before, place
    raise AssertionError("the load has no employer with two notices")


def test_a_log_without_a_fault_counts_nothing(log: Log) -> None:
    counts = counted(log)
    assert counts == Counts()
    assert counts.good


def test_a_missing_copy_is_lost(log: Log) -> None:
    del log.copies[7]
    assert counted(log).lost == 1


def test_what_the_authors_client_wrote_twice_is_no_submission_more(log: Log) -> None:
    again = (0, len(ITEMS))
    verdict = log.verdicts[0].said
    log.received.append(replace(log.received[0], place=again))
    log.verdicts.append(Verdict("repeat" if verdict == "accepted" else verdict, again))
    assert counted(log) == Counts(sent_twice=1)


def test_a_missing_alert_is_lost_and_so_is_one_that_is_not_in_the_outbox(log: Log) -> None:
    log.alerts.pop()
    assert counted(log).lost == 1
    log.copies = [copy for copy in log.copies if (copy.agency, copy.event_id) != (log.alerts[0].agency, log.alerts[0].event_id)]
    assert counted(log).lost == 3, "the copy, the alert without its copy, and the one from before"


def test_a_submission_without_verdict_is_lost_with_all_its_copies(log: Log) -> None:
    step = log.history[3]
    whose = [copy for copy in log.copies if copy.receipt == step.receipt]
    log.verdicts = [verdict for verdict in log.verdicts if verdict.place != step.place]
    log.history.remove(step)
    log.copies = [copy for copy in log.copies if copy.receipt != step.receipt]
    log.alerts = [alert for alert in log.alerts if alert.receipt != step.receipt]
    assert counted(log).lost == 1 + len(whose)


def test_a_submission_that_never_reached_the_log_is_lost(log: Log) -> None:
    last = next(seen for seen in reversed(log.received) if '"downsizing"' not in seen.body)
    log.received.remove(last)
    assert counted(log).lost == 1


def test_swapped_copies_break_the_order(log: Log) -> None:
    first, second = two_of_one_employer(log)
    log.copies[first], log.copies[second] = log.copies[second], log.copies[first]
    counts = counted(log)
    assert (counts.order_breaks, counts.lost, counts.foreign, counts.twice) == (1, 0, 0, 0)


def test_swapped_steps_break_the_order(log: Log) -> None:
    employers = [step.employer for step in log.history]
    first = next(place for place, name in enumerate(employers) if employers.count(name) > 1)
    second = employers.index(employers[first], first + 1)
    log.history[first], log.history[second] = log.history[second], log.history[first]
    assert counted(log).order_breaks >= 1


def test_a_copy_at_the_wrong_door_is_foreign(log: Log) -> None:
    log.copies.append(replace(log.copies[0], agency="prh", event_id="other"))
    assert counted(log).foreign == 1


def test_a_copy_with_a_field_too_many_is_foreign(log: Log) -> None:
    log.copies[4] = replace(log.copies[4], leak=True)
    assert counted(log).foreign == 1


def test_an_alert_for_somebody_it_does_not_concern_is_foreign(log: Log) -> None:
    log.alerts.append(replace(log.alerts[0], agency="evk-01", event_id="other"))
    assert counted(log).foreign == 1


def test_a_second_copy_is_counted_and_no_fault(log: Log) -> None:
    log.copies.append(log.copies[2])
    log.alerts.append(log.alerts[0])
    counts = counted(log)
    assert (counts.twice, counts.good) == (2, True)


def test_a_late_second_copy_breaks_no_order(log: Log) -> None:
    first, second = two_of_one_employer(log)
    log.copies.insert(second + 1, log.copies[first])
    assert counted(log).order_breaks == 0


def test_two_verdicts_on_one_submission_contradict_each_other(log: Log) -> None:
    accepted = next(verdict for verdict in log.verdicts if verdict.said == "accepted")
    log.verdicts.append(Verdict("repeat", accepted.place))
    counts = counted(log)
    assert (counts.contradictions, counts.good) == (1, False)


def test_a_personal_code_on_a_topic_of_the_hub_is_foreign(log: Log) -> None:
    log.leaks = 1
    assert counted(log).foreign == 1
