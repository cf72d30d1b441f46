"""What becomes of one record of an inbox, without a broker."""

from dataclasses import replace

import pytest

from api.door import submission
from api.envelope import read_enveloped
from hub.bridge.crossing import Crossing
from hub.bridge.record import Arrived, pattern
from hub.core.admission import read_notice
from hub.core.masking import LONGEST_KEPT, personal_codes
from hub.ports import Caller
from schemas.messages import RefusedNotice, Submission
from schemas.topics import DEAD_LETTERS, RECEIVED, REFUSED, inbox, inbox_owner
from schemas.wire import Headers, Message, header, read
from tests.builders import AT, a_downsizing_notice, body_of
from tests.hub.bridge.arriving import AGENCY, CODE, in_event, numbered

PREFIX = "t."
STRUCTURED: Headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
BINARY: Headers = (
    ("ce_specversion", b"1.0"), ("ce_id", b"e-1"), ("ce_source", b"/another"), ("ce_type", b"notice"),
    ("ce_sender", b"evk-03"), ("content-type", b"application/json"),
)  # fmt: skip


def arrived(value: bytes, headers: Headers = (), agency: str = AGENCY) -> Arrived:
    return Arrived(inbox(agency).name, 0, 7, AT, value, headers)


def crossed(record: Arrived) -> tuple[Message, ...]:
    return Crossing(PREFIX, read_enveloped)(record)


def refused(value: bytes, headers: Headers = ()) -> RefusedNotice:
    (message,) = crossed(arrived(value, headers))
    assert message.topic == PREFIX + REFUSED.name
    return read(RefusedNotice, message.value, message.headers)


def rules(found: RefusedNotice) -> set[str]:
    return {finding.rule for finding in found.findings}


def test_a_notice_crosses_as_the_api_would_have_written_it() -> None:
    body = numbered(1)
    caller = Caller(AGENCY, "k", frozenset(), "active")
    by_api = submission(caller, read_notice(body), body, PREFIX + RECEIVED.name, AT).message
    (by_inbox,) = crossed(arrived(body))
    assert replace(by_inbox, value=None) == replace(by_api, value=None)
    assert read(Submission, by_inbox.value, ()) == Submission(sender=AGENCY, way="inbox", body=body.decode())


@pytest.mark.parametrize(("value", "headers"), [(numbered(1), BINARY), (in_event(numbered(1)), STRUCTURED)])
def test_both_modes_of_cloudevents_carry_the_same_notice_untouched(value: bytes, headers: Headers) -> None:
    assert crossed(arrived(value, headers)) == crossed(arrived(numbered(1)))


OTHER_S = (b"urn:employersituation:agency:evk-04", b"evk-04")


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (numbered(1, on_behalf_of="evk-04"), ()),
        (numbered(1), (("on-behalf-of", b"evk-04"),)),
        (numbered(1), (("On-Behalf-Of", b"evk-04"),)),
        (numbered(1), (("ce_source", OTHER_S[0]), *BINARY[3:])),
        (in_event(numbered(1), source=OTHER_S[0].decode()), STRUCTURED),
    ],
    ids=["the body", "a header", "a header in other letters", "the event's source", "the source of an event in structured mode"],
)
def test_what_is_said_in_another_agency_s_name_is_noted_as_such_and_goes_where_its_own_go(value: bytes, headers: Headers) -> None:
    """Whether it may, intake asks the registry; the door's word is only who said it."""
    (message,) = crossed(arrived(value, headers))
    sent = read(Submission, message.value, ())
    assert (sent.sender, sent.on_behalf_of) == (AGENCY, "evk-04")
    assert (message.key or b"").startswith(b"evk-04\x1f")
    (its_own,) = crossed(arrived(numbered(1), agency="evk-04"))
    assert header(message.headers, "ce_id") == header(its_own.headers, "ce_id")


