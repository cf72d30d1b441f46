"""Today's readers on the log of an earlier version: they take every record of it, and lose nothing of what stands in it."""

from collections.abc import Iterator
from typing import Any, get_args

import orjson
import pytest

from hub.agents.cases import cases
from hub.agents.changelog import RANK
from hub.agents.enrichment import enrichment
from hub.agents.hand import Hand
from hub.agents.intake import intake
from hub.agents.plan import Agent
from hub.agents.registry import Entries
from hub.agents.routing import routing
from hub.agents.seen import Seen
from hub.agents.state import DONE, Loading, PartitionState
from hub.bridge.crossing import Crossing
from hub.bridge.record import Arrived
from hub.core.admission import notice_of
from hub.core.reading import read_said
from hub.core.reckoning import Ledger
from hub.core.remembering import CHANGE
from hub.core.steps import Known, content_of
from hub.core.views import Purpose
from hub.projection.rows import is_projected, rows_of
from hub.reckoning import _TAKERS
from hub.replaying import _DECIDED
from schemas import topics
from schemas.agency import Agency, Area
from schemas.errors import MalformedMessage
from schemas.messages import AgencyNotice, EmployerEvent, LayoffAlert, Outcome, RefusedNotice, RoutedNotice, StepType, Submission
from schemas.notice import Kind
from schemas.offering import Offering
from schemas.wire import header, read
from tests.builders import a_small_registry
from tests.contracts.log import MODELS, STATES, Kept, kept, kept_log
from tests.contracts.scene import read_enveloped

WHOLE = [record for record in kept_log() if record.model()]
BY_HAND = {("notices.received", b"by hand"), ("alerts.layoff", b"by hand")}
"""What nobody of the hub wrote; everything else has to be taken."""


CAME_SINCE = {topics.ACKNOWLEDGED.name}
"""Topics that there were not when the log was kept."""


def said(model: Any, *names: str) -> list[Any]:
    """What stands on these topics, as today's model reads it."""
    return [read(model, record.value, record.headers) for record in kept(*names) if record.model() is model]


def missing(old: Any, new: Any, place: str = "") -> list[str]:
    """What stands in the old and is not, or is otherwise, in the new; fields that came since do not matter."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [lost for name in old for lost in missing(old[name], new.get(name, "nothing"), f"{place}/{name}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [lost for number, pair in enumerate(zip(old, new, strict=True)) for lost in missing(*pair, f"{place}/{number}")]
    return [] if old == new else [f"{place}: {old} became {new}"]


def names_in(tree: Any, place: str = "") -> Iterator[str]:
    """Where the fields stand, whatever is in them: a count may be written short."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, below in inner:
        yield f"{place}/{name}"
        yield from names_in(below, f"{place}/{name}")


def ids(records: list[Kept]) -> list[str]:
    return [record.place for record in records]


# What the log is


def test_it_holds_each_kind_of_message_that_there_is() -> None:
    events, routed = said(EmployerEvent, topics.EVENTS.name), said(RoutedNotice, topics.ROUTED.name)
    copies = [read(AgencyNotice, one.value, one.headers) for one in kept_log() if one.model() is AgencyNotice]
    alerts = said(LayoffAlert, topics.ALERTS.name)
    assert {one.way for one in said(Submission, topics.RECEIVED.name)} == {"api", "inbox", "connector", "file", "demo", "clock"}
    assert {event.type for event in events} == set(get_args(StepType))
    assert {event.kind for event in events} == set(get_args(Kind))
    assert {one.outcome for one in routed} == set(get_args(Outcome))
    assert {copy.purpose for copy in copies} == set(get_args(Purpose)) - {"coordinator"}, "coordinators get alerts"
    assert {alert.bare for alert in alerts} == {True, False}
    assert {one.verdict for one in said(RefusedNotice, topics.REFUSED.name)} == {"refused", "quarantined"}
    assert {header(one.headers, "hub-by") for one in kept(topics.DEAD_LETTERS.name)} == {"intake", "worker", "projector"}
    assert any(event.withdrawn_before for event in events)
    assert any(event.released for event in events)
    assert any(event.historic for event in events)
    assert any(copy.notice.get("no_longer_concerns_you") for copy in copies)
    states = {*STATES, topics.ENRICHMENT_STATE.name}
    names = {record.topic for record in kept_log()}
    assert names >= {*MODELS, *states, topics.REGISTRY.name, topics.DEAD_LETTERS.name, topics.inbox("ta-39").name} - CAME_SINCE


# Messages


@pytest.mark.parametrize("record", WHOLE, ids=ids(WHOLE))
def test_today_s_model_keeps_every_field(record: Kept) -> None:
    """A field that was renamed or is read otherwise would be gone, or changed, in what is written again."""
    model = record.model()
    assert model is not None
    again = read(model, record.value, record.headers).model_dump(mode="json")
    assert missing(orjson.loads(record.value or b""), again) == []


def test_the_notice_in_each_step_is_read_whole() -> None:
    for event in said(EmployerEvent, topics.EVENTS.name):
        if not event.ends:
            assert missing(event.notice, notice_of(event).model_dump(mode="json")) == []


def test_what_was_said_is_read_as_the_same_notice_or_change() -> None:
    """Each body of which a step came: intake reads it again after a kill."""
    origins = {event.origin.offset for event in said(EmployerEvent, topics.EVENTS.name)}
    for record in kept(topics.RECEIVED.name):
        if record.offset in origins:
            submission = read(Submission, record.value, record.headers)
            again = read_said(submission.body.encode()).model_dump(mode="json")
            assert set(names_in(orjson.loads(submission.body))) <= set(names_in(again))


# Agents


