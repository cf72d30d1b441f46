"""What cannot be taken in goes to the dead letters, alone."""

import dataclasses

import pytest
from sqlalchemy import Engine, select

from connectors.store.names import Schemas
from connectors.store.view_tables import NOTICES
from schemas import topics
from schemas.wire import Message
from tests.hub.projection import said
from tests.hub.projection.helping import Project, caught_up, letters, scalars
from tests.hub.projection.log import Log

pytestmark = [pytest.mark.broker, pytest.mark.database]


def test_records_that_cannot_be_taken_in_go_to_the_dead_letters_alone(
    log: Log, project: Project, engine: Engine, schemas: Schemas
) -> None:
    good = [said.history(said.accepted(said.notice(number))) for number in range(300)]
    spoilt = _spoilt()
    for number, message in enumerate(spoilt):
        good.insert(40 * number, dataclasses.replace(message, key=b"one-partition"))
    log.say(good)
    projector = caught_up(project())
    assert projector.buried == len(spoilt)
    assert len(scalars(engine, schemas, select(NOTICES.c.receipt))) == 300
    codes = sorted(headers["hub-code"] for _, headers in letters(log, len(spoilt)))
    assert codes == sorted([b"22P05", b"22003", b"malformed", b"malformed", b"22P02", b"unencodable", b"54000"])


def _spoilt() -> list[Message]:
    message = said.history(said.accepted(said.notice(1000)))
    value = (message.value or b"").decode()

    def with_value(old: str, new: str) -> Message:
        assert old in value
        return dataclasses.replace(message, value=value.replace(old, new).encode())

    return [
        with_value("Hitsaamo Oy", "zero byte \\u0000 in it"),
        with_value('"step":1', '"step":3000000000'),
        dataclasses.replace(message, value=b'{"ssn": "010190-999A'),
        dataclasses.replace(message, value=None),
        with_value('"posts":40', '"posts":NaN'),
        with_value('"step":1', '"step":99999999999999999999999'),
        with_value('"id":"R-1000","source"', '"id":"R-1000","source"').__class__(
            message.topic, message.key, value.replace('"receipt":"', f'"receipt":"{"".join(map(str, range(3000)))}').encode(),
            message.headers,
        ),
    ]  # fmt: skip


def test_a_dead_letter_says_where_it_came_from_and_holds_no_personal_code(log: Log, project: Project) -> None:
    code = "131052-308T"
    headers = (("partner", b"\xc3\x28"), ("note", code.encode()))
    log.say([Message(topics.EVENTS.name, b"k", f'{{"hetu": "{code}"'.encode(), headers)])
    caught_up(project())
    [(value, found)] = letters(log, 1)
    assert code.encode() not in (value or b"") + b"".join(found.values())
    assert found["partner"] == b"\xc3\x28"
    assert (found["hub-topic"], found["hub-offset"], found["hub-by"]) == (b"employer.events", b"0", b"projector")


def test_a_record_too_long_to_be_copied_is_named_and_holds_up_nothing(
    log: Log, project: Project, engine: Engine, schemas: Schemas
) -> None:
    body = b'{"hetu": "' + b"131052-308T " * (topics.LARGEST_MESSAGE // 12)
    log.say(
        [Message(topics.EVENTS.name, b"k", body, ()), dataclasses.replace(said.history(said.accepted(said.notice())), key=b"k")]
    )
    caught_up(project())
    assert scalars(engine, schemas, select(NOTICES.c.id)) == ["R-1"]
    [(value, found)] = letters(log, 1)
    assert value is None
    assert (found["hub-topic"], found["hub-offset"], found["hub-code"]) == (b"employer.events", b"0", b"malformed")
    assert b"too long" in found["hub-left-out"]
