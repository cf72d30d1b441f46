"""`hub explain` and `hub tail`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from connectors.inbound.log import LogRecord
from connectors.outbound.kafka import KafkaPublisher
from connectors.outbound.topics import apply_topics
from hub.cli import app
from hub.commands.trying import line_of
from hub.trials.demo.explaining import receipts_of, words
from schemas.errors import HubError, Unknown
from schemas.ids import receipt_of
from schemas.messages import StepType
from schemas.topics import EVENTS, outbox
from schemas.wire import event, type_of
from tests.api.conftest import AGENCY, Hub
from tests.builders import a_downsizing_notice, an_event
from tests.hub.commands.conftest import Command

RECEIPT = receipt_of(AGENCY, "muutosturva/tampere", "D-1")
AT = "2026-11-25T10:23:54.904000Z"
WHY = {"role": "own-area", "rule": "workplace-area", "detail": {"fi": "Alue", "en": "Area of the workplace: Tampere"}}
TRACE: dict[str, Any] = {
    "receipt": RECEIPT,
    "whole": True,
    "stages": [
        {"step": 0, "stage": "received", "at": AT, "way": "api"},
        {"step": 1, "stage": "accepted", "at": AT, "kind": "downsizing", "historic": False},
        {"step": 1, "stage": "alerted", "at": AT, "agency": "ta-39", "event_id": "e-1"},
        {"step": 1, "stage": "routed", "at": AT, "outcome": "kept", "significance": ["dismissals-10"], "registry_revision": 3,
         "outcome_reason": {"fi": "x", "en": "Restricted"}, "held_until": None},
        {"step": 1, "stage": "enriched", "at": AT, "enriched": True, "offerings": 1, "targets": 1, "registry_revision": 3},
        {"step": 1, "stage": "delivered", "at": AT, "agency": "ta-39", "event_id": "e-2"},
        {"step": 1, "stage": "stamped", "at": AT},
    ],
    "recipients": [{"step": 1, "agency": "ta-39", "line": "line-1", "competence": "training", "why": [WHY], "event_ids": []}],
    "offerings": [
        {"step": 1, "code": "V01", "provider": "ta-39", "line": "line-1", "names": {"fi": "Neuvonta", "en": "Advice"},
         "why": [{"fi": "Vähentää"}], "to_check": [{"fi": "x", "en": "At least 30 staff"}]},
    ],
}  # fmt: skip
FINDING = {"rule": "conflict", "place": "/id", "message": "sent before"}


def changed(**changes: Any) -> dict[str, Any]:
    """The trace with one stage only, changed."""
    stage = {"step": 1, "at": AT, "registry_revision": 3} | changes
    return {**TRACE, "stages": [stage], "recipients": [], "offerings": []}


def test_a_trace_is_told_stage_by_stage_with_every_why() -> None:
    assert list(words(TRACE)) == [
        f"Notice {RECEIPT}",
        "  2026-11-25 10:23:54.904Z  received by way of api",
        "  2026-11-25 10:23:54.904Z  accepted as step 1, downsizing",
        "  2026-11-25 10:23:54.904Z  layoff alert for ta-39",
        "  2026-11-25 10:23:54.904Z  step 1 kept; significant by dismissals-10; Restricted (registry revision 3)",
        "  2026-11-25 10:23:54.904Z  1 services fit; 1 copies made",
        "  2026-11-25 10:23:54.904Z  in the outbox of ta-39 (event e-2)",
        "  2026-11-25 10:23:54.904Z  stamped",
        "Told:",
        "  ta-39 (line-1, training), step 1: Area of the workplace: Tampere (own-area)",
        "Alerted:",
        "  ta-39 (step 1)",
        "Offered:",
        "  V01 Advice by ta-39: Vähentää (to check: At least 30 staff)",
    ]


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (
            {"stage": "accepted", "kind": "recruitment", "historic": True},
            "accepted as step 1, recruitment, historic: nobody is told",
        ),
        (
            {
                "step": 2,
                "stage": "accepted",
                "kind": "downsizing",
                "type": "correction",
                "change": "C-1",
                "reason": "a typing error",
            },
            "accepted as step 2, a correction, downsizing (change C-1: a typing error)",
        ),
        (
            {"step": 2, "stage": "accepted", "kind": "downsizing", "type": "withdrawal", "change": "W-1", "reason": None},
            "accepted as step 2, its withdrawal (change W-1)",
        ),
        (
            {"step": 2, "stage": "accepted", "kind": "downsizing", "type": "moved", "change": "C-2", "reason": None},
            "accepted as step 2, moved away: it goes on under another employer (change C-2)",
        ),
        (
            {"step": 2, "stage": "accepted", "kind": "recruitment", "type": "release", "change": "R-1", "reason": None},
            "accepted as step 2, the end of its embargo, recruitment (change R-1)",
        ),
        ({"stage": "accepted", "kind": "recruitment", "type": "merged"}, "accepted as step 1, merged"),
        ({"stage": "routed", "outcome": "held", "held_until": "2026-12-01T10:00:00Z"}, "held until 2026-12-01 10:00:00Z"),
        ({"stage": "routed", "outcome": "kept"}, "step 1 kept; not significant"),
        ({"stage": "enriched", "enriched": False, "targets": 2}, "2 copies made without services"),
        ({"stage": "refused", "verdict": "refused", "code": "conflict", "findings": [FINDING]}, "refused (conflict)"),
        ({"stage": "refused", "verdict": "refused", "code": "conflict", "findings": [FINDING]}, "/id: sent before [conflict]"),
    ],
)
def test_each_stage_has_its_words(stage: dict[str, Any], said: str) -> None:
    told = "\n".join(words(changed(**stage)))
    assert said in told
    assert told.endswith("Told: nobody\nAlerted: nobody\nOffered: nothing")


def test_a_name_is_a_receipt_or_source_and_id_of_any_sender_with_slashes_in_either() -> None:
    assert receipts_of(RECEIPT.upper(), ["ta-39"]) == [RECEIPT]
    assert RECEIPT in receipts_of("muutosturva/tampere/D-1", ["ta-08", "ta-39"])
    assert receipt_of("ta-08", "muutosturva", "tampere/D-1") in receipts_of("muutosturva/tampere/D-1", ["ta-08"])
    assert receipts_of("no-slash", ["ta-39"]) == receipts_of("/x", ["ta-39"]) == []


@pytest.mark.parametrize("name", [RECEIPT, "muutosturva/tampere/D-1"])
def test_a_key_asks_the_api(hub: Hub, command: Command, name: str) -> None:
    hub.reading.trace_of(AGENCY, RECEIPT, TRACE)
    told = command("explain", name, "--agency", AGENCY, "--key", hub.key)
    assert told.exit_code == 0
    assert told.stdout.splitlines() == list(words(TRACE))
    assert json.loads(command("explain", name, "--key", hub.key, "--json").stdout) == TRACE


def test_what_is_not_known_is_said_with_what_may_be_the_reason(hub: Hub, command: Command) -> None:
    told = command("explain", "no/such", "--agency", AGENCY, "--key", hub.key)
    assert isinstance(told.exception, Unknown)
    assert "nothing is known of 'no/such'" in told.exception.detail
    assert "source/id" in told.exception.detail


# Tail


def events(prefix: str, *ids: str) -> list[Any]:
    found = []
    for id in ids:
        step = an_event(a_downsizing_notice(id=id))
        kind = type_of("notice", "downsizing")
        at = datetime.now(UTC)
        found.append(event(prefix + EVENTS.name, step.employer_key, step, id=id, type=kind, source="urn:hub", time=at))
    return found


def test_a_record_is_one_line_with_time_type_employer_step_and_receipt() -> None:
    (message,) = events("", "D-1")
    at = datetime(2026, 11, 25, 10, 23, 54, 904000, tzinfo=UTC)
    told = line_of(LogRecord(EVENTS.name, 0, 0, at, message.key, message.value, message.headers))
    assert told == f"2026-11-25T10:23:54.904Z  notice.downsizing      fi:9000000-3     step 1  {RECEIPT}"


def test_a_record_that_is_no_message_is_a_line_too() -> None:
    told = line_of(LogRecord(EVENTS.name, 0, 0, datetime(2026, 11, 25, tzinfo=UTC), None, b"\xff", ()))
    assert told.split() == ["2026-11-25T00:00:00.000Z", "no", "event", "-", "step", "-", "-"]


@pytest.mark.broker
def test_a_history_is_followed_from_its_start_up_to_the_limit(bootstrap: str, topic_prefix: str, tmp_path: Path) -> None:
    apply_topics(bootstrap, (EVENTS, outbox("ta-39")), topic_prefix)
    publisher = KafkaPublisher(bootstrap)
    publisher.publish(events(topic_prefix, "D-1", "D-2", "D-3"))
    publisher.close()
    env = {"HUB_KAFKA__BOOTSTRAP": bootstrap, "HUB_KAFKA__TOPIC_PREFIX": topic_prefix}
    words = ["tail", "--folder", str(tmp_path), "--from-start", "--limit", "2"]
    told = CliRunner().invoke(app, words, env=env)
    assert told.exit_code == 0
    assert [line.split()[-1] for line in told.stdout.splitlines()] == [
        receipt_of("ta-39", "muutosturva/tampere", id) for id in ("D-1", "D-2")
    ]
    unknown = CliRunner().invoke(app, ["tail", "--folder", str(tmp_path), "--agency", "nix"], env=env)
    assert isinstance(unknown.exception, HubError)
    assert "there is no topic agency.nix.outbox" in unknown.exception.detail


@pytest.mark.parametrize("name", ["publish", "explain", "tail", "demo"])
def test_help_ends_with_an_example(name: str) -> None:
    assert f"Example: hub {name}" in CliRunner().invoke(app, [name, "--help"]).stdout


@pytest.mark.parametrize("type_", get_args(StepType))
def test_each_type_of_step_has_words_of_its_own(type_: str) -> None:
    told = list(words(changed(stage="accepted", kind="recruitment", type=type_)))[1]
    assert not told.endswith(f", {type_}")


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("ended", "step 2 ended; Withdrawn (registry revision 3)"),
        ("kept", "step 2 kept; not significant; Withdrawn (registry revision 3)"),
    ],
)
def test_of_a_step_that_ends_a_notice_nobody_asks_whether_it_is_significant(outcome: str, told: str) -> None:
    stage = {"step": 2, "stage": "routed", "at": AT, "outcome": outcome, "significance": [], "registry_revision": 3}
    (line,) = [
        line
        for line in words({**TRACE, "stages": [stage | {"outcome_reason": {"fi": "x", "en": "Withdrawn"}}]})
        if "step 2" in line
    ]
    assert line.endswith(told)