@pytest.mark.parametrize("named", [AGENCY.encode(), b"urn:employersituation:agency:" + AGENCY.encode()])
def test_who_names_itself_speaks_for_itself(named: bytes) -> None:
    headers = (("on-behalf-of", named),) if named == AGENCY.encode() else (("ce_source", named), *BINARY[3:])
    (message,) = crossed(arrived(numbered(1, on_behalf_of=AGENCY), headers))
    assert read(Submission, message.value, ()).on_behalf_of is None


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (numbered(1, on_behalf_of="evk-04"), (("on-behalf-of", b"ta-08"),)),
        (numbered(1), (("on-behalf-of", b"EVK-04"),)),
        (numbered(1), (("on-behalf-of", b"\xff"),)),
        (numbered(1), (("on-behalf-of", b""),)),
        (numbered(1), (("On-Behalf-Of", b"evk-04"), ("on-behalf-of", b""))),
        (numbered(1), (("on-behalf-of", b"evk-04"), ("On-Behalf-Of", b"evk-04"))),
        (numbered(1), (("ce_source", b"urn:employersituation:agency:"), *BINARY[3:])),
    ],
)
def test_two_names_or_one_that_is_no_agency_s_are_refused(value: bytes, headers: Headers) -> None:
    found = refused(value, headers)
    assert (found.sender, found.code, rules(found)) == (AGENCY, "not-permitted", {"on-behalf-of"})


HEADERS: dict[str, Headers] = {
    "no content type": BINARY[:-1],
    "no text, no value, a name twice": (("partner", b"\xc3\x28"), ("trace", b""), ("twice", b"1"), ("twice", b"2")),
    "two content types, of which the first counts": (("content-type", b"application/json"), *STRUCTURED),
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_are_missing_odd_or_repeated_change_nothing(headers: Headers) -> None:
    assert crossed(arrived(numbered(1), headers)) == crossed(arrived(numbered(1)))


def test_what_an_event_says_beside_its_notice_goes_no_further() -> None:
    notice = numbered(1, text="Töitä \U0001f477 tarjolla")
    (message,) = crossed(arrived(in_event(notice, priority=3, urgent=True), STRUCTURED))
    assert message == crossed(arrived(notice))[0]
    assert read(Submission, message.value, ()).body == notice.decode()


def test_an_event_that_does_not_say_that_it_is_one_is_read_as_a_notice_and_refused() -> None:
    assert rules(refused(in_event(numbered(1)))) == {"union-tag-not-found"}


def test_nothing_that_is_marked_as_a_test_crosses() -> None:
    for value, headers in (
        (in_event(numbered(1), test=True), STRUCTURED),
        (in_event(numbered(1), test="true"), STRUCTURED),
        (numbered(1), (*BINARY, ("ce_test", b"true"))),
    ):
        (finding,) = refused(value, headers).findings
        assert (finding.rule, "/v1/partner/test-notices" in finding.message) == ("marked-as-test", True)
    (message,) = crossed(arrived(numbered(1), (*BINARY, ("ce_test", b"false"))))
    assert message.topic == PREFIX + RECEIVED.name


def test_the_topic_names_the_sender_whatever_headers_and_body_say() -> None:
    (message,) = crossed(arrived(in_event(numbered(1), sender="evk-03"), STRUCTURED))
    assert read(Submission, message.value, ()).sender == AGENCY
    assert inbox_owner("agency.ta-39.outbox") is None
    assert inbox_owner("agency." + "a" * 41 + ".inbox") is None
    assert pattern("t1.") == "^t1[.]agency[.][a-z0-9-]+[.]inbox$"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (b"", "empty"),
        (b"by hand", "not-json"),
        (b"\xff\xfe\x00", "byte-order-mark"),
        (b'{"name": "H\xe4meen"}', "not-utf-8"),
        (b"[" * 100, "too-deep"),
        (b"[]", "not-an-object"),
        (b" " * 300_000, "too-large"),
        (numbered(1, stage="never"), "literal-error"),
    ],
)
def test_what_is_no_notice_is_refused_with_its_rule_and_its_place_in_the_inbox(value: bytes, rule: str) -> None:
    found = refused(value)
    assert rule in rules(found)
    assert (found.sender, found.verdict, found.received_at) == (AGENCY, "refused", AT)
    assert (found.origin.topic, found.origin.offset) == (inbox(AGENCY).name, 7)
    assert crossed(arrived(value)) == crossed(arrived(value)), "the same record gives the same refusal"


