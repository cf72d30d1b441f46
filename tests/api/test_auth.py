"""Nothing without a key, nothing beyond its rights, nothing of another agency."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.app import ROUTERS
from connectors.memory.keys import MemoryKeys
from tests.api.conftest import AGENCY, Hub, a_notice, is_problem

PUBLIC = {"/", "/docs", "/openapi.json", "/asyncapi.json", "/problems", "/problems/{code}", "/livez", "/readyz"}
BY_TOKEN = {"/v1/mail/confirm/{token}", "/v1/mail/stop/{token}"}
"""What links in mails lead to: the token in them is the key (tests/api/test_mailboxes.py)."""
RECEIPT = "0b7c2f0e-3d0c-5a52-9c1f-0c8f5f1f7a10"
_NAMES = {
    **{"receipt": RECEIPT, "id": RECEIPT, "employer_key": "fi:9000000-3", "code": "refused", "key_id": "0123456789ab"},
    **{"endpoint": "ep_0123456789abcdef", "mailbox": "mb_0123456789abcdef", "token": "mb_0123456789abcdef.0.0"},
    "replay": "rp_0123456789abcdef",
}


def address_of(path: str) -> str:
    """With a value of the right form for each name in it."""
    return path.format(**_NAMES)


def every_route() -> Iterator[tuple[str, str]]:
    yield "GET", "/openapi.json"
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods or ():
                yield method, route.path_format


def test_the_walk_sees_every_route(hub: Hub) -> None:
    documented = {(method.upper(), path) for path, methods in hub.app.openapi()["paths"].items() for method in methods}
    assert documented <= set(every_route())
    assert len(list(every_route())) == len(documented) + len(PUBLIC - {"/livez", "/readyz"}) + 2 * len(BY_TOKEN)


@pytest.mark.parametrize(("method", "path"), sorted(every_route()))
def test_every_route_needs_a_key_unless_it_is_public(anyone: TestClient, method: str, path: str) -> None:
    response = anyone.request(method, f"{address_of(path)}?limit=nonsense&limit=5", content=b"{" * 100)
    if path in PUBLIC:
        assert response.status_code == 200
        return
    if path in BY_TOKEN:
        is_problem(response, 404, "unknown")
        return
    told = is_problem(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in told["advice"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic aHViOmh1Yg=="},
        {"Authorization": "Bearer " + "x" * 100_000},
        {"Authorization": "Bearer a\tb"},
        {"X-API-Key": "nonsense"},
        {"X-API-Key": ""},
        {"X-API-Key": "ä".encode().decode("latin-1")},
    ],
)
def test_a_key_that_is_none(anyone: TestClient, headers: dict[str, str]) -> None:
    raw = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    response = anyone.get("/v1/refused", headers=raw)
    is_problem(response, 401)
    assert "nonsense" not in response.text


def test_either_header_will_do_but_not_two_keys(hub: Hub, anyone: TestClient) -> None:
    bearer, header = {"Authorization": f"Bearer {hub.key}"}, {"X-API-Key": hub.key}
    for headers in (bearer, header, bearer | header):
        assert anyone.get("/v1/refused", headers=headers).status_code == 200
    other = {"X-API-Key": hub.keys.issue("evk-03", "other", frozenset({"read"}))}
    is_problem(anyone.get("/v1/refused", headers=bearer | other), 401)
    twice: Any = [("X-API-Key", hub.key), ("X-API-Key", other["X-API-Key"])]
    is_problem(anyone.get("/v1/refused", headers=twice), 401)


def test_a_revoked_key_is_worth_nothing(hub: Hub, client: TestClient) -> None:
    caller = hub.keys.caller(hub.key)
    assert caller is not None
    hub.keys.revoke(caller.key_id)
    is_problem(client.get("/v1/refused"), 401)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ({"publish"}, {"publish"}),
        ({"read"}, {"read"}),
        ({"operate"}, {"operate"}),
        (set(), set()),
        ({"publish", "read"}, {"publish", "read"}),
    ],
)
def test_each_right_opens_its_own_doors_only(hub: Hub, anyone: TestClient, scopes: set[str], allowed: set[str]) -> None:
    headers = hub.headers(AGENCY, frozenset(scopes))
    asked = {
        "publish": anyone.post("/v1/notices", json=a_notice(), headers=headers),
        "read": anyone.get("/v1/outbox", headers=headers),
        "operate": anyone.get("/metrics", headers=headers),
    }
    for right, response in asked.items():
        if right in allowed:
            assert response.status_code in (200, 202)
        else:
            assert right in is_problem(response, 403, "not-permitted")["detail"]


def test_keys_are_kept_as_hashes_only() -> None:
    keys = MemoryKeys()
    key = keys.issue(AGENCY, "test", frozenset())
    assert key not in repr(vars(keys))
