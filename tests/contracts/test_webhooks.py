"""What endpoints are really sent is what the AsyncAPI document says: over a socket, in both modes, of each kind."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.calls import CHANNEL, SECURITY, SIGNED
from connectors.outbound.webhook import Webhook
from hub.core.signing import shown
from hub.dispatch.copies import told_of
from hub.dispatch.outboxes import InOutbox
from hub.ports import Mode, Target, Told
from schemas import topics
from tests.api.conftest import LOOPBACK, NOW, Hub
from tests.builders import DAY, a_small_registry
from tests.contracts.described import DOCUMENT, flaws, messages
from tests.contracts.log import Kept
from tests.contracts.test_shapes import written_today
from tests.receiving import Received, is_signed, receiver

SECRETS = (shown(b"a secret of the tests of 32 bytes"), shown(b"the secret before it, of 32 bytes"))
MODES: tuple[Mode, ...] = ("structured", "binary")
DESCRIBED = sorted(messages(CHANNEL))


def told(record: Kept) -> Told | None:
    agency = topics.outbox_owner(record.topic) or ""
    return told_of(InOutbox(agency, record.offset, record.key, record.value, record.headers), 2, a_small_registry(), DAY)


def received(mode: Mode) -> Iterator[Received]:
    """What an endpoint got: every copy and alert of the story, and a test event by the API."""
    events = [one for record in written_today() if topics.outbox_owner(record.topic) and (one := told(record)) is not None]
    with receiver() as here:

        async def call_all() -> None:
            webhook = Webhook(LOOPBACK, 5.0)
            for event in events:
                await webhook.attempt(Target(here.url, mode, SECRETS), event, NOW)
            await webhook.close()

        asyncio.run(call_all())
        hub = Hub()
        with TestClient(hub.app, headers=hub.headers()) as client:
            made = client.post("/v1/endpoints", json={"url": here.url, "mode": mode}).json()
            assert client.post(f"/v1/endpoints/{made['id']}/test").json()["outcome"] == "delivered"
        assert len(here.got) == len(events) + 1 > 20
        yield from here.got


@pytest.fixture(scope="module")
def got() -> dict[str, list[Received]]:
    return {mode: list(received(mode)) for mode in MODES}


def kinds_of(call: Received) -> list[str]:
    payload = json.loads(call.body)
    return [name for name in DESCRIBED if not list(flaws(CHANNEL, name, call.headers, payload))]


def test_every_call_is_exactly_one_of_the_messages_and_each_message_was_sent(got: dict[str, list[Received]]) -> None:
    kinds = {mode: [kinds_of(call) for call in calls] for mode, calls in got.items()}
    assert [found for calls in kinds.values() for found in calls if len(found) != 1] == []
    seen = {mode: {name for (name,) in calls} for mode, calls in kinds.items()}
    assert seen == {mode: {name for name in DESCRIBED if name.startswith(mode.capitalize())} for mode in MODES}


def test_the_security_scheme_is_the_header_that_is_signed(got: dict[str, list[Received]]) -> None:
    scheme = SECURITY[SIGNED]
    for call in got["structured"][:-1]:
        assert is_signed(SECRETS[0], call.headers, call.body, NOW.timestamp())
        assert len(call.headers[scheme["name"]].split(" ")) == len(SECRETS)
    operation = DOCUMENT["operations"]["send_webhook"]
    assert operation["security"] == [{"$ref": f"#/components/securitySchemes/{SIGNED}"}]
    assert operation["bindings"]["http"]["method"] == "POST"


@pytest.mark.parametrize("mode", MODES)
def test_a_spoiled_call_is_none_of_them(got: dict[str, list[Received]], mode: str) -> None:
    """Each header that is described gone or another, each attribute of the event gone."""
    for call in {tuple(kinds_of(call)): call for call in got[mode]}.values():
        (name,) = kinds_of(call)
        payload: Any = json.loads(call.body)
        for header in messages(CHANNEL)[name]["headers"]["required"]:
            without = {key: value for key, value in call.headers.items() if key != header}
            assert list(flaws(CHANNEL, name, without, payload)), header
        for header in ("webhook-timestamp", "webhook-signature", "hub-attempt", "content-type"):
            assert list(flaws(CHANNEL, name, call.headers | {header: "otherwise"}, payload)), header
        inner = messages(CHANNEL)[name]["payload"].get("required") or ("test" if "Test" in name else "receipt",)
        for field in inner:
            assert list(flaws(CHANNEL, name, call.headers, {key: value for key, value in payload.items() if key != field})), field
