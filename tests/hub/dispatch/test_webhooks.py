"""The dispatcher tells endpoints what stands in outboxes: real HTTP on both sides, outboxes and database in memory."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.core import delivering
from hub.core.registry import Registry
from schemas.agency import Agency
from schemas.errors import Misconfigured, NotReady
from schemas.wire import Message
from tests.builders import a_small_registry
from tests.hub.dispatch.boxes import AGENCY, Dispatcher, a_copy, an_alert
from tests.receiving import Receiver, is_signed, receiver, says, sends
from tests.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is tried again after half a second instead of five."""
    monkeypatch.setattr(delivering, "_DELAYS", tuple(delay / 10 for delay in delivering._DELAYS))


def told(here: Receiver) -> list[tuple[str, int]]:
    """Receipts and steps, in the order in which they came."""
    return [(got.event["data"]["receipt"], got.event["data"]["step"]) for got in here.got]


def employers(count: int, start: int = 0) -> list[Message]:
    return [a_copy(f"r{number}", employer=f"fi:{number}") for number in range(start, start + count)]


def test_what_comes_into_an_outbox_is_told_whole_and_signed() -> None:
    hub = Dispatcher()
    with receiver() as here:
        name, secret = hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            (got,) = here.wait(1)
            until(lambda: hub.deliveries())
    assert is_signed(secret, got.headers, got.body, time.time())
    assert got.event["id"] == got.id == "r1.1.ta-39"
    assert got.event["data"]["notice"]["text"] == "r1 step 1"
    (said,) = hub.deliveries()
    assert (said.agency, said.endpoint, said.event_id, said.outcome, said.status, said.attempt) == (
        *(AGENCY, name, "r1.1.ta-39", "delivered", 204, 1),
    )
    assert hub.store.get(AGENCY, name).waiting == 0
    assert [item["code"] for item in hub.store.attempts(AGENCY, name, None, 9).items] == ["delivered"]


def test_nothing_is_told_of_what_came_before_the_endpoint_was_there() -> None:
    hub = Dispatcher()
    hub.boxes.put(a_copy("old"))
    with receiver() as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("new"))
            here.wait(1)
    assert told(here) == [("new", 1)]


def test_each_agency_is_told_what_is_its_own_and_nothing_else() -> None:
    hub = Dispatcher()
    with receiver() as ours, receiver() as theirs:
        hub.add(ours.url)
        hub.add(theirs.url, "ta-08")
        with hub.running():
            hub.boxes.put(a_copy("r1"), a_copy("r2", agency="ta-08", employer="fi:2"), a_copy("r3", employer="fi:3"))
            ours.wait(2)
            theirs.wait(1)
    assert sorted(told(ours)) == [("r1", 1), ("r3", 1)]
    assert told(theirs) == [("r2", 1)]


def test_two_endpoints_of_one_agency_are_each_told_everything() -> None:
    hub = Dispatcher()
    with receiver() as first, receiver() as second:
        hub.add(first.url)
        hub.add(second.url)
        with hub.running():
            hub.boxes.put(*employers(20))
            first.wait(20)
            second.wait(20)
    assert sorted(told(first)) == sorted(told(second))


def test_one_employer_s_events_come_in_their_order() -> None:
    hub = Dispatcher()
    with receiver() as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(*(a_copy(f"r{number}") for number in range(30)))
            here.wait(30)
    assert told(here) == [(f"r{number}", 1) for number in range(30)]


def test_what_fails_is_told_again_under_the_same_id_before_what_is_behind_it() -> None:
    hub = Dispatcher()
    with receiver(says(503)) as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"), a_copy("r2"))
            here.wait(1)
            here.answering = says(204)
            here.wait(3, within=15)
    assert told(here) == [("r1", 1), ("r1", 1), ("r2", 1)]
    assert [got.headers["hub-attempt"] for got in here.got] == ["1", "2", "1"]
    assert here.got[0].id == here.got[1].id
    assert [said.outcome for said in hub.deliveries()] == ["retry", "delivered", "delivered"]


def test_a_step_that_was_not_told_is_left_out_where_a_newer_one_waits() -> None:
    hub = Dispatcher()
    with receiver(says(503)) as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1", 1))
            here.wait(1)
            here.answering = says(204)
            hub.boxes.put(a_copy("r1", 2))
            here.wait(2)
            until(lambda: len(hub.deliveries()) == 3)
    assert told(here) == [("r1", 1), ("r1", 2)]
    assert [(said.step, said.outcome) for said in hub.deliveries()] == [(1, "retry"), (1, "superseded"), (2, "delivered")]


