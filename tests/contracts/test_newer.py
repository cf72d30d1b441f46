"""What a newer hub writes: a minor version's further fields and words do no harm, a major version stops whoever reads it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from api.envelope import read_enveloped
from hub.agents.cases import cases
from hub.agents.enrichment import enrichment
from hub.agents.hand import Hand
from hub.agents.intake import intake
from hub.agents.plan import Agent, Plan
from hub.agents.registry import Entries
from hub.agents.routing import routing
from hub.agents.state import PartitionState
from hub.bridge.crossing import Crossing
from hub.bridge.record import Arrived
from hub.projection.rows import is_projected, rows_of
from schemas import topics
from schemas.errors import Misconfigured
from schemas.messages import LayoffAlert, RoutedNotice
from schemas.wire import MAJOR, Headers, header, read
from tests.builders import a_recruitment_notice, a_small_registry, body_of
from tests.contracts.log import Kept, kept, kept_log

WHOLE = [record for record in kept_log() if record.model()]
AGENTS = [intake, cases, routing, enrichment]
LATER = "field-of-a-later-version"
Make = Callable[[Hand], Agent]


def grown(value: Any) -> Any:
    """The same with a further field in each object."""
    if isinstance(value, dict):
        return {name: grown(inner) for name, inner in value.items()} | {LATER: {"said": ["since", 2]}}
    return [grown(inner) for inner in value] if isinstance(value, list) else value


def by_newer_minor(record: Kept) -> Kept:
    """As a hub would write it that knows more fields; the body of a submission is its sender's, and stays."""
    if record.model() is None:
        return record
    headers = (*record.headers, ("ce_later", b"1"), ("later", b"\xff"))
    return replace(record, value=orjson.dumps(grown(orjson.loads(record.value or b""))), headers=headers)


def by_newer_major(record: Kept) -> Kept:
    """As a hub of the next major version would mark it; what is in it nobody here can know."""
    schema = (header(record.headers, "ce_dataschema") or "").rpartition(":")[0] + f":{MAJOR + 1}"
    return replace(record, headers=(("ce_dataschema", schema.encode()),), value=b"\x00 another encoding")


# A newer minor version


@pytest.mark.parametrize("record", WHOLE, ids=[record.place for record in WHOLE])
def test_a_further_field_at_any_place_changes_nothing_for_an_older_reader(record: Kept) -> None:
    model, newer = record.model(), by_newer_minor(record)
    assert model is not None
    free = {"notice", "event", "routed"} & model.model_fields.keys()  # a notice is kept as it was said
    again = read(model, newer.value, newer.headers).model_dump(exclude=free)
    assert again == read(model, record.value, record.headers).model_dump(exclude=free)


def played(make: Make, records: tuple[Kept, ...]) -> list[Plan]:
    """What the agent makes of the records, one after the other."""
    agent, state, plans = make(Hand(a_small_registry)), PartitionState(), list[Plan]()
    for record in records:
        plans.append(agent.step(record.as_step(), state))
        state.apply(plans[-1].updates)
    return plans


@pytest.mark.parametrize("make", AGENTS)
def test_an_older_agent_decides_as_ever_about_what_a_newer_one_wrote(make: Make) -> None:
    """The same records to the same topics under the same ids, and the same state: nobody is left out, nothing is buried."""
    records = kept(make(Hand(a_small_registry)).source.name)
    for was, now in zip(played(make, records), played(make, tuple(map(by_newer_minor, records))), strict=True):
        assert [(one.topic, one.key, header(one.headers, "ce_id")) for one in now.outputs] == [
            (one.topic, one.key, header(one.headers, "ce_id")) for one in was.outputs
        ]
        assert now.updates == was.updates


def test_an_older_enrichment_passes_the_further_field_of_a_notice_to_its_sender_alone() -> None:
    """What it does not know it cannot judge: a recipient's copy holds what is allowed by name."""
    records = tuple(map(by_newer_minor, kept(topics.ROUTED.name)))
    copies = [one for plan in played(enrichment, records) for one in plan.outputs if topics.outbox_owner(one.topic)]
    holding = {topics.outbox_owner(one.topic) for one in copies if LATER in orjson.loads(one.value or b"")["notice"]}
    assert holding == {"ta-39"}
    assert len({one.topic for one in copies}) > 5


