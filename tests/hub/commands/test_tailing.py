"""`hub tail` through the API, and the client behind it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.examples import NOTICES
from schemas.subscription import Filter
from tests.api.conftest import AGENCY, NOW, Hub
from tests.hub.commands.conftest import Command


@pytest.fixture(autouse=True)
def _filled(hub: Hub) -> None:
    for number, kind in enumerate(("recruitment", "downsizing", "recruitment")):
        data: dict[str, Any] = {"receipt": f"r{number}", "step": 1, "agency": AGENCY, "notice": NOTICES[kind]}
        about = {"type": f"fi.employersituation.notice.{kind}.v1", "subject": "fi:9000000-3", "time": "2026-11-25T09:30:00Z"}
        hub.reading.deliver(AGENCY, {"id": f"e{number}", "receipt": f"r{number}", "step": 1, "data": data, **about})
        hub.replays.stands[AGENCY, f"e{number}"] = "memory", number, NOW + timedelta(minutes=number)


def receipts(output: str) -> list[str]:
    return [line.split()[-1] for line in output.splitlines()]


def test_an_outbox_is_followed_through_the_api(command: Command) -> None:
    done = command("tail", "--api", "--from-start", "--limit", "3")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "2026-11-25T09:30:00Z  notice.recruitment     fi:9000000-3     step 1  r0"
    assert receipts(done.stdout) == ["r0", "r1", "r2"]


def test_what_goes_to_a_subscription_alone(command: Command, hub: Hub) -> None:
    saved = hub.subscriptions.add(AGENCY, "layoffs", Filter(kind=("downsizing",)), "test")
    done = command("tail", "--subscription", saved.id, "--from-start", "--limit", "1")
    assert receipts(done.stdout) == ["r1"]
    none = command("tail", "--subscription", "00000000-0000-5000-8000-000000000000", "--from-start", "--limit", "1")
    assert "no such subscription" in str(none.exception)


def test_from_a_moment_on(command: Command) -> None:
    since = (NOW + timedelta(minutes=1)).astimezone(UTC)
    assert isinstance(since, datetime)
    done = command("tail", "--since", f"{since:%Y-%m-%dT%H:%M:%S}", "--limit", "2")
    assert receipts(done.stdout) == ["r1", "r2"]


def test_a_key_that_is_not_known_is_said(command: Command) -> None:
    done = command("tail", "--key", "hub_000000000000_" + "a" * 43, "--limit", "1")
    assert type(done.exception).__name__ == "Unauthenticated"
