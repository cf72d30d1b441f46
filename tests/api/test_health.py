"""What a keeper of the hub asks: does it live, can it serve, what did it count."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from connectors.memory.keys import MemoryKeys
from connectors.memory.publisher import MemoryPublisher
from connectors.memory.reading import MemoryReading
from schemas.errors import NotReady
from tests.api.conftest import Hub, a_notice, is_problem, no_webhooks

LOCAL = ("127.0.0.1", 50_000)


def test_it_lives_whatever_else_is_down(hub: Hub, anyone: TestClient) -> None:
    hub.publisher.failure = hub.reading.failure = NotReady("away")
    assert anyone.get("/livez").json() == {"status": "alive"}


def test_it_is_ready_when_every_check_is(hub: Hub, client: TestClient) -> None:
    hub.reading.lag = {"employer.events": 3}
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "checks": {"views": "ok"}, "reasons": {}, "behind": {"employer.events": 3}}


def test_it_says_what_fails_but_why_to_the_operator_only(hub: Hub, client: TestClient, anyone: TestClient) -> None:
    hub.reading.failure = NotReady("the database is away")
    for asking, reasons in ((client, {"views": "the database is away"}), (anyone, {})):
        response = asking.get("/readyz")
        assert response.status_code == 503
        assert response.headers["retry-after"]
        assert response.json()["checks"] == {"views": "failing"}
        assert response.json()["reasons"] == reasons


def test_more_checks_may_be_given() -> None:
    def away() -> str:
        raise NotReady("no Kafka answers")

    app = create_app(
        MemoryPublisher(), MemoryKeys(), MemoryReading(), no_webhooks(), checks={"kafka": away, "disk": lambda: None}
    )
    with TestClient(app, client=LOCAL) as client:
        told = client.get("/readyz").json()
    assert told["checks"] == {"views": "ok", "kafka": "failing", "disk": "ok"}
    assert told["reasons"] == {"kafka": "no Kafka answers"}


def test_requests_are_counted_by_route_never_by_address(hub: Hub, client: TestClient) -> None:
    client.post("/v1/notices", json=a_notice())
    client.post("/v1/notices", json={})
    client.get("/v1/notices/0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10?x=1")
    client.request("PROPFIND", "/somewhere/else")
    hub.reading.lag = {"employer.events": 3}
    text = client.get("/metrics").text
    assert 'hub_http_requests_total{method="POST",route="/v1/notices",status="202"} 1.0' in text
    assert 'hub_http_requests_total{method="POST",route="/v1/notices",status="422"} 1.0' in text
    assert 'hub_http_requests_total{method="GET",route="/v1/notices/{receipt}",status="422"} 1.0' in text
    assert 'hub_http_requests_total{method="other",route="none",status="404"} 1.0' in text
    assert 'hub_published_total{outcome="accepted"} 1.0' in text
    assert 'hub_published_total{outcome="refused"} 1.0' in text
    assert "hub_publish_seconds_count 1.0" in text
    assert 'hub_records_behind{topic="employer.events"} 3.0' in text
    assert "0b7c2f0e" not in text


def test_a_database_that_is_away_costs_one_line_of_the_metrics(hub: Hub, client: TestClient) -> None:
    hub.reading.failure = NotReady("away")
    response = client.get("/metrics")
    assert response.status_code == 200
    assert "hub_views_up 0.0" in response.text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (LOCAL, {}, 200),
        (("::1", 1), {}, 200),
        (("10.0.0.7", 1), {}, 401),
        (LOCAL, {"X-Forwarded-For": "127.0.0.1"}, 401),
        (LOCAL, {"Forwarded": "for=10.0.0.7"}, 401),
    ],
)
def test_metrics_are_open_on_this_machine_only(hub: Hub, address: tuple[str, int], headers: dict[str, str], status: int) -> None:
    with TestClient(hub.app, client=address) as client:
        response = client.get("/metrics", headers=headers)
        assert response.status_code == status
        if status != 200:
            is_problem(response, status)