def test_an_alert_does_not_wait_for_notices_that_hang() -> None:
    hub = Dispatcher()
    with receiver(sends(b"", pause=3)) as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(*employers(10))
            here.wait(3)
            hub.boxes.put(an_alert("urgent", employer="fi:1"))
            until(lambda: ("urgent", 1) in told(here))
    assert told(here).index(("urgent", 1)) == 3, "before any other notice, while those that went first hang"


def test_endpoints_that_hang_or_are_not_there_cost_the_others_nothing() -> None:
    hub = Dispatcher()
    with receiver() as well, receiver(sends(b"", pause=30)) as hangs:
        hub.add(well.url)
        hub.add(hangs.url)
        hub.add("http://127.0.0.1:9/nobody")
        with hub.running():
            began = time.monotonic()
            hub.boxes.put(*employers(200))
            well.wait(200)
            took = time.monotonic() - began
    assert took < 4.0, "less than one attempt of the one that hangs"
    assert len(told(well)) == 200


def test_410_pauses_and_nothing_more_is_told_until_it_is_resumed() -> None:
    hub = Dispatcher()
    with receiver(says(410)) as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            until(lambda: hub.store.get(AGENCY, name).state == "paused")
            hub.boxes.put(a_copy("r2", employer="fi:2"))
            time.sleep(1.5)
            assert told(here) == [("r1", 1)]
            assert hub.store.get(AGENCY, name).why == "gone"
            here.answering = says(204)
            hub.store.resume(AGENCY, name)
            here.wait(3)
    assert sorted(told(here)) == [("r1", 1), ("r1", 1), ("r2", 1)]


@pytest.mark.parametrize("end", ["pause", "close"])
def test_an_endpoint_that_its_agency_pauses_or_closes_is_called_no_more(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "_DELAYS", (timedelta(seconds=2),) * 9)
    hub = Dispatcher()
    with receiver(says(503)) as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            here.wait(1)
            getattr(hub.store, end)(AGENCY, name)
            hub.boxes.put(a_copy("r2", employer="fi:2"))
            time.sleep(3.5)  # the second attempt would have come after 3 seconds at the latest
    assert told(here)[1:] in ([], [("r2", 1)])  # what was read within the second in which it is noticed


