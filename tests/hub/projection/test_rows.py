"""Pure: the same record gives the same rows."""

import dataclasses

import pytest

from hub.projection.rows import is_projected, rows_of
from hub.projection.words import areas_of, words_of
from schemas import topics
from schemas.errors import MalformedMessage, Misconfigured
from schemas.ids import receipt_of
from schemas.topics import every_topic
from schemas.wire import Message
from tests.builders import a_downsizing_notice
from tests.hub.projection import said


def rows(message: Message) -> list[tuple[str, dict[str, object]]]:
    return rows_of(said.as_record(message))


def test_every_topic_that_tells_of_a_notice_is_projected_and_no_other() -> None:
    projected = {topic.name for topic in every_topic(("ta-39",)) if is_projected(topic.name)}
    told = (topics.RECEIVED, topics.EVENTS, topics.REFUSED, topics.ROUTED, topics.ENRICHED, topics.ALERTS, topics.ACKNOWLEDGED)
    told += (topics.outbox("ta-39"),)
    assert projected == {topic.name for topic in told}


@pytest.mark.parametrize(
    "name", ["agency.Ta.outbox", "agency..outbox", "agency.a.b.outbox", "x.agency.a.outbox", "agency.a.inbox"]
)
def test_only_an_agency_s_outbox_is_taken_for_one(name: str) -> None:
    assert topics.outbox_owner(name) is None


def test_a_submission_is_known_by_the_receipt_that_its_notice_will_have() -> None:
    [(table, row)] = rows(said.submitted(said.notice(4, id="  R-4 ")))
    assert (table, row["stage"], row["step"], row["receipt"]) == ("stages", "received", 0, said.receipt(4))


@pytest.mark.parametrize(
    "body", ["", "[]", "null", "[" * 100_000, '{"id": 1, "source": "s"}', '{"id": "\\ud800", "source": "s"}']
)
def test_a_submission_that_nobody_can_read_has_no_receipt(body: str) -> None:
    message = said.submitted(said.notice())
    unreadable = said.Submission(sender="ta-39", way="inbox", body=body).model_dump_json().encode()
    [(_, row)] = rows(dataclasses.replace(message, value=unreadable))
    assert row["receipt"] is None


def test_a_step_becomes_the_notice_and_its_stage() -> None:
    found = dict(rows(said.history(said.accepted(a_downsizing_notice()))))
    assert list(found) == ["notices", "stages"]
    notice = found["notices"]
    assert (notice["stage"], notice["areas"], notice["employer_key"]) == ("negotiations", ["fi:kunta:837"], "fi:9000000-3")
    assert "tilauskanta" in str(notice["words"])
    assert "official-notice" not in str(notice["words"])


def test_an_older_notice_stands_under_the_key_that_its_employer_has_today() -> None:
    step = said.accepted(a_downsizing_notice(), employer_key="se:SE123456789701")
    for message in (said.history(step), said.copy(step, "ta-08"), said.stub_of(step, "ta-08"), said.alert(step, "ta-08")):
        (table, row), *_ = rows(message)
        assert row["employer_key"] == "se:1234567897", table


def test_routing_and_enrichment_become_recipients_offerings_and_targets() -> None:
    messages = said.path(said.notice(), to=("ta-39", "evk-04"))
    tables = [name for message in messages[2:4] for name, _ in rows(message)]
    assert tables == ["stages", "recipients", "recipients", "stages", "offerings", "offerings", "targets", "targets"]


def test_a_copy_is_found_by_nothing_that_was_cut_from_it() -> None:
    step = said.accepted(said.notice(text="Salainen hanke", diary_number="HEL 2026-1"))
    [(_, row)] = rows(said.copy(step, "finnvera"))
    assert "hitsaamo" in str(row["words"])
    assert "salainen" not in str(row["words"])
    assert (row["rank"], row["stub"], row["agency"]) == (1, False, "finnvera")


def test_an_alert_ranks_below_the_notice_and_a_stub_is_seen_as_one() -> None:
    step = said.accepted(a_downsizing_notice())
    [(_, row)] = rows(said.alert(step, "ta-39", topics.outbox("ta-39").name))
    assert (row["rank"], row["kind"], row["stub"]) == (0, "downsizing", False)
    [(_, row)] = rows(said.stub_of(step, "evk-04"))
    assert (row["stub"], row["words"], row["areas"]) == (True, "d-1", [])


def test_a_refusal_can_be_shown_also_where_the_body_held_zero_bytes() -> None:
    [(_, row)] = rows(said.refused(said.notice(), body="a\x00b"))
    assert row["body"] == "a\u2400b"
    assert row["receipt"] == receipt_of("ta-39", "rekry/tampere", "R-1")


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff\xfe", b"[]", b'{"receipt": 1}', b"[" * 100_000])
def test_a_record_that_is_no_message_is_named_as_such(value: bytes | None) -> None:
    with pytest.raises(MalformedMessage):
        rows_of(dataclasses.replace(said.as_record(said.history(said.accepted(said.notice()))), value=value))


def test_a_record_without_an_event_id_has_no_place_in_an_outbox() -> None:
    record = said.as_record(said.copy(said.accepted(said.notice()), "ta-08"))
    with pytest.raises(MalformedMessage, match="ce_id"):
        rows_of(dataclasses.replace(record, headers=()))


def test_a_record_of_a_later_major_version_stops_the_process() -> None:
    record = said.as_record(said.history(said.accepted(said.notice())))
    headers = tuple(
        (name, b"urn:employersituation:schema:EmployerEvent:2" if "schema" in name else value) for name, value in record.headers
    )
    with pytest.raises(Misconfigured, match="version 2"):
        rows_of(dataclasses.replace(record, headers=headers))


def test_a_value_that_this_program_does_not_know_is_shown_as_it_is_and_not_the_step_before() -> None:
    notice = a_downsizing_notice() | {"stage": "talks-prolonged"}
    row = dict(rows(said.history(said.accepted(notice, step=2))))["notices"]
    assert (row["step"], row["stage"]) == (2, "talks-prolonged")


def test_words_and_areas() -> None:
    notice = {
        "employer": {"name": "Ha\u0308meen Rekry", "kind": "company"},
        "workplaces": [{"area": "fi:kunta:1"}, {"area": "fi:kunta:1"}, "odd"],
        "measures": [{"area": "fi:kunta:2"}],
        "skills": ["hitsaus"],
        "language": "fi",
    }
    assert words_of(notice) == "h\u00e4meen rekry\nhitsaus"
    assert areas_of(notice) == ["fi:kunta:1", "fi:kunta:2"]
