"""Rights that were narrowed, on a real log: what stands in outboxes, before and after, and after a kill in between."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka.admin import AdminClient

from connectors.inbound.log import Log, LogRecord
from connectors.outbound.emptying import Emptied, Emptying
from connectors.outbound.topics import apply_topics
from connectors.store.migrate import drop_everything, migrate
from connectors.store.publishing import publish_changes
from connectors.store.registry import entries_of, import_registry
from hub.core.in_force import PARTITIONS, report_of
from hub.core.registry import Registry
from hub.narrowing import Looked, Narrowing
from hub.projection.projector import Projector
from hub.projection.rebuild import rebuild
from hub.reckoning import reckon
from hub.settings import DatabaseSettings, KafkaSettings, SecretSettings, Settings
from hub.wiring import Wiring
from schemas import topics
from schemas.errors import NotReady
from schemas.messages import Coordinates, Withheld
from schemas.topics import DELIVERIES, PINNED, outbox
from schemas.wire import Message, header, read
from tests.builders import DAY, a_correction, a_downsizing_notice, a_recruitment_notice, a_small_registry, an_agency
from tests.hub.agents.numbered import Numbered
from tests.hub.agents.steps import PREFIX

pytestmark = [pytest.mark.broker, pytest.mark.database]

SECRET = "Vain viranomaisille."
NOTICE = a_downsizing_notice(text=SECRET)
STORY = (NOTICE, a_recruitment_notice(), a_correction(NOTICE, text=f"{SECRET} Vielä."))
EVK: dict[str, Any] = {"kind": "evk", "ring": "tem-group", "areas": ("fi:evk:04",), "kinds": ("development", "downsizing")}


def a_registry(**evk: Any) -> Registry:
    """The small one, with evk-04 changed so."""
    small = a_small_registry()
    agencies = [one for one in small.all_agencies.values() if one.id != "evk-04"]
    return Registry.of(1, small.areas.values(), [*agencies, an_agency("evk-04", **(EVK | evk))], small.all_offerings.values())


class Hub:
    """The log and the registry of a hub of which no process runs: the agents' words, and their reports, are written here."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.narrowing = Narrowing(wiring)
        self.steps = Numbered()
        self.revision = 0

    def tell(self, *bodies: Any) -> None:
        before = len(self.steps.received), len(self.steps.log)
        self.steps.tell(*bodies)
        self.write([*self.steps.received[before[0] :], *self.steps.log[before[1] :]])

    def write(self, messages: Sequence[Message]) -> None:
        self.wiring.publisher.publish([
            Message(self.wiring.prefix + one.topic.removeprefix(PREFIX), one.key, one.value, one.headers, 0) for one in messages
        ])  # fmt: skip

    def publish(self, **evk: Any) -> None:
        now = a_registry(**evk)
        entries = entries_of(now.areas.values(), now.all_agencies.values(), now.all_offerings.values())
        import_registry(self.wiring.engine, entries, "test", complete=True, schemas=self.wiring.schemas)
        self.revision = publish_changes(self.wiring.engine, self.wiring.bootstrap, self.wiring.prefix, self.wiring.schemas)

    def report(self, but: tuple[str, int] | None = None) -> None:
        """All partitions decide by the newest revision, but for one."""
        places = [(agent, number) for agent, count in PARTITIONS.items() for number in range(count)]
        topic = self.wiring.prefix + PINNED.name
        self.wiring.publisher.publish([report_of(topic, *place, self.revision) for place in places if place != but])

    def come_into_force(self, **evk: Any) -> None:
        self.publish(**evk)
        self.report()

    def look(self, days: int = 0) -> Looked:
        return self.narrowing.look(DAY + timedelta(days=days))

    def records(self, agency: str) -> list[LogRecord]:
        return self.on(outbox(agency))

    def on(self, topic: topics.Topic) -> list[LogRecord]:
        log = Log(self.wiring.bootstrap, self.wiring.prefix)
        return list(log.read([topic.name]))

    def unaccounted(self) -> list[str]:
        return [str(found) for found in reckon(self.wiring.bootstrap, self.wiring.prefix, None, 0).unaccounted()]


@pytest.fixture
def hub(bootstrap: str, database_url: str, topic_prefix: str, tmp_path: Path) -> Iterator[Hub]:
    prefix = f"{topic_prefix}{os.getpid()}."
    wiring = Wiring(
        Settings(
            folder=tmp_path,
            kafka=KafkaSettings(bootstrap=bootstrap, topic_prefix=prefix),
            database=DatabaseSettings(url=database_url),
            secrets=SecretSettings(cursors="narrowing-narrowing"),
        )
    )
    agencies = a_small_registry().all_agencies
    apply_topics(bootstrap, [*topics.FIXED, *map(outbox, agencies)], prefix)
    migrate(database_url, wiring.schemas.prefix)
    made = Hub(wiring)
    made.come_into_force()
    made.tell(*STORY)
    yield made
    wiring.publisher.close()
    wiring.engine.dispose()
    drop_everything(database_url, wiring.schemas.prefix)
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    left = [name for name in admin.list_topics(timeout=20).topics if name.startswith(prefix)]
    for future in admin.delete_topics(left).values():
        future.result()


def ids(records: list[LogRecord]) -> list[str]:
    return [header(record.headers, "ce_id") or "" for record in records]


