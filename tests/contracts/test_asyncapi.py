"""The AsyncAPI document is valid and served, and describes the messages that are there: those of version 1 and today's."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft7Validator

from api.calls import CHANNEL
from api.examples import CHANGES, NOTICES, enveloped
from schemas.topics import DELIVERIES, FIXED, every_topic
from tests.api.conftest import Hub
from tests.contracts.described import DOCUMENT, channel_of, flaws, frozen_outline, kinds_of, messages, outline, told
from tests.contracts.log import DATA, MODELS, Kept, kept_log
from tests.contracts.shapes import bare, differences
from tests.contracts.test_log import BY_HAND
from tests.contracts.test_shapes import written_today

META = Draft7Validator(json.loads((DATA / "asyncapi" / "3.0.0.json").read_text(encoding="utf-8")))
INBOX = "agency.inbox"


def events(records: Any) -> list[Kept]:
    """What the hub wrote on topics that are described; on a compacted one a record without a value says nothing."""
    described = [one for one in records if messages(channel_of(one.topic)) and channel_of(one.topic) != INBOX]
    return [record for record in described if record.value is not None and (record.topic, record.key) not in BY_HAND]


KEPT, TODAY = events(kept_log()), events(written_today())
ONE_OF_EACH = list({(channel_of(one.topic), *kinds_of(one)): one for one in TODAY}.items())


# The document


def test_the_document_is_valid() -> None:
    assert [f"{error.json_path}: {error.message[:200]}" for error in META.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: it.update(asyncapi="2.6.0"),
        lambda it: it["info"].pop("version"),
        lambda it: it["operations"]["send_agency_outbox"].update(action="publish"),
        lambda it: it["channels"]["agency.outbox"].update(topic="agency.{agency}.outbox"),
        lambda it: it["components"]["schemas"]["AgencyNotice"].update(required="receipt"),
    ],
)
def test_a_document_that_is_spoiled_is_not(spoil: Any) -> None:
    spoiled = copy.deepcopy(DOCUMENT)
    spoil(spoiled)
    assert not META.is_valid(spoiled)


def references(tree: Any) -> Iterator[str]:
    for name, below in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        if name == "$ref":
            yield below
        else:
            yield from references(below)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert len(found) > 50
    for reference in found:
        node = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            node = node[name]


def test_no_schema_stands_there_for_nothing() -> None:
    named = {reference.rpartition("/")[2] for reference in references(DOCUMENT)}
    assert DOCUMENT["components"]["schemas"].keys() <= named | {"Said"}


def test_every_topic_of_an_agency_and_every_model_on_the_hub_s_own_is_described() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values() if channel["address"]}
    of_agencies = {topic.name for topic in every_topic(("{agency}",))} - {topic.name for topic in FIXED}
    assert addresses == of_agencies | set(MODELS) | {DELIVERIES.name}
    assert {DOCUMENT["operations"][name]["action"] for name in DOCUMENT["operations"]} == {"send", "receive"}


def test_it_is_served_with_the_names_that_topics_have_on_the_broker() -> None:
    app = Hub().app
    with TestClient(app) as client:
        served = client.get("/asyncapi.json").json()
    assert META.is_valid(served)
    assert served["channels"]["agency.outbox"]["address"] == "t.agency.{agency}.outbox"
    assert served["info"]["version"] == app.version
    assert served["components"] == DOCUMENT["components"]


# What the hub writes


@pytest.mark.parametrize("records", [KEPT, TODAY], ids=["version 1", "today"])
def test_every_record_is_exactly_one_of_the_messages_of_its_channel(records: list[Kept]) -> None:
    assert len(records) > 100
    wrong = [record for record in records if len(kinds_of(record)) != 1]
    assert [f"{one.place}: {kinds_of(one) or [*_flaws_of(one)]}" for one in wrong] == []


def _flaws_of(record: Kept) -> Iterator[str]:
    channel = channel_of(record.topic)
    return (flaw for name in messages(channel) for flaw in flaws(channel, name, *told(record)))


def test_each_message_that_is_described_was_there() -> None:
    seen = {(channel, name) for (channel, name), _ in ONE_OF_EACH}
    topics = DOCUMENT["channels"].keys() - {INBOX, CHANNEL}  # what endpoints are sent: test_webhooks
    described = {(channel, name) for channel in topics for name in messages(channel)}
    assert seen == described


@pytest.mark.parametrize(("where", "record"), ONE_OF_EACH, ids=[" ".join(where) for where, _ in ONE_OF_EACH])
def test_a_spoiled_message_is_none(where: tuple[str, str], record: Kept) -> None:
    """Each header gone or another, each field that has to be there gone, each field of another type."""
    headers, payload = told(record)
    schema = DOCUMENT["components"]["schemas"][messages(where[0])[where[1]]["payload"]["$ref"].rpartition("/")[2]]
    for name in headers:
        assert list(flaws(*where, {one: value for one, value in headers.items() if one != name}, payload)), name
    for name in ("ce_type", "ce_source", "ce_dataschema", "ce_specversion", "ce_time", "content-type"):
        assert list(flaws(*where, headers | {name: "otherwise"}, payload)), name
    for name in schema["required"]:
        assert list(flaws(*where, headers, {one: value for one, value in payload.items() if one != name})), name
    for name in payload:
        assert list(flaws(*where, headers, payload | {name: 7.5})), name
    assert not list(flaws(*where, headers, payload | {"later": 1})), "a field that comes later does not matter"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda it: it.update(kind="layoff"),
        lambda it: it["employer"].update(name=7),
        lambda it: it["workplaces"][0].update(area=["fi:kunta:837"]),
        lambda it: it.update(stage=7),
    ],
    ids=["kind", "employer", "workplace", "stage"],
)
def test_the_notice_in_a_copy_is_described_too(spoil: Any) -> None:
    record = next(
        one for one in TODAY if told(one)[0]["ce_type"].endswith(".notice.downsizing.v1") and "AgencyNotice" in kinds_of(one)
    )
    headers, payload = told(record)
    spoil(payload["notice"])
    assert list(flaws("agency.outbox", "AgencyNotice", headers, payload))


# What agencies may say


@pytest.mark.parametrize(("said", "body"), (NOTICES | CHANGES).items(), ids=lambda it: it if isinstance(it, str) else "")
def test_what_may_be_said_is_a_message_of_the_inbox(said: str, body: dict[str, Any]) -> None:
    wanted = said.capitalize() if said in CHANGES else "Notice"
    assert _kinds_in_inbox({}, body) == _kinds_in_inbox({"content-type": "application/json; charset=utf-8"}, body) == [wanted]
    assert _kinds_in_inbox({}, body | {"unknown": 1}) == []
    assert _kinds_in_inbox({}, {name: value for name, value in body.items() if name != "id"}) == []


def _kinds_in_inbox(headers: dict[str, str], body: Any) -> list[str]:
    return [name for name in messages(INBOX) if not list(flaws(INBOX, name, headers, body))]


def test_a_cloudevent_in_structured_mode_is_one_too() -> None:
    headers = {"content-type": "application/cloudevents+json"}
    whole = enveloped(NOTICES["downsizing"])
    assert _kinds_in_inbox(headers, whole) == ["NoticeEvent"]
    assert _kinds_in_inbox({}, whole) == []
    assert _kinds_in_inbox(headers, whole | {"data": {"id": "nothing else"}}) == []
    assert _kinds_in_inbox(headers, whole | {"specversion": "0.3"}) == []


# What must not change within a major version


def breaks(today: dict[str, Any]) -> list[str]:
    """Where today's outline breaks with the frozen one; channels and messages may come."""
    return [one for one in differences(bare(frozen_outline()), bare(today)) if not one.endswith(" came") or "/headers" in one]