def test_a_refusal_names_the_notice_and_shows_the_body_cut() -> None:
    long = body_of(a_downsizing_notice(stage="never", grounds="x" * 100_000))
    found = refused(long)
    assert (found.source, found.id) == ("muutosturva/tampere", "D-1")
    assert found.body == long.decode()[:LONGEST_KEPT]
    inside = refused(in_event(numbered(1, stage="never")), STRUCTURED)
    assert inside.id == "D-1"
    assert all(finding.place.startswith("/data") for finding in inside.findings)


def test_an_envelope_without_a_notice_is_refused() -> None:
    assert rules(refused(b'{"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}', STRUCTURED)) == {"no-data"}
    assert "wrong-version" in rules(refused(in_event(numbered(1), specversion="0.3"), STRUCTURED))


ESCAPES = (CODE, CODE.replace("-", "\\u002d"), "131052-308\\nT", "131052\\t-308T", "1310\\u0035\\u0032-308T")


@pytest.mark.parametrize("written", ESCAPES)
def test_a_personal_code_is_refused_and_stands_nowhere_afterwards(written: str) -> None:
    body = numbered(1, grounds="CODE").replace(b"CODE", written.encode())
    for record in (arrived(body), arrived(in_event(body), STRUCTURED), arrived(body[:-1])):
        (message,) = crossed(record)
        told = read(RefusedNotice, message.value, message.headers)
        assert told.code in ("personal-code", "malformed")
        shown = told.body or ""
        assert not personal_codes(shown)
        assert written not in shown
        assert CODE.encode() not in (message.value or b"")


@pytest.mark.parametrize("number", ["121212-1212", "SE121212121201"])
def test_a_personal_number_of_sweden_is_refused_and_stands_nowhere_afterwards(number: str) -> None:
    body = numbered(1, employer={"business_id": None, "foreign": {"country": "se", "number": number}})
    for record in (arrived(body), arrived(in_event(body), STRUCTURED)):
        (message,) = crossed(record)
        told = read(RefusedNotice, message.value, message.headers)
        assert (told.code, told.body) == ("personal-code", None)
        assert number.encode() not in (message.value or b"")


def test_a_code_in_the_names_of_a_notice_is_masked_in_refusal_and_key() -> None:
    (message,) = crossed(arrived(numbered(1, source=CODE)))
    assert CODE.encode() not in (message.value or b"") + (message.key or b"")


def test_a_flaw_of_ours_costs_one_record_and_is_kept_for_the_operator() -> None:
    def fails(body: bytes) -> None:
        raise RecursionError

    crossing = Crossing(PREFIX, fails)  # type: ignore[arg-type]
    told, letter = crossing(arrived(in_event(numbered(1)), STRUCTURED))
    found = read(RefusedNotice, told.value, told.headers)
    assert (found.verdict, found.code, found.sender) == ("quarantined", "quarantined", AGENCY)
    assert letter.topic == PREFIX + DEAD_LETTERS.name
    assert dict(letter.headers)["hub-by"] == b"bridge"
    assert len(crossing(arrived(numbered(2)))) == 1


def test_memory_that_is_short_is_no_flaw_of_the_record() -> None:
    def fails(body: bytes) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        Crossing(PREFIX, fails)(arrived(b"{}", STRUCTURED))  # type: ignore[arg-type]