def test_the_projector_makes_the_same_rows() -> None:
    whole = {"body", "event"}  # kept as it was written
    for record in WHOLE:
        if is_projected(record.topic):
            was, now = rows_of(record.as_projected()), rows_of(by_newer_minor(record).as_projected())
            assert [(table, _without(row, whole)) for table, row in now] == [(table, _without(row, whole)) for table, row in was]


def _without(row: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def test_words_that_came_since_are_taken_where_the_list_is_open() -> None:
    """A stage of an alert, a reason, a competence, a type of event, a topic: whoever does not know them goes on."""
    alert, routed = kept(topics.ALERTS.name)[0], kept(topics.ROUTED.name)[0]
    said = orjson.loads(alert.value or b"") | {"stage": "paused"}
    assert read(LayoffAlert, orjson.dumps(said), alert.headers).stage == "paused"
    decision = orjson.loads(routed.value or b"") | {"significance": ["S99"]}
    decision["recipients"][0] |= {"competence": "robots"}
    assert read(RoutedNotice, orjson.dumps(decision), routed.headers).significance == ("S99",)
    typed = replace(alert, headers=tuple(("ce_type", b"x.y") if name == "ce_type" else (name, v) for name, v in alert.headers))
    assert [table for table, _ in rows_of(typed.as_projected())] == ["alerts", "targets"]
    assert not is_projected("notices.translated")


def test_entries_of_the_registry_of_a_type_that_came_since_are_passed_over() -> None:
    entries = Entries()
    entries.take(orjson.dumps({"revision": 7, "type": "calendar", "id": "2027", "body": {"days": []}}))
    for record in kept(topics.REGISTRY.name):
        entries.take(orjson.dumps(grown(orjson.loads(record.value or b""))))
    assert entries.registry().all_agencies == a_small_registry().all_agencies


# A newer major version


@pytest.mark.parametrize("record", WHOLE, ids=[record.place for record in WHOLE])
def test_what_a_newer_major_version_wrote_stops_each_process_that_reads_it(record: Kept) -> None:
    """Not refused, not a dead letter, not passed over: only an update mends it, and then it is there."""
    newer = by_newer_major(record)
    for make in AGENTS:
        agent = make(Hand(a_small_registry))
        if agent.source.name == record.topic:
            with pytest.raises(Misconfigured, match=f"version {MAJOR + 1}"):
                agent.step(newer.as_step(), PartitionState())
    if is_projected(record.topic):
        with pytest.raises(Misconfigured, match=f"version {MAJOR + 1}"):
            rows_of(newer.as_projected())
    with pytest.raises(Misconfigured):
        read(record.model(), newer.value, newer.headers)  # type: ignore[arg-type]


CLAIMED: Headers = (("ce_dataschema", b"urn:employersituation:schema:Submission:2"), ("ce_specversion", b"1.0"))


def test_no_agency_stops_the_bridge_by_what_it_claims() -> None:
    """An inbox is the agency's own: what its headers say of a version is no word of a newer hub."""
    body = body_of(a_recruitment_notice())
    record = Arrived(topics.inbox("ta-39").name, 0, 0, kept_log()[0].at, body, CLAIMED)
    (message,) = Crossing("", read_enveloped)(record)
    assert message.topic == topics.RECEIVED.name


def test_the_bridge_sets_nothing_aside_that_only_an_update_mends() -> None:
    def too_old(_: bytes) -> Any:
        raise Misconfigured("written in version 2")

    record = Arrived(
        topics.inbox("ta-39").name, 0, 0, kept_log()[0].at, b"{}", (("content-type", b"application/cloudevents+json"),)
    )
    with pytest.raises(Misconfigured):
        Crossing("", too_old)(record)
