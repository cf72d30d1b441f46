"""How far each channel is, and what is odd about it."""

from datetime import UTC, datetime

import pytest

from hub.core.gap import EndpointAt, GroupAt, OutboxAt, PlaceAt, is_open, of_endpoint, of_group, of_reader

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
OUTBOX = OutboxAt("e1", 10, 50)


@pytest.mark.parametrize(
    ("committed", "behind", "ahead", "lost", "remarks"),
    [
        (50, 0, 0, 0, ()),
        (30, 20, 0, 0, ()),
        (60, 0, 10, 0, ("ahead",)),
        (4, 40, 0, 6, ("lost",)),
        (None, 40, 0, 0, ("never-committed",)),
    ],
)
def test_a_group(committed: int | None, behind: int, ahead: int, lost: int, remarks: tuple[str, ...]) -> None:
    gap = of_group(GroupAt("agency.ta-39.x", committed, 1), OUTBOX)
    assert (gap.behind, gap.ahead, gap.lost, gap.remarks) == (behind, ahead, lost, remarks)
    assert of_group(GroupAt("agency.ta-39.x", committed, 0), OUTBOX).remarks == (*remarks, "stopped")


def test_an_endpoint_has_what_waits_what_was_given_up_and_what_was_not_read() -> None:
    counts = {"waiting": 2, "given-up": 1, "delivered": 30, "superseded": 4}
    gap = of_endpoint(EndpointAt("ep", "active", ("e1", 47), counts, 20, NOW), OUTBOX)
    assert (gap.behind, gap.next, gap.oldest, gap.counts) == (2 + 1 + 3, 20, NOW, counts | {"unread": 3})
    assert of_endpoint(EndpointAt("ep", "paused", ("e1", 50), {}), OUTBOX).remarks == ("paused",)
    assert of_endpoint(EndpointAt("ep", "active", None, {}), OUTBOX).behind == 0
    assert of_endpoint(EndpointAt("ep", "active", ("e0", 900), {}), OUTBOX).behind == 40, (
        "an outbox that was made anew is read whole"
    )


@pytest.mark.parametrize(
    ("cursor", "behind", "ahead", "remarks"),
    [
        ("e1.49", 0, 0, ()),
        ("e1.9", 40, 0, ()),
        ("e0.49", 40, 0, ("other-outbox",)),
        ("e1.59", 0, 10, ("ahead",)),
        (None, 40, 0, ()),
    ],
)
def test_a_reader(cursor: str | None, behind: int, ahead: int, remarks: tuple[str, ...]) -> None:
    gap = of_reader(PlaceAt("k1", "feed", cursor, NOW), OUTBOX)
    assert (gap.name, gap.behind, gap.ahead, gap.remarks, gap.noted) == ("k1:feed", behind, ahead, remarks, NOW)


@pytest.mark.parametrize(
    ("state", "offset", "opened"),
    [
        ("waiting", 1, True),
        ("given-up", 1, True),
        ("delivered", 9, False),
        ("withheld", 1, False),
        (None, 4, False),
        (None, 5, True),
    ],
)
def test_what_is_open_for_an_endpoint(state: str | None, offset: int, opened: bool) -> None:
    assert is_open(state, offset, 5) is opened
