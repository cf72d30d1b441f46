"""Rights that were narrowed, on a real log and a real database: what stands in outboxes and views, before and after."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.inbound.log import LogRecord
from connectors.outbound.emptying import Emptied, Emptying
from hub.agents.hand import day_of
from hub.core.dead import dead_letter
from hub.core.in_force import Begun, Mark, begun_of, mark_of
from hub.core.registry import Registry
from hub.letters import Resent, resend
from hub.looking import Around
from hub.ports import Search
from hub.projection.rebuild import rebuild
from schemas.errors import NotReady
from schemas.messages import Coordinates, Withheld
from schemas.topics import DELIVERIES, PINNED, ROUTED, outbox
from schemas.wire import Message, header, read
from tests.builders import DAY, a_correction, a_downsizing_notice, a_recruitment_notice, an_agency
from tests.hub.agents.steps import PREFIX
from tests.hub.at_rest import EVK, Hub, a_hub_at_rest, a_registry

pytestmark = [pytest.mark.broker, pytest.mark.database]

SECRET = "Vain viranomaisille."
NOTICE = a_downsizing_notice(text=SECRET)
STORY = (NOTICE, a_recruitment_notice(), a_correction(NOTICE, text=f"{SECRET} Vielä."))
PARTNER: dict[str, Any] = {"ring": "partner"}
OF_EVK = f"{PREFIX}{outbox('evk-04').name}"


@pytest.fixture
def hub(bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Hub]:
    """evk-04, of the ministry's group, has the downsizing and its correction whole; all is marked as looked through."""
    made = a_hub_at_rest(bootstrap, database_url, topic_prefix, tmp_path)
    made.tell(*STORY)
    made.look()
    assert made.mark() == Mark(made.revision, DAY)
    yield made
    made.close()


def ids(records: list[LogRecord]) -> list[str]:
    return [header(record.headers, "ce_id") or "" for record in records]


def steps(records: list[LogRecord]) -> list[int]:
    return [orjson.loads(record.value or b"")["step"] for record in records]


def wider(records: list[LogRecord]) -> list[LogRecord]:
    return [record for record in records if SECRET.encode() in (record.value or b"")]


def reading(hub: Hub, registry: Registry, day: date = DAY) -> Any:
    return hub.wiring.reading(lambda: registry, lambda: day)


def _headers(record: LogRecord) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value or b"") for name, value in record.headers)


# What goes, and what stays


def test_what_a_narrowed_agency_may_see_no_more_goes_and_the_rest_comes_again_with_the_same_ids(hub: Hub) -> None:
    before, others = hub.records("evk-04"), hub.records("ta-39")
    assert len(wider(before)) == 2
    hub.publish(a_registry(**PARTNER))
    hub.report(but=("enrichment", 7))
    pending = hub.look()
    assert (pending.standing.in_force, pending.outboxes) == (False, {})
    assert hub.records("evk-04") == before
    hub.report()
    assert hub.look().outboxes == {"evk-04": Emptied(cut=len(before))}
    after = hub.records("evk-04")
    assert (wider(after), ids(after), [one.key for one in after]) == ([], ids(before), [one.key for one in before])
    assert [one.headers for one in after] == [one.headers for one in before]
    assert after[0].offset > before[-1].offset
    assert [orjson.loads(one.value or b"")["purpose"] for one in after] == ["partner"] * len(before)
    assert hub.records("ta-39") == others, "who was not narrowed keeps all where it stands"
    assert hub.look().outboxes == {"evk-04": Emptied()}, "it is done once"
    assert hub.mark() == Mark(hub.revision, DAY)
    assert (hub.records("evk-04"), hub.unaccounted()) == (after, [])


def test_a_first_look_finds_what_was_narrowed_before_anybody_looked(
    bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path
) -> None:
    hub = a_hub_at_rest(bootstrap, database_url, topic_prefix, tmp_path)
    try:
        hub.tell(*STORY)
        hub.come_into_force(**PARTNER)
        assert hub.look().outboxes["evk-04"].cut == 2
        assert wider(hub.records("evk-04")) == []
    finally:
        hub.close()


