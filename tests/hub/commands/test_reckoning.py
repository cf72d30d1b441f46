"""`hub reckon` as its user types it."""

from datetime import UTC, datetime

import pytest
import typer

from hub.commands.reckoning import moment_of
from tests.hub.commands.conftest import Command


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-02T08:00:00", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("2026-03-02T08:00:00.250Z", datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-03-02T10:00:00+02:00", datetime(2026, 3, 2, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_taken_as_the_hub_prints_it_and_without_a_zone_it_is_utc(text: str, moment: datetime) -> None:
    assert moment_of(text) == moment
    assert moment_of(text).tzinfo is not None


def test_what_is_no_time_is_refused_with_what_one_looks_like(command: Command) -> None:
    with pytest.raises(typer.BadParameter):
        moment_of("yesterday")
    done = command("reckon", "--since", "yesterday")
    assert done.exit_code == 2
    assert "2026-03-02T08:00:00Z" in done.output
