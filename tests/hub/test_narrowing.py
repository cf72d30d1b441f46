"""Rights that were narrowed, on a real log and a real database: what stands in outboxes and views, before and after."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.outbound.emptying import Emptied, Emptying
from hub.agents.hand import day_of
from hub.core.in_force import Begun, Mark, begun_of, mark_of
from hub.looking import Around
from schemas.errors import NotReady
from schemas.messages import Withheld
from schemas.topics import DELIVERIES, PINNED, ROUTED, outbox
from schemas.wire import Message, read
from tests.builders import DAY, a_correction
from tests.hub.agents.steps import PREFIX
from tests.hub.at_rest import Hub, a_hub_at_rest, a_registry
from tests.hub.narrowed import (
    NOTICE,
    OF_EVK,
    PARTNER,
    SECRET,
    STORY,
    a_told_hub,
    emptied,
    headers_of,
    ids,
    last_steps,
    next_step,
    wider,
)

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture
def hub(bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Hub]:
    made = a_told_hub(bootstrap, database_url, topic_prefix, tmp_path)
    yield made
    made.close()


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
    hub.write([Message(one.topic, one.key, one.value, headers_of(one)) for one in forgotten])
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
    hub.write([Message(outbox("fallback").name, one.key, one.value, headers_of(one)) for one in hub.records("evk-04")])
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
