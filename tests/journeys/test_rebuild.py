"""The views built anew from the log while the API serves them."""

import threading

import pytest

from connectors.store.views import dump_view
from hub.projection.rebuild import rebuild
from tests.journeys.running import Hub, recruitment

pytestmark = [pytest.mark.broker, pytest.mark.database]


def test_a_rebuild_says_the_same_while_the_api_is_read(hub: Hub) -> None:
    receipt = hub.post("ta-39", recruitment("before-the-rebuild"))
    hub.copy("ta-39", receipt)
    hub.settle()
    views, stop, answers = hub.wiring, threading.Event(), list[int]()

    def read() -> None:
        while not stop.is_set():
            answers.append(hub.ask("ta-39", "GET", f"/v1/notices/{receipt}").status_code)
            answers.append(hub.ask("takk", "GET", "/v1/outbox?limit=200").status_code)

    reader = threading.Thread(target=read)
    before = dump_view(views.engine, views.schemas)
    reader.start()
    done = rebuild(views.bootstrap, views.views(), views.prefix)
    stop.set()
    reader.join()
    assert done.records > 0
    assert dump_view(views.engine, views.schemas) == before
    assert set(answers) == {200}
    after = hub.post("ta-39", recruitment("after-the-rebuild"))
    assert hub.copy("ta-39", after), "the projector goes on in the new view"