@pytest.mark.parametrize("make", [intake, cases, routing, enrichment], ids=lambda make: make.__name__)
def test_an_agent_takes_every_record_of_its_topic(make: Any) -> None:
    """From an empty state, as after a rebuild of the groups: what no hand wrote is no dead letter."""
    agent: Agent = make(Hand(a_small_registry))
    state = PartitionState()
    for record in kept(agent.source.name):
        plan = agent.step(record.as_step(), state)
        state.apply(plan.updates)
        buried = [message for message in plan.outputs if message.topic == topics.DEAD_LETTERS.name]
        assert bool(buried) == ((record.topic, record.key) in BY_HAND), record.place
        assert plan.outputs or record.topic == topics.EVENTS.name


def test_the_bridge_takes_over_what_waits_in_an_inbox() -> None:
    crossing = Crossing("", read_enveloped)
    for record in kept("agency.ta-39.inbox"):
        arrived = Arrived(record.topic, 0, record.offset, record.at, record.value or b"", record.headers)
        assert {message.topic for message in crossing(arrived)} <= {topics.RECEIVED.name, topics.REFUSED.name}


def loaded(topic: topics.Topic) -> PartitionState:
    """The state as a worker that starts reads it."""
    loading = Loading()
    for record in kept(topic.name):
        loading.take(record.key or b"", record.value, int(header(record.headers, RANK) or -1))
    values, healing = loading.finish()
    assert not healing
    return PartitionState(values, loading.done, -1, loading.fault)


@pytest.mark.parametrize("topic", [topics.INTAKE_STATE, topics.CASES_STATE, topics.ROUTING_STATE, topics.ENRICHMENT_STATE])
def test_an_agent_s_state_is_read_to_its_end(topic: topics.Topic) -> None:
    state = loaded(topic)
    assert state.handled == max(int(header(one.headers, RANK) or -1) for one in kept(topic.name) if one.key == DONE)
    assert bool(state.values) == (topic.name in STATES)
    assert (state.fault.times == 3) == (topic is topics.INTAKE_STATE)


def test_what_intake_remembers_is_what_the_history_says() -> None:
    state = loaded(topics.INTAKE_STATE)
    known = {key: Known.decode(value) for key, value in state.values.items() if not value.startswith(CHANGE)}
    last = {event.receipt: event for event in said(EmployerEvent, topics.EVENTS.name)}
    assert len(known) == len(last)
    for receipt, event in last.items():
        one = known[bytes.fromhex(receipt.replace("-", ""))]
        assert (one.step, one.kind, one.employer_key) == (event.step, event.kind, event.employer_key)
        assert (one.standing == "withdrawn") == (event.type == "withdrawal" or event.withdrawn_before)
        assert event.ends or one.has_now(content_of(notice_of(event)))
        assert bool(one.released) == event.released
        assert one.encode() == state.values[bytes.fromhex(receipt.replace("-", ""))]


def test_who_was_told_is_what_routing_and_cases_remember() -> None:
    routed = {one.receipt: one for one in said(RoutedNotice, topics.ROUTED.name)}
    for receipt, one in routed.items():
        told = {recipient.agency for recipient in one.recipients if recipient.why[0].role != "former-recipient"}
        seen = Seen.of(loaded(topics.ROUTING_STATE), receipt)
        assert (seen.step, seen.agencies) == (one.step, told)
    for receipt, step in {one.receipt: one.step for one in said(LayoffAlert, topics.ALERTS.name)}.items():
        assert Seen.of(loaded(topics.CASES_STATE), receipt).step >= step


# The others


def test_the_followers_of_the_registry_read_the_revision_that_was_published() -> None:
    entries = Entries()
    for record in kept(topics.REGISTRY.name):
        entries.take(record.value or b"")
    found, wanted = entries.registry(), a_small_registry()
    assert found.revision == 7
    assert (found.areas, found.all_agencies, found.all_offerings) == (
        wanted.areas, wanted.all_agencies, wanted.all_offerings,
    )  # fmt: skip


def test_an_entry_of_the_registry_keeps_every_field() -> None:
    models = {"area": Area, "agency": Agency, "offering": Offering}
    entries = [orjson.loads(record.value or b"") for record in kept(topics.REGISTRY.name)]
    for entry in entries:
        if entry["type"] in models and entry["body"]:
            again = models[entry["type"]].model_validate(entry["body"]).model_dump(mode="json")
            assert missing(entry["body"], again) == []


def test_the_projector_makes_rows_of_every_record() -> None:
    projected = [record for record in kept_log() if is_projected(record.topic)]
    assert len(projected) > 100
    for record in projected:
        if (record.topic, record.key) in BY_HAND:
            with pytest.raises(MalformedMessage):
                rows_of(record.as_projected())
        else:
            assert rows_of(record.as_projected()), record.place


def test_the_reckoning_accounts_for_all_but_what_was_made_to_fail() -> None:
    ledger = Ledger()
    ledger.take_received(0, 0, len(kept(topics.RECEIVED.name)))
    for record in kept_log():
        if topics.outbox_owner(record.topic):
            ledger.take_delivered(str(topics.outbox_owner(record.topic)), header(record.headers, "ce_id") or "", record.offset)
        elif record.topic in _TAKERS and (record.topic, record.key) not in BY_HAND:
            _TAKERS[record.topic](ledger, record)  # type: ignore[arg-type]
    assert [str(one) for one in ledger.unaccounted()] == []
    assert ledger.counts()["quarantined"] == 1


def test_every_decision_can_be_told_from_another_one() -> None:
    """What `hub replay-check` compares stands in each decision by these names."""
    for model, names in _DECIDED.items():
        assert all(names <= set(orjson.loads(one.value or b"")) for one in kept_log() if one.model() is model)
        assert any(one.model() is model for one in kept_log())
