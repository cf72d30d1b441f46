"""Replays: real HTTP on both sides, outboxes and database in memory."""

import time
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from hub.core import delivering
from hub.replays import ReplayInfo, Wanted
from schemas.errors import NotReady
from schemas.subscription import Filter
from schemas.topics import outbox
from schemas.wire import Message, header
from tests.hub.dispatch.boxes import AGENCY, Dispatcher, a_copy, an_alert
from tests.hub.dispatch.test_copies import an_answer
from tests.hub.dispatch.test_webhooks import told, with_changed
from tests.receiving import Received, receiver, says, sends
from tests.waiting import until

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FAST = 1_000


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is tried again after half a second instead of five."""
    monkeypatch.setattr(delivering, "_DELAYS", tuple(delay / 10 for delay in delivering._DELAYS))


class Replayed(Dispatcher):
    """A dispatcher, and what an agency asks of it."""

    def put(self, *messages: Message) -> None:
        """Into the outboxes, as the views know of it."""
        for message in messages:
            self.boxes.put(message)
            offset = self.boxes.ends[AGENCY] - 1
            name = header(message.headers, "ce_id") or ""
            self.replays.stands[AGENCY, name] = self.boxes.epoch, offset, self.boxes.came[AGENCY, offset]

    def ask(self, endpoint: str, wanted: Wanted | None = None, per_second: int = FAST) -> str:
        return self.replays.ask(AGENCY, endpoint, wanted or Wanted(since=LONG_AGO), per_second, "key").id

    def seen(self, endpoint: str, replay: str) -> ReplayInfo:
        return self.replays.get(AGENCY, endpoint, replay)

    def until_over(self, endpoint: str, replay: str) -> ReplayInfo:
        until(lambda: self.seen(endpoint, replay).state not in ("waiting", "running"))
        return self.seen(endpoint, replay)


def several(count: int) -> list[Message]:
    return [a_copy(f"r{number}", employer=f"fi:{number}") for number in range(count)]


def marks(got: Received) -> tuple[str | None, str | None]:
    return got.headers.get("hub-replay"), got.event.get("replay")


def test_all_that_came_before_is_told_in_order_under_the_same_ids_and_marked() -> None:
    hub = Replayed()
    hub.put(*several(5))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.put(a_copy("live", employer="fi:live"))
            here.wait(1)
            replay = hub.ask(name)
            found = hub.until_over(name, replay)
    assert told(here) == [("live", 1), *((f"r{number}", 1) for number in range(5)), ("live", 1)]
    assert [got.id for got in here.got[1:]] == [*(f"r{number}.1.{AGENCY}" for number in range(5)), f"live.1.{AGENCY}"]
    assert marks(here.got[0]) == (None, None)
    assert {marks(got) for got in here.got[1:]} == {(replay, replay)}
    assert (found.state, found.counts, found.read, found.total) == ("done", {"told": 6}, 6, 6)
    assert len(hub.store.attempts(AGENCY, name, None, 99).items) == 7
    assert hub.store.get(AGENCY, name).failures == 0


def test_answers_to_a_notice_are_told_again_each_by_itself() -> None:
    hub, record = Replayed(), an_answer()
    answer = orjson.dumps(orjson.loads(record.value or b"") | {"agency": AGENCY, "by": "ta-08"})
    hub.put(a_copy("r1", 2), Message(outbox(AGENCY).name, record.key, answer, record.headers))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            found = hub.until_over(name, hub.ask(name))
    assert [got.event["type"].split(".")[2] for got in here.got] == ["notice", "acknowledgement"]
    assert found.counts == {"told": 2}


def test_an_answer_to_a_step_that_was_erased_is_told_no_more_by_itself_nor_again() -> None:
    hub, record = Replayed(), an_answer()
    answer = orjson.dumps(orjson.loads(record.value or b"") | {"agency": AGENCY, "by": "ta-08", "answers": 3})
    hub.store.gone.append((orjson.loads(answer)["receipt"], 3))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.put(Message(outbox(AGENCY).name, record.key, answer, record.headers))
            until(lambda: [said.outcome for said in hub.deliveries()] == ["withheld"])
            found = hub.until_over(name, hub.ask(name))
    assert here.got == []
    assert found.counts == {"withheld": 1}


def test_what_is_written_again_when_the_outbox_is_emptied_under_a_replay_is_told_too() -> None:
    hub = Replayed()
    hub.put(*several(6))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            replay = hub.ask(name, per_second=2)
            here.wait(1)
            hub.put(*several(6))
            for offset in range(6):
                del hub.boxes.records[AGENCY][offset]
            found = hub.until_over(name, replay)
    assert {receipt for receipt, _ in told(here)} == {f"r{number}" for number in range(6)}
    assert found.state == "done"


def test_of_a_notice_the_newest_step_alone_is_told() -> None:
    hub = Replayed()
    hub.put(a_copy("r1"), a_copy("r2", employer="fi:2"), a_copy("r1", 2))
    hub.replays.newest[AGENCY, "notice", "r1"] = 2
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            found = hub.until_over(name, hub.ask(name))
    assert told(here) == [("r2", 1), ("r1", 2)]
    assert found.counts == {"told": 2, "overtaken": 1}


def test_a_step_that_comes_while_a_replay_goes_on_is_never_followed_by_an_older_one() -> None:
    hub = Replayed()
    hub.put(*several(6), a_copy("late"))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            replay = hub.ask(name, per_second=8)  # all seven are looked at together
            here.wait(1)
            hub.put(a_copy("late", 2))
            found = hub.until_over(name, replay)
    assert [step for receipt, step in told(here) if receipt == "late"] == [2]
    assert found.counts == {"told": 6, "overtaken": 1}


def test_it_is_throttled_and_what_is_new_goes_before_it() -> None:
    hub = Replayed()
    hub.put(*several(12))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            replay = hub.ask(name, per_second=5)
            here.wait(2)
            hub.put(a_copy("new", employer="fi:new"), an_alert("urgent", employer="fi:urgent"))
            began = here.got[0].at
            hub.until_over(name, replay)
    times = [got.at - began for got in here.got if got.headers.get("hub-replay")]
    assert len(times) == 12
    assert times[-1] > 1.9, "twelve at five a second"
    assert {receipt for receipt, _ in told(here)[:6]} > {"new", "urgent"}


def test_while_what_is_new_hangs_nothing_is_replayed_beside_it() -> None:
    hub = Replayed()
    hub.put(*several(2))
    with receiver(sends(b"", pause=1.5)) as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.put(a_copy("new", employer="fi:new"))
            here.wait(1)
            here.answering = says(204)
            replay = hub.ask(name)
            hub.until_over(name, replay)
    first, *later = [got.at for got in here.got]
    assert told(here)[0] == ("new", 1)
    assert min(later) - first > 1.4


def test_while_a_step_is_replayed_a_newer_one_of_its_employer_waits_for_the_answer() -> None:
    hub = Replayed()
    hub.put(a_copy("r1"))
    with receiver(sends(b"", pause=1.0)) as here:
        name, _ = hub.add(here.url)
        with hub.running():
            replay = hub.ask(name)
            here.wait(1)
            here.answering = says(204)
            hub.put(a_copy("r1", 2), a_copy("r2", employer="fi:2"))
            here.wait(3)
            found = hub.until_over(name, replay)
    assert told(here) == [("r1", 1), ("r2", 1), ("r1", 2)]
    assert here.got[2].at - here.got[0].at > 0.9
    assert found.counts == {"overtaken": 1}, "its answer was none, and by then a newer step had come"


def test_from_an_event_and_one_event_alone() -> None:
    hub = Replayed()
    hub.put(*several(4), a_copy("r1", 2, employer="fi:1"))
    hub.replays.newest[AGENCY, "notice", "r1"] = 2
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.until_over(name, hub.ask(name, Wanted(event=f"r2.1.{AGENCY}")))
            assert told(here) == [("r2", 1), ("r3", 1), ("r1", 2)]
            hub.until_over(name, hub.ask(name, Wanted(event=f"r1.1.{AGENCY}", alone=True)))
    assert told(here)[3:] == [("r1", 1)], "asked for by itself it is told whatever its step"


def test_rights_of_today_count_for_each_event() -> None:
    hub = Replayed()
    hub.put(a_copy("r1", text="for authorities"))
    hub.registry = with_changed(hub.registry, ring="partner")
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.until_over(name, hub.ask(name))
            assert "text" not in here.got[0].event["data"]["notice"]
            hub.registry = with_changed(hub.registry, valid_to="2026-01-01")
            found = hub.until_over(name, hub.ask(name))
    assert len(here.got) == 1
    assert found.counts == {"withheld": 1}


def test_an_endpoint_with_a_subscription_is_told_again_what_goes_to_that_alone() -> None:
    hub = Replayed()
    swedish = hub.subscriptions.add(AGENCY, "på svenska", Filter(language=("sv",)), "test")
    hub.put(a_copy("r1", language="fi"), a_copy("r2", employer="fi:2", language="sv"))
    with receiver() as here:
        name, _ = hub.add(here.url, subscription=swedish.id)
        with hub.running():
            found = hub.until_over(name, hub.ask(name))
    assert told(here) == [("r2", 1)]
    assert found.counts == {"told": 1, "unwanted": 1}


def test_a_dispatcher_that_is_started_again_goes_on_where_it_was() -> None:
    hub = Replayed()
    hub.put(*several(8))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            replay = hub.ask(name, per_second=4)
            here.wait(3)
        assert hub.seen(name, replay).state == "running"
        before = len(here.got)
        with hub.running():
            found = hub.until_over(name, replay)
    assert 3 <= before < 8
    assert told(here) == [(f"r{number}", 1) for number in range(8)]
    assert found.counts == {"told": 8}


def test_canceled_it_tells_nothing_more_and_the_next_begins() -> None:
    hub = Replayed()
    hub.put(*several(20))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            first, second = hub.ask(name, per_second=2), hub.ask(name, Wanted(event=f"r19.1.{AGENCY}"))
            here.wait(2)
            assert hub.seen(name, second).state == "waiting"
            hub.replays.cancel(AGENCY, name, first, "key")
            hub.until_over(name, second)
    assert len(here.got) < 8
    assert told(here)[-1] == ("r19", 1)
    assert hub.seen(name, first).state == "canceled"


def test_what_fails_is_tried_again_and_counts_nothing_for_the_endpoint() -> None:
    hub = Replayed()
    hub.put(*several(2))
    with receiver(says(503)) as here:
        name, _ = hub.add(here.url)
        with hub.running():
            replay = hub.ask(name)
            here.wait(1)
            here.answering = says(204)
            found = hub.until_over(name, replay)
            assert hub.store.get(AGENCY, name).failures == 0
    assert told(here) == [("r0", 1), ("r0", 1), ("r1", 1)]
    assert [got.headers["hub-attempt"] for got in here.got] == ["1", "2", "1"]
    assert found.counts == {"told": 2}


def test_an_endpoint_that_is_gone_ends_it() -> None:
    hub = Replayed()
    hub.put(*several(2))
    with receiver(says(410)) as here:
        name, _ = hub.add(here.url)
        with hub.running():
            found = hub.until_over(name, hub.ask(name))
    assert (found.state, found.why, found.counts) == ("failed", "gone", {"failed": 1})
    assert len(here.got) == 1


def test_what_was_given_up_and_is_told_at_last_is_delivered() -> None:
    hub = Replayed()
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.put(a_copy("r1"))
            here.wait(1)
            event_id = here.got[0].id
            until(lambda: hub.store.kept[name].events[event_id][1] == "delivered")
            hub.store.kept[name].events[event_id] = hub.store.kept[name].events[event_id][0], "given-up"
            hub.until_over(name, hub.ask(name, Wanted(event=event_id, alone=True)))
    assert hub.store.kept[name].events[event_id][1] == "delivered"


def test_an_event_that_the_outbox_holds_no_more_is_said_to_be_gone() -> None:
    hub = Replayed()
    hub.put(*several(3))
    del hub.boxes.records[AGENCY][0]
    alone = Wanted(event=f"r0.1.{AGENCY}", alone=True)
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            found = hub.until_over(name, hub.ask(name, alone))
            rest = hub.until_over(name, hub.ask(name))
            hub.boxes.put(several(1)[0])
            until(lambda: hub.store.kept[name].position == ("e1", 4) and not hub.store.kept[name].waiting())
            again = hub.until_over(name, hub.ask(name, alone))
    assert (found.state, found.counts) == ("done", {"gone": 1})
    assert (rest.counts, rest.total) == ({"told": 2}, 2)
    assert again.counts == {"told": 1}, "written again at another place, as when rights were narrowed"


def test_an_outbox_that_is_made_anew_meanwhile_is_gone_through_again() -> None:
    hub = Replayed()
    hub.put(*several(6))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            replay = hub.ask(name, per_second=3)
            here.wait(2)
        hub.boxes.epoch = "e2"
        hub.boxes.records.clear()
        hub.boxes.ends.clear()
        hub.put(*several(2))
        hub.store.kept[name].position = ("e2", 2)
        with hub.running():
            found = hub.until_over(name, replay)
    assert told(here)[-2:] == [("r0", 1), ("r1", 1)]
    assert (found.state, found.total) == ("done", 2)


def test_while_kafka_or_the_registry_is_away_it_waits() -> None:
    hub = Replayed()
    hub.put(*several(3))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.boxes.failure = NotReady("no Kafka answers")
            replay = hub.ask(name)
            time.sleep(0.5)
            assert here.got == []
            hub.boxes.failure = None
            found = hub.until_over(name, replay)
    assert found.counts == {"told": 3}


def test_only_what_came_since_then_is_told() -> None:
    hub = Replayed()
    hub.put(*several(2))
    time.sleep(0.02)
    since = datetime.now(UTC)
    hub.put(a_copy("after", employer="fi:after"))
    with receiver() as here:
        name, _ = hub.add(here.url)
        with hub.running():
            hub.until_over(name, hub.ask(name, Wanted(since=since)))
            nothing = hub.until_over(name, hub.ask(name, Wanted(since=datetime.now(UTC) - timedelta(milliseconds=1))))
    assert told(here) == [("after", 1)]
    assert (nothing.state, nothing.counts, nothing.total) == ("done", {}, 0)
