"""In a running hub the registry comes into force by itself, and the dispatcher looks through the outboxes without being asked."""

import pytest

from hub.core.in_force import Mark
from tests.journeys.running import Hub
from tests.waiting import until

pytestmark = [pytest.mark.broker, pytest.mark.database]


def test_the_workers_report_and_the_dispatcher_notes_that_no_outbox_holds_more_than_may_be_seen(hub: Hub) -> None:
    standings = hub.wiring.standings()

    def mark() -> Mark | None:
        standings.now()
        return standings.outboxes()

    until(lambda: standings.now().in_force, "the registry in force")
    revision = standings.now().revision
    until(lambda: (found := mark()) and found.revision == revision, "the dispatcher's look")
    assert "could not be looked through" not in hub.logs()
