"""The soak in short: each kind of fault once under load, on a hub of its own; nothing is lost, swapped or misdirected."""

import pytest

from hub.local.supervisor import tell
from hub.trials.soak.faults import KINDS
from hub.trials.soak.run import Wish, soak

pytestmark = [pytest.mark.broker, pytest.mark.soak]


@pytest.mark.timeout(420)
def test_each_fault_once_under_load_loses_nothing() -> None:
    """The full run is `make soak`; it takes every worker in turn, three rounds or more."""
    result, good = soak(Wish(notices=2_000, rounds=1, pause=4.0), lambda line: tell(f"soak: {line}"))
    wrong = {name: result[name] for name in ("lost", "order_breaks", "foreign", "contradictions", "view_misses", "dead_letters")}
    assert wrong == dict.fromkeys(wrong, 0)
    assert result["faults"] == dict.fromkeys(KINDS, 1)
    assert result["notices"] == 2_000
    assert good
