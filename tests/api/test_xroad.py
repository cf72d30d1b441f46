"""Through X-Road: the hub's own security server is believed, and nobody else."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.core.networks import networks
from hub.core.partners import Asked
from hub.core.xroad import Servers
from schemas.errors import NotReady
from schemas.messages import Submission, XRoadMessage
from schemas.wire import read
from tests.api.conftest import AGENCY, Hub, a_notice, is_problem
from tests.speaking import a_speaking_registry

SERVER = "10.1.2.3"
MESSAGE = "fa2e18a5-c2cb-4d09-b994-f57727f7c3fb"
CLIENT = "FI/GOV/0211675-2/employment"
KEHA = "FI/GOV/2296962-1/asko"
HEADERS = {"X-Road-Client": CLIENT, "X-Road-Id": MESSAGE, "X-Road-Service": "FI/GOV/1-1/hub/notices"}


@pytest.fixture
def hub() -> Hub:
    return Hub(registry=a_speaking_registry(), servers=Servers(networks([f"{SERVER}/32"])))


@pytest.fixture
def server(hub: Hub) -> Iterator[TestClient]:
    """The security server: no key, its own address."""
    with TestClient(hub.app, headers=HEADERS, client=(SERVER, 4321)) as client:
        yield client


def submission(hub: Hub) -> Submission:
    (message,) = hub.publisher.messages
    return read(Submission, message.value, message.headers)


def publish(client: TestClient, **headers: str) -> Any:
    return client.post("/v1/notices", json=a_notice(), headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_request_of_the_security_server_acts_for_the_client_s_agency(hub: Hub, server: TestClient, client: TestClient) -> None:
    answer = publish(server, X_Road_Issue="HEL 2026-01", X_Road_UserId="FI131052-308T")
    assert answer.status_code == 202
    assert answer.headers["X-Road-Id"] == MESSAGE
    kept = submission(hub)
    assert (kept.sender, kept.on_behalf_of) == (AGENCY, None)
    assert kept.xroad == XRoadMessage(client=CLIENT, id=MESSAGE, issue="HEL 2026-01")
    assert answer.json() == publish(client).json(), "the same receipt as with a key"


def test_each_request_is_in_the_audit_and_the_log_with_its_message_s_id_and_no_user(
    hub: Hub, server: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "api"):
        publish(server, X_Road_UserId="FI131052-308T")
        server.get("/v1/notices/0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10", headers={"X-Road-Issue": "case-7"})
    who = f"{AGENCY}/xroad:{CLIENT}"
    assert hub.audit.entries == [
        (who, "xroad.request", f"POST /v1/notices X-Road-Id {MESSAGE}", None),
        (who, "xroad.request", f"GET /v1/notices/{{receipt}} X-Road-Id {MESSAGE}", "case-7"),
    ]
    assert caplog.text.count(MESSAGE) == 2
    assert "131052" not in caplog.text + str(hub.audit.entries) + str(hub.publisher.messages)


def test_what_cannot_be_noted_is_not_done(hub: Hub, server: TestClient) -> None:
    hub.audit.failure = NotReady("the database is away")
    is_problem(publish(server), 503, "not-ready")
    assert hub.publisher.messages == []


@pytest.mark.parametrize("name", ["X-Road-Client", "X-Road-Id", "X-Road-Represented-Party", "X-Road-UserId"])
@pytest.mark.parametrize("address", ["10.1.2.4", "127.0.0.1", "testclient"])
def test_from_anybody_else_the_headers_are_refused_with_a_key_and_without(hub: Hub, address: str, name: str) -> None:
    for key in ({}, hub.headers()):
        with TestClient(hub.app, headers={name: "FI/GOV/0211675-2/employment", **key}, client=(address, 1)) as client:
            answer = publish(client)
            told = is_problem(answer, 401, "unauthenticated") if key else is_problem(answer, 403, "not-permitted")
            assert "X-Road" in told["detail"]
            assert "X-Road-Id" not in answer.headers
    assert hub.publisher.messages == []


def test_off_nobody_is_believed(hub: Hub) -> None:
    closed = Hub(registry=a_speaking_registry())
    with TestClient(closed.app, headers=HEADERS, client=(SERVER, 1)) as client:
        told = is_problem(publish(client), 403, "not-permitted")
    assert told["findings"][0]["rule"] == "xroad-peer"


def test_a_partner_that_is_suspended_is_not_let_in_by_x_road_either(hub: Hub, server: TestClient) -> None:
    hub.partners.move(AGENCY, Asked("suspend", "their server was broken into"), "operator")
    told = is_problem(publish(server), 403, "not-permitted")
    assert "suspended" in told["detail"]
    assert hub.publisher.messages == []


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"])
def test_past_a_proxy_the_secret_of_the_proxy_is_needed(hub: Hub, header: str) -> None:
    guarded = Hub(registry=a_speaking_registry(), servers=Servers(networks(["10.0.0.0/8"]), "a secret of the proxy"))
    with TestClient(guarded.app, headers=HEADERS | {"X-Forwarded-For": SERVER}, client=(SERVER, 1)) as client:
        is_problem(publish(client), 403, "not-permitted")
        is_problem(publish(client, X_Security_Server_Key="another"), 403, "not-permitted")
        assert publish(client, X_Security_Server_Key="a secret of the proxy").status_code == 202
    with TestClient(hub.app, headers=HEADERS | {header: SERVER}, client=(SERVER, 1)) as client:
        is_problem(publish(client), 403, "not-permitted")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X-Road-Client": "FI/GOV/9999999-9/x"}, 403, "not-permitted"),
        ({"X-Road-Client": "nonsense"}, 403, "not-permitted"),
        ({"X-Road-Id": "x" * 256}, 422, "refused"),
        ({"X-Road-Issue": "131052-308T"}, 422, "personal-code"),
        ({"X-Road-Represented-Party": "GOV/9999999-9"}, 403, "not-permitted"),
        ({"X-API-Key": "hub_0123"}, 401, "unauthenticated"),
    ],
)
def test_what_is_wrong_with_the_headers_is_told(
    hub: Hub, server: TestClient, headers: dict[str, str], status: int, code: str
) -> None:
    told = is_problem(server.post("/v1/notices", json=a_notice(), headers=headers), status, code)
    assert status == 401 or told["findings"][0]["place"] == f"/header/{next(iter(headers))}"
    assert "131052" not in str(told)
    assert hub.publisher.messages == []
    assert hub.audit.entries == []


def test_a_header_twice_or_no_client_at_all(hub: Hub) -> None:
    with TestClient(hub.app, client=(SERVER, 1)) as client:
        twice = client.post("/v1/notices", json=a_notice(), headers=[*HEADERS.items(), ("X-Road-Client", KEHA)])
        is_problem(twice, 422, "malformed")
        is_problem(publish(client, X_Road_Id=MESSAGE), 401, "unauthenticated")
    assert hub.publisher.messages == []


def test_for_a_represented_party_where_the_registry_lets_it(hub: Hub, server: TestClient) -> None:
    assert publish(server, X_Road_Client=KEHA, X_Road_Represented_Party="GOV/0211675-2").status_code == 202
    kept = submission(hub)
    assert (kept.sender, kept.on_behalf_of) == ("keha", AGENCY)
    assert hub.audit.entries[0][2].endswith(f"{MESSAGE} for {AGENCY}")
    told = is_problem(publish(server, X_Road_Represented_Party="COM/0201256-6"), 403, "not-permitted")
    assert told["findings"][0]["rule"] == "on-behalf-of"
    is_problem(publish(server, X_Road_Client=KEHA, X_Road_Represented_Party="0211675-2", On_Behalf_Of="evk-04"), 403)


def test_a_represented_party_that_is_the_client_itself_changes_nothing(hub: Hub, server: TestClient) -> None:
    assert publish(server, X_Road_Represented_Party="GOV/0211675-2").status_code == 202
    assert submission(hub).on_behalf_of is None


def test_it_publishes_and_reads_and_does_nothing_else(hub: Hub, server: TestClient) -> None:
    assert server.get("/v1/refused").status_code == 200
    is_problem(server.post("/v1/subscriptions", json={"name": "x", "filter": {}}), 403, "not-permitted")
    is_problem(server.post("/v1/endpoints", json={"url": "https://agency.example"}), 403, "not-permitted")
    party = {"X-Road-Client": KEHA, "X-Road-Represented-Party": "GOV/0211675-2"}
    told = is_problem(server.get("/v1/refused", headers=party), 403, "not-permitted")
    assert "publishes and does nothing else" in told["findings"][0]["message"]


def test_a_security_server_on_this_machine_is_not_the_operator() -> None:
    hub = Hub(registry=a_speaking_registry(), servers=Servers(networks(["127.0.0.1/32"])))
    with TestClient(hub.app, client=("127.0.0.1", 1)) as local:
        assert local.get("/metrics").status_code == 200
        is_problem(local.get("/metrics", headers=HEADERS), 403, "not-permitted")
