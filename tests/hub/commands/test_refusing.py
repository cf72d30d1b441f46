"""`hub refused`: read, corrected and sent again."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import AGENCY, Hub, a_notice
from tests.hub.commands.conftest import Command

FINDING = {"rule": "unknown-area", "place": "/workplaces/0/area", "message": "the registry does not know this area"}


def refusal(number: int, body: str | None) -> dict[str, Any]:
    told = {"receipt": f"r{number}", "source": "ours", "id": f"n{number}", "code": "refused", "findings": [FINDING]}
    return told | {"received_at": f"2026-11-25T09:3{number}:00Z", "body": body}


@pytest.fixture(autouse=True)
def _refused(hub: Hub) -> None:
    hub.reading.refuse(AGENCY, refusal(0, json.dumps(a_notice(id="n0"), indent=1)))
    hub.reading.refuse(AGENCY, refusal(1, "{no json"))
    hub.reading.refuse(AGENCY, refusal(2, None))
    hub.reading.refuse(AGENCY, refusal(3, json.dumps(a_notice(id="n3"))))


def test_they_are_listed_newest_first_with_every_reason(command: Command) -> None:
    done = command("refused", "--last", "2")
    assert done.stdout.splitlines() == [
        "2026-11-25T09:33:00Z  refused         ours/n3",
        "  /workplaces/0/area: the registry does not know this area [unknown-area]",
        "2026-11-25T09:32:00Z  refused         ours/n2",
        "  /workplaces/0/area: the registry does not know this area [unknown-area]",
    ]
    assert [one["id"] for one in json.loads(command("refused", "--json").stdout)["refused"]] == ["n3", "n2", "n1", "n0"]


def test_what_was_sent_is_written_to_a_file_that_can_be_sent_again(command: Command, hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "to-correct.ndjson"
    hub.reading.refuse(AGENCY, refusal(4, json.dumps({"id": "a-1", "answer": "claim"})))  # to a notice: none itself
    done = command("refused", "--bodies", str(file))
    assert "2 of 5 written" in done.stderr
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["n0", "n3"]
    assert command("publish", str(file), "--wait", "0").exit_code == 0
    assert [body["id"] for body in hub.bodies()] == ["n0", "n3"]


def test_a_file_that_is_there_is_not_written_over(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "to-correct.ndjson"
    file.write_text("being corrected")
    done = command("refused", "--bodies", str(file))
    assert done.exit_code == 1
    assert "is there already" in str(done.exception)
    assert file.read_text() == "being corrected"