def test_an_agency_that_is_no_more_finds_its_outbox_empty_and_the_reckoning_knows_why(hub: Hub) -> None:
    hub.come_into_force(agreement_until=DAY)
    hub.look()
    before = ids(hub.records("evk-04"))
    assert len(before) == 2
    assert hub.look(days=1).outboxes == {"evk-04": Emptied(withheld=2)}
    assert hub.records("evk-04") == []
    withheld = [read(Withheld, one.value, one.headers) for one in hub.on(DELIVERIES)]
    assert sorted((one.agency, one.event_id, one.registry_revision) for one in withheld) == sorted(
        ("evk-04", name, hub.revision) for name in before
    )
    assert hub.unaccounted() == []


def test_a_record_that_is_no_copy_goes_and_holds_up_nothing(hub: Hub) -> None:
    hub.write([Message(outbox("evk-04").name, b"k", value) for value in (b"by hand", b"{}", None)])
    hub.project()
    hub.come_into_force(**PARTNER)
    assert hub.look().outboxes == {"evk-04": Emptied(cut=2, foreign=3)}
    assert len(hub.records("evk-04")) == 2


def test_what_was_erased_is_not_written_again(hub: Hub) -> None:
    receipt = orjson.loads(hub.records("evk-04")[0].value or b"")["receipt"]
    hub.wiring.purge().notice(receipt, "test")
    hub.come_into_force(**PARTNER)
    assert hub.look().outboxes == {"evk-04": Emptied(withheld=2)}
    assert hub.records("evk-04") == []


# Kills, and what stands in the way


