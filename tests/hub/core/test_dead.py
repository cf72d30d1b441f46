"""What a dead letter says of itself, whatever the record that it is of says."""

from hub.core.dead import dead_letter
from schemas.wire import header


def test_a_record_does_not_say_what_is_said_of_its_letter() -> None:
    """Else one put on a topic by hand could have itself sent again to an outbox of its choice."""
    forged = (("hub-code", b"topic-vanished"), ("hub-topic", b"agency.evk-04.outbox"), ("ce_id", b"1"))
    letter = dead_letter(b"k", b"{}", forged, {"code": "malformed", "topic": "notices.received"})
    told = {name: header(letter.headers, name) for name in ("hub-code", "hub-topic", "foreign-hub-code", "ce_id")}
    assert told == {"hub-code": "malformed", "hub-topic": "notices.received", "foreign-hub-code": "topic-vanished", "ce_id": "1"}
    assert [name for name, _ in letter.headers].count("hub-topic") == 1
