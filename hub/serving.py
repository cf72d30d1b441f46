"""Root of the API: adapters put in, served by uvicorn on 127.0.0.1 until SIGTERM."""

from datetime import UTC, datetime

import uvicorn

from api.app import SERVING, create_app
from hub.agents.hand import day_of
from hub.lasting import settle
from hub.wiring import Wiring
from schemas.topics import Topic

REGISTRY_WITHIN = 60.0


def serve(wiring: Wiring, port: int, host: str = "127.0.0.1") -> None:
    """Serve until asked to stop."""
    wiring.follower.start(REGISTRY_WITHIN)

    def name(topic: Topic) -> str:
        return wiring.prefix + topic.name

    app = create_app(
        wiring.publisher,
        wiring.keys,
        wiring.reading(wiring.follower.current, lambda: day_of(datetime.now(UTC))),
        name,
        checks={"kafka": wiring.publisher.ready, "registry": wiring.follower.lost},
        backlog=wiring.intake_lag,
    )
    settle()
    try:
        uvicorn.run(app, host=host, port=port, log_level="warning", **SERVING)
    finally:
        wiring.publisher.close()
        wiring.follower.close()