def test_killed_between_writing_and_deleting_the_next_run_leaves_nothing_wider(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hub.records("evk-04")
    hub.come_into_force(**PARTNER)
    deleted, asked = Emptying._delete, list[int]()

    def killed(emptying: Emptying, topic: str, end: int) -> None:
        asked.append(end)
        if len(asked) > 1:
            raise NotReady("killed here")
        deleted(emptying, topic, end)

    with monkeypatch.context() as cut_off:
        cut_off.setattr(Emptying, "_delete", killed)
        assert hub.look().failed == {"evk-04": "killed here"}
    between = hub.records("evk-04")
    assert (len(wider(between)), ids(between)) == (2, ids(before) * 2), "twice, and none is lost"
    hub.project()
    hub.look()
    after = hub.records("evk-04")
    assert (wider(after), list(dict.fromkeys(ids(after))), hub.unaccounted()) == ([], ids(before), [])


def test_where_the_broker_lets_nobody_delete_nothing_is_written_either(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise NotReady("the broker does not let us")

    before = hub.records("evk-04")
    hub.come_into_force(**PARTNER)
    with monkeypatch.context() as forbidden:
        forbidden.setattr(Emptying, "_delete", refused)
        for _ in range(3):
            assert hub.look().failed == {"evk-04": "the broker does not let us"}
    assert hub.records("evk-04") == before
    assert hub.mark() != Mark(hub.revision, DAY)


def test_as_long_as_the_views_are_behind_nothing_goes(hub: Hub) -> None:
    """What only the views will hold has to be in them first: an heir reads it there."""
    hub.steps.tell(a_correction(NOTICE, "c-2", text=f"{SECRET} Kolmas."))
    hub.write([one for one in hub.steps.log if one.topic == OF_EVK][-1:])
    hub.acknowledge()
    before = hub.records("evk-04")
    hub.come_into_force(**PARTNER)
    assert "views" in hub.look().failed["evk-04"]
    assert hub.records("evk-04") == before
    hub.project()
    assert hub.look().outboxes["evk-04"].cut == len(before) == 3


def test_the_mark_waits_for_what_older_rights_have_decided_and_not_carried_out_yet(hub: Hub) -> None:
    """A copy that comes late, and wider than it may be, goes at the next look: the mark was not set before it came."""
    hub.steps.tell(a_correction(NOTICE, "c-2", text=f"{SECRET} Kolmas."))
    routed = [one for one in hub.steps.log if one.topic == PREFIX + ROUTED.name][-1:]
    copy = [one for one in hub.steps.log if one.topic == OF_EVK][-1:]
    hub.write(routed)
    hub.come_into_force(**PARTNER)
    dispatcher = hub.narrowing()
    for _ in range(3):
        dispatcher.look()
        hub.project()
    assert (wider(hub.records("evk-04")), hub.mark()) == ([], Mark(hub.revision - 1, DAY))
    hub.write(copy)
    hub.acknowledge()
    hub.project()
    for _ in range(3):
        dispatcher.look()
        hub.project()
    assert (wider(hub.records("evk-04")), hub.mark()) == ([], Mark(hub.revision, DAY))


def test_the_mark_waits_as_long_as_a_killed_broker_may_forget_what_it_has_deleted(hub: Hub) -> None:
    forgotten = hub.records("evk-04")
    hub.come_into_force(**PARTNER)
    dispatcher = hub.narrowing(clean_for=3_600.0)
    dispatcher.look()
    hub.project()
    assert dispatcher.look().outboxes == {"evk-04": Emptied()}
    assert hub.mark() == Mark(hub.revision - 1, DAY)
    assert dispatcher.look().outboxes == {}, "it is not read again and again meanwhile"
    hub.write([Message(one.topic, one.key, one.value, _headers(one)) for one in forgotten])
    hub.project()
    hub.look()
    assert wider(hub.records("evk-04")) == []


@pytest.mark.parametrize("changes", [PARTNER, {"agreement_until": DAY - timedelta(days=1)}])
def test_many_outboxes_are_not_emptied_at_once_unless_somebody_says_so(hub: Hub, changes: dict[str, Any]) -> None:
    """A registry that is wrong takes from many: what is deleted nobody has any more."""
    before = hub.records("evk-04")
    hub.come_into_force(**changes)
    stopped = hub.look(most=0)
    assert "--many" in stopped.failed["evk-04"]
    assert (hub.records("evk-04"), hub.mark()) == (before, Mark(hub.revision - 1, DAY))
    assert hub.look(most=1).failed == {}
    assert wider(hub.records("evk-04")) == []


def test_the_fallback_is_nobodys_right_and_keeps_all(hub: Hub) -> None:
    hub.write([Message(outbox("fallback").name, one.key, one.value, _headers(one)) for one in hub.records("evk-04")])
    hub.come_into_force(**PARTNER)
    hub.wiring.publisher.publish([mark_of(hub.wiring.prefix + PINNED.name, Mark(99, DAY))])
    assert "fallback" not in hub.look().outboxes
    assert len(hub.records("fallback")) == 2


def test_a_registry_that_was_put_back_has_every_outbox_looked_through(hub: Hub) -> None:
    hub.come_into_force(**PARTNER)
    hub.wiring.publisher.publish([mark_of(hub.wiring.prefix + PINNED.name, Mark(99, DAY))])
    assert hub.look().outboxes == {"evk-04": Emptied(cut=2), "ta-39": Emptied(), "takk": Emptied()}


def test_one_record_that_nobody_foresaw_holds_up_no_other_outbox(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    may_stand = Around.may_stand

    def fails_at_one(around: Around, copy: dict[str, Any]) -> dict[str, Any] | None:
        if around.agency == "evk-04":
            raise KeyError(SECRET)
        return may_stand(around, copy)

    monkeypatch.setattr(Around, "may_stand", fails_at_one)
    hub.come_into_force(**PARTNER)
    hub.wiring.publisher.publish([mark_of(hub.wiring.prefix + PINNED.name, Mark(99, DAY))])
    looked = hub.look()
    assert (looked.failed, looked.outboxes) == ({"evk-04": "KeyError"}, {"ta-39": Emptied(), "takk": Emptied()})


def test_an_emptying_that_was_begun_is_ended_also_where_the_rights_were_given_back(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the brake does not stop it: left as it is the outbox would end with an older step."""
    hub.come_into_force(**PARTNER)
    assert not emptied(hub, monkeypatch, killed_after=2)
    assert list(last_steps(hub.records("evk-04")).values()) == [1]
    hub.project()
    hub.come_into_force()
    assert hub.look(most=0).outboxes == {"evk-04": Emptied(kept=2)}
    assert list(last_steps(hub.records("evk-04")).values()) == [2]
    assert hub.look().outboxes == {}


def test_a_noted_end_that_the_log_has_lost_is_no_longer_meant(hub: Hub) -> None:
    """The machine died and the log lost its end: what came since is not to be deleted by the old note."""
    before = hub.records("evk-04")
    topic = hub.wiring.prefix + outbox("evk-04").name
    epoch = hub.wiring.topic_sources().these([outbox("evk-04").name])[outbox("evk-04").name].epoch
    hub.wiring.publisher.publish([begun_of(hub.wiring.prefix + PINNED.name, "evk-04", Begun(epoch, 1_000))])
    hub.come_into_force(**PARTNER)
    assert hub.look().outboxes == {"evk-04": Emptied(cut=2)}, topic
    assert ids(hub.records("evk-04")) == ids(before)


def test_an_agency_that_ended_is_told_nothing_later_either(hub: Hub) -> None:
    """Who was told of a layoff hears of its end also when it is no agency any more: that does not stay there."""
    hub.come_into_force(agreement_until=DAY - timedelta(days=1))
    for _ in range(3):
        hub.look()
    assert (hub.records("evk-04"), hub.mark()) == ([], Mark(hub.revision, DAY))
    hub.write(next_step(hub))
    hub.project()
    assert hub.look().outboxes == {"evk-04": Emptied(withheld=1)}
    assert hub.records("evk-04") == []


def test_two_do_not_empty_at_once(hub: Hub) -> None:
    hub.come_into_force(**PARTNER)
    with hub.wiring.taken_in().alone(), pytest.raises(NotReady, match="another process"):
        hub.look()
    assert hub.look().outboxes == {"evk-04": Emptied(cut=2)}


def test_a_clock_that_is_ahead_ends_nobody(hub: Hub) -> None:
    """Copies go for good: the broker's day counts, and only where the clock here is not far from it."""
    today = day_of(hub.records("evk-04")[0].at)
    hub.come_into_force(agreement_until=today)
    before = hub.records("evk-04")
    with pytest.raises(NotReady, match="put right the one that is wrong"):
        hub.look(days=40_000, brokers_day=None)
    hub.look(days=(today - DAY).days + 1, brokers_day=None)
    assert (hub.records("evk-04"), hub.mark()) == (before, Mark(hub.revision, today))


# Order


class Killed(BaseException):
    """What no process catches."""


class Meddling:
    """The emptying's way to Kafka: a worker writes `newest` just before the first copy; killed after so many messages."""

    def __init__(self, hub: Hub, newest: Sequence[Message] = (), killed_after: int | None = None) -> None:
        self.newest = [replace(one, topic=hub.wiring.prefix + one.topic.removeprefix(PREFIX)) for one in newest]
        self.left = killed_after
        self.publisher = hub.wiring.publisher

    def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
        if self.newest and any(one.topic.endswith(".outbox") for one in messages):
            self.publisher.publish(self.newest)
            self.newest = []
        placed: list[Coordinates] = []
        for message in messages:
            if self.left == 0:
                raise Killed
            self.left = None if self.left is None else self.left - 1
            placed += self.publisher.publish([message])
        return placed


def emptied(hub: Hub, monkeypatch: pytest.MonkeyPatch, **how: Any) -> bool:
    """Look with such a way to Kafka; whether it came to its end."""
    with monkeypatch.context() as meddled:
        meddled.setitem(hub.wiring.__dict__, "publisher", Meddling(hub, **how))
        try:
            return not hub.look().failed
        except Killed:
            return False


def last_steps(records: list[LogRecord]) -> dict[str, int]:
    """Of each notice the step that a reader of the whole outbox has last."""
    copies = [orjson.loads(record.value or b"") for record in records]
    return {copy["receipt"]: copy["step"] for copy in copies}


def next_step(hub: Hub) -> list[Message]:
    """A step that is not in the outbox yet."""
    hub.steps.tell(a_correction(NOTICE, "c-2", text=None))
    return [one for one in hub.steps.log if one.topic == OF_EVK][-1:]


def test_a_step_that_comes_meanwhile_stands_after_the_steps_before_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever reads the outbox from its start would end with an older version than the newest."""
    newest = next_step(hub)
    hub.come_into_force(**PARTNER)
    assert emptied(hub, monkeypatch, newest=newest)
    assert steps(hub.records("evk-04")) == [3, 1, 2, 3]


@pytest.mark.parametrize("killed_after", range(5))
def test_killed_at_any_message_the_next_look_ends_with_the_newest_step_and_nothing_wider(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    """A note that it began, two copies that are written again, and one that came meanwhile: then all of it once more."""
    newest = next_step(hub)
    hub.come_into_force(**PARTNER)
    done = emptied(hub, monkeypatch, newest=newest, killed_after=killed_after)
    assert done == (killed_after > 3)
    wrote = header(newest[0].headers, "ce_id") in ids(hub.records("evk-04"))
    hub.project()
    for _ in range(3):
        hub.look()
        hub.project()
    left = hub.records("evk-04")
    assert (wider(left), hub.mark()) == ([], Mark(hub.revision, DAY))
    assert len(set(ids(left))) == 2 + wrote
    assert list(last_steps(left).values()) == [2 + wrote]


def test_what_the_broker_forgot_to_delete_is_written_again_in_its_order(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is killed within a minute may have its log begin where it began before."""
    newest = next_step(hub)
    hub.come_into_force(**PARTNER)
    deleted, asked = Emptying._delete, list[int]()

    def forgotten(emptying: Emptying, topic: str, end: int) -> None:
        asked.append(end)
        if len(asked) == 1:
            deleted(emptying, topic, end)

    with monkeypatch.context() as forgetful:
        forgetful.setattr(Emptying, "_delete", forgotten)
        assert hub.look(clean_for=60.0).outboxes == {"evk-04": Emptied(cut=2)}
    hub.write(newest)
    hub.project()
    hub.look()
    left = hub.records("evk-04")
    assert (wider(left), list(last_steps(left).values())) == ([], [3])


# The views


def test_a_feed_goes_on_over_an_emptied_outbox_and_neither_it_nor_a_search_shows_anything_wider(hub: Hub) -> None:
    """The view keeps its rows, and each read cuts them again. A rebuild has them as they are written now, in their old places."""
    wide, narrow = reading(hub, a_registry()), reading(hub, a_registry(**PARTNER))
    first = wide.outbox("evk-04", None, 1)
    everything = [item["id"] for item in wide.outbox("evk-04", None, 9).items]
    looked_for = Search(text="viranomaisille")
    assert SECRET in str(first.items)
    assert len(wide.search("evk-04", looked_for, None, 9).items) == 1
    hub.come_into_force(**PARTNER)
    hub.look()
    hub.project()
    for _ in range(2):
        assert [item["id"] for item in narrow.outbox("evk-04", first.next, 9).items] == everything[1:]
        assert SECRET not in str(narrow.outbox("evk-04", None, 9).items)
        assert narrow.search("evk-04", looked_for, None, 9).items == []
        assert narrow.search("evk-04", looked_for, None, 1).next is None, "nor does a cursor tell of it"
        assert len(narrow.search("evk-04", Search(), None, 9).items) == 1
        assert len(narrow.search("ta-39", looked_for, None, 9).items) == 1, "its sender finds it"
        rebuild(hub.wiring.bootstrap, hub.wiring.views(), hub.wiring.prefix)


def test_who_stands_in_the_place_of_an_agency_that_ended_still_reads_what_that_one_had(hub: Hub) -> None:
    ended = {"valid_to": DAY, "successors": ("evk-05",)}
    small = a_registry(**ended)
    heir = an_agency("evk-05", **(EVK | {"valid_from": DAY + timedelta(days=1)}))
    with_heir = Registry.of(1, small.areas.values(), [*small.all_agencies.values(), heir], small.all_offerings.values())
    hub.publish(with_heir)
    hub.report()
    hub.look()
    tomorrow = DAY + timedelta(days=1)
    assert hub.look(days=1).outboxes == {"evk-04": Emptied(withheld=2)}
    assert hub.records("evk-04") == []
    hub.project()
    for _ in range(2):
        assert len(reading(hub, with_heir, tomorrow).search("evk-05", Search(), None, 9).items) == 1
        rebuild(hub.wiring.bootstrap, hub.wiring.views(), hub.wiring.prefix)


def test_a_copy_that_lacked_its_topic_is_sent_again_by_the_rights_of_today(hub: Hub) -> None:
    (copy, *_) = wider(hub.records("evk-04"))
    facts = {"by": "enrichment", "code": "topic-vanished", "topic": hub.wiring.prefix + outbox("evk-04").name}
    hub.wiring.publisher.publish([dead_letter(copy.key, copy.value, copy.headers, facts, hub.wiring.prefix)])
    cases: list[tuple[dict[str, Any], Resent, int]] = [
        (PARTNER, Resent(sent=1), 1),
        ({"agreement_until": date(2020, 1, 1)}, Resent(cannot=1), 0),
    ]
    for changes, found, left in cases:
        hub.forget(outbox("evk-04"))
        hub.come_into_force(**changes)
        assert resend(hub.wiring, DAY) == found
        assert (len(hub.records("evk-04")), wider(hub.records("evk-04"))) == (left, [])
