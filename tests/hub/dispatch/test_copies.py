"""What an endpoint waits for: a copy, an alert, an answer to a notice; nothing that was put into an outbox by hand."""

from dataclasses import replace

import orjson

from hub.dispatch.copies import told_of, waiting_of
from hub.dispatch.outboxes import InOutbox
from schemas.wire import Message
from tests.builders import AT, DAY, HELSINKI, a_downsizing_notice, a_small_registry
from tests.hub.agents.steps import Steps, agency_of

NOTICE = a_downsizing_notice(homes=[{"area": HELSINKI, "count": 4}])


def an_answer() -> InOutbox:
    """What ta-08 hears of an answer of ta-39, as the agents wrote it."""
    steps = Steps()
    steps.submit(NOTICE, "evk-04")
    said = steps.answer(NOTICE, {"id": "a", "answer": "claim"}, "ta-39", sender="evk-04")
    (message,) = (one for one in said.messages if agency_of(one) == "ta-08")
    return kept(message)


def kept(message: Message) -> InOutbox:
    return InOutbox("ta-08", 7, message.key, message.value, tuple(message.headers))


def test_an_answer_waits_in_a_lane_of_its_own_as_no_step_and_is_told_whole() -> None:
    record = an_answer()
    waiting = waiting_of(record, AT)
    assert waiting is not None
    assert (waiting.lane, waiting.step, waiting.place, waiting.employer) == ("answer", 0, 7, "fi:9000000-3")
    told = told_of(record, 1, a_small_registry(), DAY)
    assert told is not None
    assert told.attributes["type"] == "fi.employersituation.acknowledgement.downsizing.v1"
    assert (told.data["by"], told.data["answer"], "step" in told.data) == ("ta-39", "claim", False)


def test_what_says_nothing_of_a_notice_is_not_waited_for() -> None:
    record = an_answer()
    copy = orjson.loads(record.value or b"")
    plain = tuple((name, value) for name, value in record.headers if name != "ce_dataschema")
    assert waiting_of(replace(record, headers=plain), AT) is None, "of a copy of a notice the step has to be known"
    for value in (b"[]", b"7", b"{", orjson.dumps({**copy, "receipt": 7})):
        assert waiting_of(replace(record, value=value), AT) is None
