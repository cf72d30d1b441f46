"""What waits for each agency, as the log tells it."""

from datetime import timedelta

from hub.dispatch.due import Board
from schemas.messages import LayoffAlert
from tests.builders import AT


def alert(agency: str, event: str, minutes: int = 0) -> LayoffAlert:
    return LayoffAlert(
        receipt="r", step=1, agency=agency, event_id=event, stage="negotiations", people=40,
        received_at=AT + timedelta(minutes=minutes), registry_revision=1, why=(), notice={},
    )  # fmt: skip


def test_each_agency_has_its_alerts_its_outbox_and_the_oldest_of_what_waits() -> None:
    board = Board()
    board.outbox("ta-39", 3, 10)
    board.outbox("evk-03", 0, 0)
    board.alert(alert("ta-39", "b", 5))
    board.alert(alert("ta-39", "a"))
    board.alert(alert("ta-08", "c"))
    rows = [due.row() for due in board.due()]
    assert [row["agency"] for row in rows] == ["ta-08", "ta-39"], "nothing waits for evk-03"
    assert rows[1] == {
        "agency": "ta-39",
        "outbox": {"first": 3, "end": 10, "records": 7},
        "alerts_due": 2,
        "oldest_alert": AT.isoformat(),
    }


def test_an_alert_that_a_crash_wrote_twice_is_due_once() -> None:
    board = Board()
    for _ in range(2):
        board.alert(alert("ta-39", "a"))
    assert len(board.due()[0].alerts) == 1
