"""A dispatcher that cannot follow the registry any more tells nobody anything: it ends, so that the next one can."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.agents.registry import RegistryFollower
from hub.dispatching import end_when_lost
from schemas.errors import NotReady


@pytest.mark.broker
def test_it_ends_where_the_broker_does_not_give_the_registry(bootstrap: str, topic_prefix: str) -> None:
    follower = RegistryFollower(bootstrap, topic_prefix)
    with pytest.raises(NotReady):
        follower.start(40)
    assert follower.lost()
    with pytest.raises(NotReady, match="no longer followed"):
        end_when_lost(follower.lost, threading.Event())


def test_it_goes_on_until_it_is_asked_to_stop_while_the_registry_is_followed() -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(end_when_lost, lambda: None, stop)
        stop.set()
        assert running.result(10) is None