def wider(records: list[LogRecord]) -> list[LogRecord]:
    return [record for record in records if SECRET.encode() in (record.value or b"")]


def test_what_a_narrowed_agency_may_see_no_more_goes_and_the_rest_comes_again_with_the_same_ids(hub: Hub) -> None:
    hub.look()
    before, others = hub.records("evk-04"), hub.records("ta-39")
    assert len(wider(before)) == 2
    hub.publish(ring="partner")
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
    assert hub.look().outboxes == {}, "it is done once"
    assert (hub.records("evk-04"), hub.unaccounted()) == (after, [])


def test_a_first_look_finds_what_was_narrowed_before_anybody_looked(hub: Hub) -> None:
    hub.come_into_force(ring="partner")
    assert hub.look().outboxes["evk-04"].cut == 2
    assert (wider(hub.records("evk-04")), hub.look().outboxes) == ([], {})


def test_killed_between_writing_and_deleting_the_next_run_leaves_nothing_wider(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise NotReady("killed here")

    hub.look()
    before = hub.records("evk-04")
    hub.come_into_force(ring="partner")
    with monkeypatch.context() as cut_off:
        cut_off.setattr(Emptying, "_delete", killed)
        with pytest.raises(NotReady):
            hub.look()
    between = hub.records("evk-04")
    assert (len(wider(between)), ids(between)) == (2, ids(before) * 2), "twice, and none is lost"
    hub.narrowing = Narrowing(hub.wiring)
    hub.look()
    after = hub.records("evk-04")
    assert (wider(after), ids(after), hub.unaccounted()) == ([], ids(before), [])


def test_an_agency_that_is_no_more_finds_its_outbox_empty_and_the_reckoning_knows_why(hub: Hub) -> None:
    hub.come_into_force(agreement_until=DAY)
    assert "evk-04" in hub.look().outboxes
    before = ids(hub.records("evk-04"))
    assert len(before) == 2
    assert hub.look(days=1).outboxes == {"evk-04": Emptied(withheld=2)}
    assert hub.records("evk-04") == []
    withheld = [read(Withheld, one.value, one.headers) for one in hub.on(DELIVERIES)]
    assert sorted((one.agency, one.event_id, one.registry_revision) for one in withheld) == sorted(
        ("evk-04", name, hub.revision) for name in before
    )
    assert hub.unaccounted() == []


def test_a_step_that_comes_meanwhile_stands_after_the_steps_before_it(hub: Hub) -> None:
    """Else whoever reads the outbox from its start would end with an older version than the newest."""
    hub.look()
    hub.come_into_force(ring="partner")
    publisher, later = hub.wiring.publisher, hub.steps.tell(a_correction(NOTICE, "c-2", text=None))
    newest = [one for one in later.log if one.topic == PREFIX + outbox("evk-04").name][-1:]

    class Meanwhile:
        """A worker writes the next step just before the first copies are written again."""

        def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
            while newest:
                hub.write([newest.pop()])
            return publisher.publish(messages)

    emptying = Emptying(hub.wiring.bootstrap, hub.wiring.prefix, Meanwhile(), hub.revision)
    emptying.empty("evk-04", lambda copy: copy | {"purpose": "partner"})
    steps = [orjson.loads(one.value or b"")["step"] for one in hub.records("evk-04")]
    assert steps == [3, 1, 2, 3]


def test_a_record_that_is_no_copy_goes_and_holds_up_nothing(hub: Hub) -> None:
    hub.look()
    hub.write([Message(outbox("evk-04").name, b"k", value) for value in (b"by hand", b"{}", None)])
    hub.come_into_force(ring="partner")
    assert hub.look().outboxes == {"evk-04": Emptied(cut=2, foreign=3)}
    assert len(hub.records("evk-04")) == 2


@pytest.fixture
def projected(hub: Hub) -> Iterator[Callable[[], None]]:
    projector = Projector(hub.wiring.bootstrap, hub.wiring.view_writer(), hub.wiring.prefix)
    projector.resume()

    def catch_up() -> None:
        while projector.lag():
            projector.step()

    yield catch_up
    projector.close()


def test_a_feed_goes_on_over_an_emptied_outbox_and_shows_nothing_wider_also_after_a_rebuild(
    hub: Hub, projected: Callable[[], None]
) -> None:
    """The view keeps each event where it stood first; what it shows of it is cut at each read."""
    hub.look()
    projected()
    registry = [a_small_registry()]
    reading = hub.wiring.reading(lambda: registry[-1], lambda: DAY)
    first = reading.outbox("evk-04", None, 1)
    everything = [item["id"] for item in reading.outbox("evk-04", None, 9).items]
    assert SECRET in str(first.items)
    hub.come_into_force(ring="partner")
    registry.append(a_registry(ring="partner"))
    hub.look()
    projected()
    rest = reading.outbox("evk-04", first.next, 9)
    assert [item["id"] for item in [*first.items, *rest.items]] == everything
    assert SECRET not in str(rest.items)
    rebuild(hub.wiring.bootstrap, hub.wiring.views(), hub.wiring.prefix)
    again = reading.outbox("evk-04", None, 9)
    assert [item["id"] for item in again.items] == everything
    assert SECRET not in str(again.items)
    assert {item["id"] for item in reading.outbox("evk-04", first.next, 9).items} >= set(everything[1:]), "none is passed over"
