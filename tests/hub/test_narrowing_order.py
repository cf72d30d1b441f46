"""Outboxes that were emptied and written again, as readers see them: in order, whoever is killed, and nothing wider."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.outbound.emptying import Emptied, Emptying
from hub.core.dead import dead_letter
from hub.core.in_force import Mark
from hub.core.registry import Registry
from hub.letters import Resent, resend
from hub.ports import Search
from hub.projection.rebuild import rebuild
from schemas.topics import outbox
from schemas.wire import header
from tests.builders import DAY, an_agency
from tests.hub.at_rest import EVK, Hub, a_registry
from tests.hub.narrowed import PARTNER, SECRET, a_told_hub, emptied, ids, last_steps, next_step, reading, steps_of, wider

pytestmark = [pytest.mark.broker, pytest.mark.database]


@pytest.fixture
def hub(bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Hub]:
    made = a_told_hub(bootstrap, database_url, topic_prefix, tmp_path)
    yield made
    made.close()


# Order


def test_a_step_that_comes_meanwhile_stands_after_the_steps_before_it(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever reads the outbox from its start would end with an older version than the newest."""
    newest = next_step(hub)
    hub.come_into_force(**PARTNER)
    assert emptied(hub, monkeypatch, newest=newest)
    assert steps_of(hub.records("evk-04")) == [3, 1, 2, 3]


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
