"""A dispatcher that cannot follow the registry any more tells nobody anything: it ends, so that the next one can."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import ValidationError

from hub.agents.registry import RegistryFollower
from hub.core.registry import Registry
from hub.dispatching import end_when_lost
from hub.settings import Settings, XRoadSettings
from hub.wiring import Wiring
from schemas.errors import NotReady
from tests.builders import a_small_registry


class Followed:
    """A follower that is lost as soon as there is a reason."""

    def __init__(self, lost: list[str]) -> None:
        self._lost = lost

    def lost(self) -> str | None:
        return self._lost[0] if self._lost else None

    def current(self) -> Registry:
        return a_small_registry()


@pytest.mark.broker
def test_it_ends_where_the_broker_does_not_give_the_registry(bootstrap: str, topic_prefix: str) -> None:
    follower = RegistryFollower(bootstrap, topic_prefix)
    with pytest.raises(NotReady):
        follower.start(40)
    assert follower.lost()
    with pytest.raises(NotReady, match="no longer followed"):
        end_when_lost(follower.lost, threading.Event())


def test_nobody_signs_in_by_a_registry_that_is_no_longer_followed() -> None:
    """Who comes through X-Road has no other credential than its entry there."""
    wiring = Wiring(Settings())
    lost: list[str] = []
    wiring.__dict__["follower"] = Followed(lost)
    assert wiring.followed_registry().revision == 7
    lost.append("the broker says nothing")
    with pytest.raises(NotReady, match="says nothing"):
        wiring.followed_registry()


def test_it_goes_on_until_it_is_asked_to_stop_while_the_registry_is_followed() -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(end_when_lost, lambda: None, stop)
        stop.set()
        assert running.result(10) is None


def test_an_empty_secret_is_not_taken_for_none() -> None:
    """As a variable that nobody has set makes it: a proxy would then be believed by its address."""
    with pytest.raises(ValidationError):
        XRoadSettings.model_validate({"secret": ""})
