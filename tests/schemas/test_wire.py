"""What is written on Kafka is a CloudEvent to anybody who reads it with the CloudEvents library."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from pydantic import BaseModel

from schemas.errors import MalformedMessage, Misconfigured
from schemas.messages import Submission
from schemas.wire import event, read, type_of, written

SAID = Submission(sender="ta-39", way="api", body='{"kind": "downsizing"}')
WRITTEN = event(
    "notices.received",
    "fi:9000000-3",
    SAID,
    id="7",
    type=type_of("notice", "submitted"),
    source="/agency/ta-39",
    time=datetime(2026, 3, 2, 10, tzinfo=UTC),
)


def test_the_library_reads_every_attribute_and_the_data() -> None:
    assert WRITTEN.value is not None
    found = from_binary(KafkaMessage(dict(WRITTEN.headers), WRITTEN.key, WRITTEN.value), JSONFormat())
    assert found.get_id() == "7"
    assert found.get_type() == "fi.employersituation.notice.submitted.v1"
    assert found.get_source() == "/agency/ta-39"
    assert found.get_subject() == "fi:9000000-3"
    assert found.get_time() == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert found.get_data() == SAID.model_dump()


def test_what_was_written_is_read_again() -> None:
    assert read(Submission, WRITTEN.value, WRITTEN.headers) == SAID


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff\xfe", b"[]", b'{"sender": "ta-39"}'])
def test_bytes_that_are_no_message_are_told_with_findings(value: bytes | None) -> None:
    with pytest.raises(MalformedMessage) as caught:
        read(Submission, value, ())
    assert caught.value.findings


def test_a_newer_major_version_stops_the_process() -> None:
    headers = [("ce_dataschema", b"urn:employersituation:schema:Submission:2")]
    with pytest.raises(Misconfigured, match="version 2"):
        read(Submission, WRITTEN.value, headers)


def test_an_unknown_field_and_an_odd_header_do_not_matter_inside() -> None:
    value = b'{"sender": "ta-39", "way": "api", "body": "", "later": 1}'
    assert read(Submission, value, [("partner", b"\xc3\x28"), ("trace", None)]).sender == "ta-39"


class Numbered(BaseModel):
    at: datetime
    data: dict[str, Any]


@pytest.mark.parametrize("value", [2**70, {"deep": [1.5, None, "ä", True]}, float("nan"), {1: 2}])
def test_what_is_written_is_what_the_model_writes_itself(value: Any) -> None:
    data = Numbered(at=datetime(2026, 3, 2, 10, 0, 0, 5_000, tzinfo=UTC), data={"value": value})
    assert written(data) == data.model_dump_json().encode()