def test_channels_and_headers_are_as_they_were() -> None:
    """What stands in the payloads is compared in test_shapes: the schemas of both are made from the same models."""
    assert breaks(outline()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.pop("agency.outbox"),
        lambda it: it["webhook"]["messages"].pop("BinaryLayoffAlert"),
        lambda it: it["webhook"]["messages"]["StructuredAgencyNotice"]["headers"]["properties"].pop("webhook-id"),
        lambda it: it["agency.outbox"].update(address="outbox.{agency}"),
        lambda it: it["agency.outbox"].update(partitions=2),
        lambda it: it["agency.outbox"]["messages"].pop("LayoffAlert"),
        lambda it: it["agency.outbox"]["messages"]["LayoffAlert"]["headers"]["required"].append("ce_late"),
        lambda it: it["agency.outbox"]["messages"]["LayoffAlert"]["headers"]["properties"]["ce_type"].update(pattern="x"),
    ],
    ids=["channel", "call", "header of a call", "address", "partitions", "message", "header", "type"],
)
def test_no_change_of_them_passes(change: Any) -> None:
    today = copy.deepcopy(outline())
    change(today)
    assert breaks(today)


def test_what_comes_beside_them_may_come() -> None:
    today = copy.deepcopy(outline())
    today["stream"] = {}
    today["agency.outbox"]["messages"]["Case"] = {}
    assert breaks(today) == []
