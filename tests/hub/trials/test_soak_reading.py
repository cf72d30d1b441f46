"""The independent reader: what it takes for a verdict, a copy, a leak; over records as the broker gives them."""

import json
from typing import Any

import pytest

from hub.trials.soak.log import Alert, Copy, Log, Seen, Step, Verdict
from hub.trials.soak.reading import _take
from hub.trials.soak.situations import PERSONAL_CODE, SECRET

PARTNERS = frozenset({"council-06"})


class Record:
    """As much of a broker's record as the reader asks for."""

    def __init__(self, topic: str, told: dict[str, Any], kind: str = "fi.employersituation.notice.downsizing.v1") -> None:
        self._topic, self._told, self._kind = topic, told, kind

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return 14

    def key(self) -> bytes:
        return b"fi:9000000-3"

    def value(self) -> bytes:
        return json.dumps(self._told).encode()

    def headers(self) -> list[tuple[str, bytes]]:
        return [("ce_id", b"event-1"), ("ce_type", self._kind.encode())]


def read(record: Record) -> Log:
    log = Log()
    _take(log, record, PARTNERS)  # type: ignore[arg-type]
    return log


def copy_of(agency: str, told: str = "ta-39", **notice: Any) -> Copy:
    body = {"agency": told if told != "same" else agency, "receipt": "r1", "notice": {"id": "n-1", **notice}}
    return read(Record(f"agency.{agency}.outbox", body)).copies[0]


def test_a_submission() -> None:
    assert read(Record("notices.received", {"sender": "ta-39", "body": "{}"})).received == [Seen((3, 14), "ta-39", "{}")]


@pytest.mark.parametrize(
    ("topic", "told", "said"),
    [
        ("employer.events", {"receipt": "r1"}, "accepted"),
        ("notices.repeated", {"receipt": "r1"}, "repeat"),
        ("notices.refused", {"verdict": "refused"}, "refused"),
        ("notices.refused", {"verdict": "quarantined"}, "quarantined"),
    ],
)
def test_a_verdict_names_the_submission(topic: str, told: dict[str, Any], said: str) -> None:
    log = read(Record(topic, told | {"origin": {"topic": "notices.received", "partition": 2, "offset": 7}}))
    assert log.verdicts == [Verdict(said, (2, 7))]
    assert log.history == ([Step("r1", "fi:9000000-3", (2, 7))] if said == "accepted" else [])


def test_lanes_are_told_apart_by_type() -> None:
    alert = Record(
        "agency.ta-39.outbox", {"agency": "ta-39", "receipt": "r1", "notice": {}}, "fi.employersituation.alert.layoff.v1"
    )
    assert read(alert).copies == [Copy("ta-39", "alert", "event-1", "r1", "fi:9000000-3")]
    told = {"agency": "ta-39", "event_id": "event-1", "receipt": "r1"}
    assert read(Record("alerts.layoff", told)).alerts == [Alert("ta-39", "event-1", "r1")]


def test_a_partners_copy_with_a_field_too_many_leaks() -> None:
    assert not copy_of("council-06", "same", stage="negotiations", workplaces=[{"area": "fi:kunta:837"}]).leak
    assert copy_of("council-06", "same", homes=[{"area": "fi:kunta:837", "count": 4}]).leak
    assert copy_of("council-06", "same", measures=[{"measure": "dismissal", "staff_group": "x"}]).leak
    assert copy_of("council-06", "same", name=SECRET).leak


def test_an_authority_may_see_these() -> None:
    assert not copy_of("ta-39", "same", homes=[{"area": "fi:kunta:837", "count": 4}], text=SECRET).leak


def test_a_personal_code_and_another_agencys_copy_leak_anywhere() -> None:
    assert copy_of("ta-39", "same", text=PERSONAL_CODE).leak
    assert copy_of("ta-39", "evk-01").leak
    assert read(Record("hub.dead-letters", {"text": PERSONAL_CODE})).leaks == 1


def test_dead_letters_are_counted() -> None:
    assert read(Record("hub.dead-letters", {"text": "x"})).dead == 1
