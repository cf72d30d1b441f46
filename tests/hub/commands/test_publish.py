"""`hub publish`: what it sends, what it says, how it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.inbound import formats
from hub.commands.publishing import Format
from schemas.ids import receipt_of
from schemas.messages import Submission
from schemas.wire import read
from tests.api.conftest import AGENCY, NOW, Hub, a_notice
from tests.hub.commands.conftest import Command
from tests.speaking import a_speaking_registry

INPUTS = Path(__file__).parents[2] / "data" / "inputs"
LATER = NOW.isoformat()


def written(folder: Path, name: str, *notices: Any) -> str:
    path = folder / name
    path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in notices), encoding="utf-8")
    return str(path)


def receipt(notice: dict[str, Any], agency: str = AGENCY) -> str:
    return receipt_of(agency, notice["source"], notice["id"])


def after_publishing(hub: Hub, then: Callable[[], None]) -> None:
    """What intake and projector would do: `then` happens once something was published."""
    publish = hub.publisher.publish

    def both(messages: Any) -> Any:
        places = publish(messages)
        then()
        return places

    hub.publisher.publish = both  # type: ignore[method-assign]


def known(hub: Hub, *notices: dict[str, Any]) -> None:
    for notice in notices:
        step = {"receipt": receipt(notice), "step": 1, "received_at": LATER, "employer_key": "fi:x", "notice": notice}
        hub.reading.show(AGENCY, step)


def refused(hub: Hub, notice: dict[str, Any], at: str = LATER) -> None:
    finding = {"rule": "unknown-area", "place": "/workplaces/0/area", "message": "the registry does not know this area"}
    hub.reading.refuse(AGENCY, {"receipt": receipt(notice), "code": "refused", "findings": [finding], "received_at": at})


def test_every_format_that_is_read_can_be_named() -> None:
    assert {"notice", "ndjson", *formats} == {str(form) for form in Format}


def test_one_notice_is_taken_and_its_receipt_told(hub: Hub, folder: Path, command: Command) -> None:
    notice = a_notice(id="one")
    after_publishing(hub, lambda: known(hub, notice))
    done = command("publish", written(folder, "one.json", json.dumps(notice, indent=2)))
    assert done.exit_code == 0
    assert "1 rows, 1 taken, 0 refused, 0 held" in done.stdout
    assert f"hub explain {receipt(notice)}" in done.stdout
    assert hub.bodies() == [notice]


def test_lines_are_sent_as_they_stand_and_each_refusal_names_line_field_and_what_to_do(
    hub: Hub, folder: Path, command: Command
) -> None:
    good, bad = a_notice(id="good"), a_notice(id="bad", employer={"business_id": "9000000-4"})
    done = command("publish", written(folder, "some.ndjson", good, "", bad, '{"cut'), "--wait", "0", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[-1]) == {"rows": 3, "taken": 1, "refused": 2, "held": 0, "pending": None}
    assert "refused: line 3 /employer/business_id: the check digit of the Business ID is wrong" in done.stderr
    assert "refused: line 4 (the whole):" in done.stderr
    assert "What to do: Correct what the findings name" in done.stderr
    assert hub.bodies() == [good]


def test_what_intake_refuses_later_is_told_too(hub: Hub, folder: Path, command: Command) -> None:
    good, bad = a_notice(id="good"), a_notice(id="bad")
    refused(hub, bad, "2026-11-24T08:00:00Z")  # of another day: no matter of this file

    def settle() -> None:
        known(hub, good)
        refused(hub, bad)

    after_publishing(hub, settle)
    done = command("publish", written(folder, "two.jsonl", good, bad), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[-1]) == {"rows": 2, "taken": 1, "refused": 1, "held": 0, "pending": 0}
    assert done.stderr.count("refused: line 2 /workplaces/0/area: the registry does not know this area [unknown-area]") == 1


def test_a_conflict_with_an_earlier_line_is_told_at_the_later_one(hub: Hub, folder: Path, command: Command) -> None:
    first, second = a_notice(id="same"), a_notice(id="same", text="other")

    def settle() -> None:
        known(hub, first)
        refused(hub, second)

    after_publishing(hub, settle)
    done = command("publish", written(folder, "two.ndjson", first, second))
    assert "refused: line 2 " in done.stderr
    assert "2 rows, 1 taken, 1 refused" in done.stdout


def test_what_has_no_verdict_in_time_is_said_to_have_none(folder: Path, command: Command) -> None:
    done = command("publish", written(folder, "one.json", a_notice()), "--wait", "0.1")
    assert done.exit_code == 0
    assert "(1 of those taken have no verdict yet)" in done.stdout


def test_a_key_that_may_not_read_publishes_and_says_where_verdicts_stand(hub: Hub, folder: Path, command: Command) -> None:
    key = hub.keys.issue(AGENCY, "test", frozenset({"publish"}))
    done = command("publish", written(folder, "one.json", a_notice()), "--key", key)
    assert done.exit_code == 0
    assert "1 taken, 0 refused, 0 held by the door; what intake refuses stands in /v1/refused" in done.stdout


def test_rows_of_others_that_their_reader_keeps_back_are_told_with_row_and_field(hub: Hub, command: Command) -> None:
    done = command("publish", str(INPUTS / "ads_page1.json"), "--format", "nav", "--wait", "0", "--json")
    counts = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 1
    assert counts["rows"] == counts["taken"] + counts["refused"] + counts["held"] == 20
    assert counts["taken"] == len(hub.bodies()) > 0
    assert "held: /content/" in done.stderr
    assert "/employer/orgnr: the employer's organisation number is missing" in done.stderr


def test_employers_looked_up_by_a_person_let_rows_through_and_an_archive_is_sent_as_one(
    hub: Hub, folder: Path, command: Command
) -> None:
    names = written(folder, "names.json", {"Kankaanpään kaupunki": "9000000-3"})
    words = ("publish", str(INPUTS / "testbed_job_postings.json"), "--format", "testbed", "--wait", "0", "--remarks")
    done = command(*words, "--employers", names, "--historic")
    assert hub.bodies()
    assert {(sent["employer"]["business_id"], sent["historic"]) for sent in hub.bodies()} == {("9000000-3", True)}
    assert f"{len(hub.bodies())} taken" in done.stdout


def test_a_file_that_cannot_be_read_is_one_refusal(folder: Path, command: Command) -> None:
    done = command("publish", written(folder, "wrong.csv", "a;b", "1;2"), "--format", "warn")
    assert done.exit_code == 1
    assert "the cells are parted by semicolons" in done.stderr
    assert "1 rows, 0 taken, 1 refused, 0 held" in done.stdout


def test_a_large_file_goes_in_parts(hub: Hub, folder: Path, command: Command) -> None:
    done = command("publish", written(folder, "many.ndjson", *(a_notice(id=f"n-{number}") for number in range(1_201))))
    assert done.exit_code == 0
    assert "1201 rows, 1201 taken, 0 refused, 0 held by the door; what intake refuses stands in /v1/refused" in done.stdout
    assert [body["id"] for body in hub.bodies()] == [f"n-{number}" for number in range(1_201)]


@pytest.mark.parametrize(
    ("words", "env", "said"),
    [
        (
            (),
            {"HUB_API__URL": "http://127.0.0.1:1", "HUB_KEY": "k"},
            "no hub answers at http://127.0.0.1:1: start one with `hub up`",
        ),
        ((), {"HUB_API__URL": "http://127.0.0.1:1"}, "give --key"),
        (("--key", "hub_wrong"), {}, "the API key is not known"),
        (("--key", "k", "--agency", "ta-39"), {}, "give --agency or --key, not both"),
        (("--agency", "nobody"), {}, "the registry has no agency 'nobody'"),
        (("--historic",), {}, "a notice says all of that itself"),
        (("--format", "testbed", "--employers", "{file}.no"), {}, "is no JSON object such as"),
    ],
)
def test_where_nothing_can_be_sent_one_line_says_why(
    folder: Path, command: Command, words: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    file = written(folder, "one.json", a_notice())
    done = command("publish", file, *(word.format(file=file) for word in words), **env)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_name_that_does_not_tell_the_format_and_a_folder_without_a_hub_say_what_to_do(folder: Path, command: Command) -> None:
    assert (
        "say --format notice|ndjson|job-market-finland|testbed|nav|warn"
        in command("publish", written(folder, "x.csv", "")).stderr
    )
    (folder / "hub.json").unlink()
    alone = command("publish", written(folder, "one.json", a_notice()))
    assert alone.exit_code == 2
    assert "start one with `hub up`" in alone.stderr


def test_a_hub_that_goes_away_half_way_leaves_the_count_of_what_was_taken(hub: Hub, folder: Path, command: Command) -> None:
    after_publishing(hub, lambda: hub.keys.revoke(hub.key.split("_")[1]))
    notices = (a_notice(id=f"n-{number}") for number in range(600))
    done = command("publish", written(folder, "many.ndjson", *notices), "--wait", "0")
    assert done.exit_code == 2
    assert "500 rows were taken before; sending the whole file again is safe" in done.stderr


def test_in_another_agency_s_name(hub: Hub, folder: Path, command: Command) -> None:
    """The registry of this hub lets ta-39 speak for nobody, and Helsinki for ta-39."""
    path = written(folder, "one.json", a_notice(id="for-another"))
    done = command("publish", path, "--on-behalf-of", "evk-04", "--wait", "0")
    assert done.exit_code == 2
    assert "may not publish in the name of this one" in done.stderr
    hub.registry, key = a_speaking_registry(), hub.keys.issue("ta-08", "test", frozenset({"publish"}))
    assert command("publish", path, "--key", key, "--on-behalf-of", AGENCY, "--wait", "0").exit_code == 0
    (message,) = hub.publisher.messages
    assert read(Submission, message.value, message.headers).on_behalf_of == AGENCY
