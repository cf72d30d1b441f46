"""`hub subscription`: tried, saved and listed through the API as a partner would."""

import json
from typing import Any

import pytest

from api.examples import NOTICES
from hub.core.registry import Registry
from tests.api.conftest import AGENCY, Hub
from tests.builders import an_agency
from tests.hub.commands.conftest import Command

RECEIPT = "00000000-0000-5000-8000-000000000001"
LARGE = '{"kind": ["recruitment"], "count": [{"least": 10}]}'


@pytest.fixture(autouse=True)
def _filled(hub: Hub) -> None:
    """A notice that grows, and is taken back."""
    small, large = NOTICES["recruitment"] | {"posts": 3}, NOTICES["recruitment"] | {"posts": 40}
    for step, notice in enumerate((small, large, {"id": "R", "source": "s", "no_longer_concerns_you": True}), 1):
        data: dict[str, Any] = {"receipt": RECEIPT, "step": step, "agency": AGENCY, "notice": notice}
        hub.reading.deliver(AGENCY, {"id": f"e{step}", "receipt": RECEIPT, "step": step, "subject": "fi:9000000-3", "data": data})


def test_a_preview_tells_what_would_have_gone_and_why(command: Command) -> None:
    done = command("subscription", "preview", "--filter", LARGE, "--receipt", RECEIPT)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "2 of the last 3 events would have gone",
        f"  {RECEIPT} step 2: met",
        f"  {RECEIPT} step 3: had-before",
        "step 1 does not go: not-met",
        "  + Kind: recruitment is asked for",
        "  - Number of people: 3, asked for is 10–",
        "step 2 goes: met",
        "  + Kind: recruitment is asked for",
        "  + Number of people: 40 is asked for",
        "step 3 goes: had-before",
    ]


def test_a_preview_can_be_read_by_a_script(command: Command) -> None:
    done = command("subscription", "preview", "--filter", LARGE, "--last", "1", "--json")
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["looked_at"], [one["id"] for one in told["items"]]) == (1, ["e3"])


def test_one_is_saved_listed_and_tried_by_its_id(command: Command) -> None:
    added = command("subscription", "add", "large", "--filter", LARGE)
    id = added.stdout.strip()
    assert command("subscription", "add", "large", "--filter", LARGE).stdout.strip() == id
    [line] = command("subscription", "list").stdout.splitlines()
    assert line == f"{id}    1  large  {LARGE}"
    assert command("subscription", "preview", "--subscription", id).stdout.startswith("2 of the last 3")


def test_a_filter_that_cannot_stand_is_told_with_every_clause(command: Command) -> None:
    for words in (("preview",), ("add", "mine")):
        done = command("subscription", *words, "--filter", '{"area": ["fi:kunta:999"], "count": [{"least": 2, "most": 1}]}')
        assert done.exit_code == 1
        assert "The subscription cannot stand" in done.stderr
        assert "/filter/area/0: the registry does not know this area" in done.stderr
        assert "/filter/count/0: least is larger than most [never-matches]" in done.stderr
        assert done.stdout == ""


def test_what_is_odd_is_remarked(command: Command) -> None:
    outside = '{"area": ["fi:kunta:091"]}'
    assert "[outside-territory]" in command("subscription", "preview", "--filter", outside).stdout
    added = command("subscription", "add", "elsewhere", "--filter", outside)
    assert "[outside-territory]" in added.stderr
    assert len(added.stdout.strip()) == 36


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--filter", "kind=downsizing"), "--filter is no JSON"),
        (("--subscription", RECEIPT), "no such subscription"),
        (("--filter", "{}", "--receipt", "00000000-0000-5000-8000-000000000009"), "no such subscription or notice"),
    ],
)
def test_what_cannot_be_tried_is_said(command: Command, words: tuple[str, ...], said: str) -> None:
    done = command("subscription", "preview", *words)
    assert done.exit_code == 1
    assert said in str(done.exception)


def test_the_list_tells_what_has_become_wrong(hub: Hub, command: Command) -> None:
    command("subscription", "add", "by size", "--filter", '{"size": [{"least": 10}]}')
    others = (agency for agency in hub.registry.all_agencies.values() if agency.id != AGENCY)
    partner = an_agency(AGENCY, ring="partner", kind="education-provider")
    hub.registry = Registry.of(8, hub.registry.areas.values(), (partner, *others), ())
    first, second = command("subscription", "list").stdout.splitlines()
    assert "stopped by size" in first
    assert second.strip().startswith("/filter/size: your agency may not see")
