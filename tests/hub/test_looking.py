"""What of an answer to a notice is written again when its agency's outbox is emptied (the rest in test_narrowing.py)."""

from dataclasses import dataclass
from typing import Any, cast

import orjson
import pytest

from connectors.inbound.log import LogRecord
from connectors.outbound.emptying import _copy_in, _stays
from hub.core.registry import Registry
from hub.looking import Around
from tests.builders import AT, DAY, HELSINKI, a_downsizing_notice, a_small_registry
from tests.hub.agents.steps import Steps, agency_of

NOTICE = a_downsizing_notice(homes=[{"area": HELSINKI, "count": 4}])


@dataclass(frozen=True)
class Erased:
    """In the place of the database: what was erased."""

    steps: frozenset[tuple[str, int | None]] = frozenset()

    def erased(self, receipts: object) -> frozenset[tuple[str, int | None]]:
        return self.steps


@pytest.fixture(scope="module")
def record() -> LogRecord:
    """What ta-08 hears of an answer of ta-39, as the agents wrote it."""
    steps = Steps()
    steps.submit(NOTICE, "evk-04")
    said = steps.answer(NOTICE, {"id": "a", "answer": "claim"}, "ta-39", sender="evk-04")
    (one,) = (message for message in said.messages if agency_of(message) == "ta-08")
    return LogRecord("agency.ta-08.outbox", 0, 1, AT, one.key, one.value, tuple(one.headers))


def around(registry: Registry, erased: Erased) -> Around:
    nothing = cast(Any, None)
    return Around("ta-08", nothing, nothing, cast(Any, erased), registry, DAY, lambda: None)


def partners() -> Registry:
    """ta-08 is no authority any more."""
    old = a_small_registry()
    rows = [one.model_copy(update={"ring": "partner"} if one.id == "ta-08" else {}) for one in old.all_agencies.values()]
    return Registry.of(8, old.areas.values(), rows, old.all_offerings.values())


def test_an_answer_is_a_copy_that_stays_while_its_reader_may_hear_it(record: LogRecord) -> None:
    copy = _copy_in(record)
    assert copy == orjson.loads(record.value or b"")
    assert _stays(record, around(a_small_registry(), Erased()).may_stand)
    assert not _stays(record, around(partners(), Erased()).may_stand)


def test_it_is_written_again_unless_the_step_that_it_answers_was_erased(record: LogRecord) -> None:
    copy = orjson.loads(record.value or b"")
    for erased, stays in (((), True), (((copy["receipt"], 2),), True), (((copy["receipt"], 1),), False)):
        cut = around(a_small_registry(), Erased(frozenset(erased))).to_write_again([copy["receipt"]])
        assert (cut(copy) == copy) is stays
    assert around(a_small_registry(), Erased(frozenset({(copy["receipt"], None)}))).to_write_again([])(copy) is None
