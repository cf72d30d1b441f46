"""The walks of tests/api over every route see all that the application serves."""

from typing import Any

from api.app import ROUTERS, create_app
from connectors.memory.keys import MemoryKeys
from connectors.memory.publisher import MemoryPublisher
from connectors.memory.reading import MemoryReading
from tests.api.conftest import no_webhooks


def paths(routes: list[Any]) -> set[str]:
    """The addresses of these routes, also of those inside a router that was included or mounted."""
    found = set[str]()
    for route in routes:
        path = getattr(route, "path_format", None) or getattr(route, "path", None)
        inner = getattr(route, "routes", None) or getattr(getattr(route, "router", None), "routes", None)
        found |= paths(inner) if inner else {path} if path else set()
    return found


def test_the_application_serves_its_routers_and_its_document_and_nothing_else() -> None:
    app = create_app(MemoryPublisher(), MemoryKeys(), MemoryReading(), no_webhooks())
    walked = {path for router in ROUTERS for path in paths(router.routes)}
    documented = set(app.openapi()["paths"])
    assert documented <= walked
    assert len(app.routes) == len(ROUTERS) + 1, "each router once, and /openapi.json"
    assert paths([route for route in app.routes if getattr(route, "path", None)]) == {"/openapi.json"}
