"""The soak of the history in short: workers and the database die while notices and the registry change."""

import pytest

from hub.local.supervisor import tell
from hub.trials.soak.faults import Fault
from hub.trials.soak.ground import POSTGRES
from hub.trials.soak.history.run import soak_history
from hub.trials.soak.run import Wish

pytestmark = [pytest.mark.broker, pytest.mark.soak]

FAULTS = [Fault("kill_worker", "worker-1", 4.0), Fault("kill_database", POSTGRES, 4.0), Fault("kill_worker", "front", 6.0)]


@pytest.mark.timeout(300)
def test_what_changes_under_kills_is_told_to_whom_it_concerns_and_to_nobody_else() -> None:
    """The full run is `hub soak history`: every kind of fault, three rounds of them or more."""
    result, good = soak_history(Wish(notices=400), lambda line: tell(f"soak: {line}"), FAULTS)
    names = (
        "lost",
        "stale_after_step",
        "foreign",
        "wrong_recipient",
        "unaccounted",
        "view_misses",
        "dead_letters",
        "turns_undone",
    )
    assert {name: result[name] for name in names} == dict.fromkeys(names, 0)
    assert {name: number for name, number in result["faults"].items() if number} == {"kill_worker": 2, "kill_database": 1}
    assert result["steps"].keys() == {"notice", "correction", "moved", "withdrawal"}
    assert len(result["decided_by_revision"]) > 1, "turns of the registry came while notices were decided"
    assert good
