"""Days and moments are the broker's in Finnish time, whatever zone the machine is in."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from hub.agents.hand import day_of, moment
from hub.core.registry import Registry
from tests.builders import TAMPERE, a_recruitment_notice, a_small_registry, an_agency
from tests.hub.agents.steps import Steps, as_record, submitted

BEFORE_MIDNIGHT = datetime(2026, 3, 28, 21, 59, 59, tzinfo=UTC)
"""Of the 28th in Helsinki, where clocks go forward in the night after it. One second later it is the 29th."""
MIDNIGHT = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Europe/Helsinki", "Pacific/Auckland", "America/Los_Angeles"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The machine stands in that zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_a_day_is_the_finnish_one_in_any_zone(machine: str) -> None:
    assert [day_of(at) for at in (BEFORE_MIDNIGHT, MIDNIGHT)] == [date(2026, 3, 28), date(2026, 3, 29)]
    assert moment(as_record(submitted(a_recruitment_notice()), 1, MIDNIGHT)) == MIDNIGHT


def test_a_right_ends_with_its_last_finnish_day_in_any_zone(machine: str) -> None:
    known = a_small_registry()
    partner = an_agency("takk", kind="education-provider", ring="partner", areas=(TAMPERE,), needs=("N_RECRUIT_HARD",))
    others = [agency for agency in known.all_agencies.values() if agency.id != "takk"]
    until = partner.model_copy(update={"agreement_until": date(2026, 3, 28)})
    registry = Registry.of(7, known.areas.values(), (until, *others), known.all_offerings.values())

    def hears(at: datetime) -> bool:
        said = Steps(lambda: registry).submit(a_recruitment_notice(), at=at)
        assert said.verdicts() == {"accepted": 1}
        return any(message.topic.endswith("agency.takk.outbox") for message in said.messages)

    assert (hears(BEFORE_MIDNIGHT), hears(MIDNIGHT)) == (True, False)