def test_a_new_address_and_a_new_secret_count_from_the_next_attempt_on() -> None:
    hub = Dispatcher()
    with receiver(says(503)) as old, receiver() as new:
        name, first = hub.add(old.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            old.wait(1)
            hub.store.change(AGENCY, name, url=new.url)
            _, second = hub.store.rotate(AGENCY, name, timedelta(hours=1))
            (got,) = new.wait(1)
            count = len(old.got)
            hub.boxes.put(a_copy("r2"))
            new.wait(2)
    assert len(old.got) == count
    assert is_signed(first, got.headers, got.body, time.time())
    assert is_signed(second, got.headers, got.body, time.time())


def with_changed(registry: Registry, **changes: object) -> Registry:
    agencies = [
        Agency.model_validate(agency.model_dump() | changes) if agency.id == AGENCY else agency
        for agency in registry.all_agencies.values()
    ]
    return Registry.of(registry.revision + 1, registry.areas.values(), agencies, registry.all_offerings.values())


def test_rights_of_today_cut_again_what_was_written_by_wider_ones() -> None:
    hub = Dispatcher()
    with receiver(says(503)) as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1", text="for authorities", channel="phone", language="fi"))
            here.wait(1)
            hub.registry = with_changed(hub.registry, ring="partner")
            here.answering = says(204)
            here.wait(2)
    before, after = (got.event["data"] for got in here.got)
    assert before["notice"]["text"] == "for authorities"
    assert after["purpose"] == "partner"
    assert after["notice"] == {"id": "r1", "kind": "recruitment", "language": "fi"}


def test_an_agency_that_is_no_more_is_told_nothing() -> None:
    hub = Dispatcher()
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.registry = with_changed(hub.registry, valid_to="2026-01-01")
            hub.boxes.put(a_copy("r1"))
            until(lambda: hub.deliveries())
    assert here.got == []
    assert [said.outcome for said in hub.deliveries()] == ["withheld"]
    assert hub.store.get(AGENCY, name).waiting == 0


def test_what_is_erased_while_it_waits_is_told_no_more() -> None:
    hub = Dispatcher()
    with receiver(says(503)) as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            here.wait(1)
            hub.store.gone.append(("r1", None))
            until(lambda: [said.outcome for said in hub.deliveries()][-1:] == ["withheld"])
            count = len(here.got)
            time.sleep(1.0)
    assert len(here.got) == count


def test_a_copy_that_was_emptied_out_and_written_again_is_told_from_its_new_place() -> None:
    hub = Dispatcher()
    with receiver(says(503)) as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1", text="as it was"))
            here.wait(1)
            hub.boxes.put(a_copy("r1", text="cut"))
            del hub.boxes.records[AGENCY][0]
            here.answering = says(204)
            here.wait(2)
            time.sleep(0.3)
    assert [got.event["data"]["notice"]["text"] for got in here.got] == ["as it was", "cut"]


def test_it_goes_on_where_it_was_and_tells_nothing_twice_that_was_noted() -> None:
    hub = Dispatcher()
    with receiver() as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(*employers(10))
            here.wait(10)
        hub.boxes.put(*employers(5, start=10))
        with hub.running():
            here.wait(15)
            time.sleep(0.2)
    assert sorted(told(here)) == sorted((f"r{number}", 1) for number in range(15))


def test_what_waits_from_before_is_read_again_from_its_outbox() -> None:
    hub = Dispatcher()
    with receiver(says(503)) as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            here.wait(1)
        assert hub.store.get(AGENCY, name).waiting == 1
        here.answering = says(204)
        with hub.running():
            here.wait(2)
    assert hub.boxes.read_again == 1
    assert told(here) == [("r1", 1)] * 2


def test_an_outbox_that_was_made_anew_is_read_from_its_start() -> None:
    hub = Dispatcher()
    with receiver() as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            here.wait(1)
        hub.boxes.epoch = "e2"
        hub.boxes.records.clear()
        hub.boxes.ends.clear()
        hub.boxes.put(a_copy("r2"))
        with hub.running():
            here.wait(2)
    assert told(here) == [("r1", 1), ("r2", 1)]


def test_what_is_no_copy_is_passed_over() -> None:
    hub = Dispatcher()
    good = a_copy("r1")
    bad = [
        Message(good.topic, b"k", value, headers)
        for value in (None, b"", b"{", b"[]", b'{"a":1}')
        for headers in ((), good.headers)
    ]
    with receiver() as here:
        hub.add(here.url)
        with hub.running():
            hub.boxes.put(*bad, good)
            here.wait(1)
    assert told(here) == [("r1", 1)]


def test_a_copy_of_a_newer_version_ends_it_and_is_not_passed_over() -> None:
    hub = Dispatcher()
    newer = (("ce_dataschema", b"urn:employersituation:schema:AgencyNotice:2"),)
    with receiver() as here:
        name, _ = hub.add(here.url)

        def run() -> None:
            with hub.running():
                hub.boxes.put(replace(a_copy("r1"), headers=newer))
                time.sleep(0.5)

        with pytest.raises(Misconfigured, match="version 2"):
            run()
    assert hub.store.kept[name].position == ("e1", 0)


def test_while_kafka_is_away_it_waits_and_goes_on_by_itself() -> None:
    hub = Dispatcher()
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.publisher.failure = hub.boxes.failure = NotReady("no Kafka answers")
            hub.boxes.put(a_copy("r1"))
            time.sleep(1.0)
            assert here.got == []
            hub.boxes.failure = None
            here.wait(1)
            assert hub.store.get(AGENCY, name).waiting == 1, "not noted before it stands on the topic"
            hub.publisher.failure = None
            until(lambda: hub.store.get(AGENCY, name).waiting == 0)
    assert told(here) == [("r1", 1)]


def test_a_process_that_has_lost_an_endpoint_tells_it_nothing_more() -> None:
    hub = Dispatcher()
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1"))
            here.wait(1)
            hub.store.lost.add(name)
            time.sleep(1.5)
            hub.boxes.put(a_copy("r2"))
            time.sleep(0.5)
            assert told(here) == [("r1", 1)]
            hub.store.lost.clear()
            here.wait(2)


def test_no_log_line_holds_a_secret_an_address_or_what_a_notice_says(capsys: pytest.CaptureFixture[str]) -> None:
    hub = Dispatcher()
    with receiver(says(410)) as here:
        _, secret = hub.add(here.url)
        with hub.running():
            hub.boxes.put(a_copy("r1", text="a trade secret"))
            here.wait(1)
            until(lambda: hub.deliveries())
    said = "".join(capsys.readouterr()) + str([message.value for message in hub.publisher.messages])
    assert "fails" in said
    assert not any(word in said for word in (secret[6:], here.url, "trade secret"))


def test_the_registry_of_the_tests_has_the_agency() -> None:
    assert a_small_registry().agency(AGENCY) is not None
