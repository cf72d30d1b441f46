"""What the hub says to itself: counts are typed, and a later version's further fields do no harm."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from schemas.count import Count, exactly
from schemas.messages import LayoffAlert
from schemas.wire import read

ALERT: dict[str, Any] = {
    "receipt": "r",
    "step": 1,
    "agency": "ta-39",
    "event_id": "e",
    "stage": "decision",
    "people": {"said": "at-most", "low": None, "high": 300},
    "received_at": datetime(2026, 3, 2, tzinfo=UTC).isoformat(),
    "registry_revision": 7,
    "why": [],
    "notice": {},
}


@pytest.mark.parametrize(
    ("people", "count"), [(ALERT["people"], Count(said="at-most", high=300)), (40, exactly(40)), (None, None)]
)
def test_an_alert_tells_a_count_or_that_there_is_none(people: Any, count: Count | None) -> None:
    alert = LayoffAlert.model_validate(ALERT | {"people": people})
    assert alert.people == count
    assert LayoffAlert.model_validate_json(alert.model_dump_json()) == alert


@pytest.mark.parametrize("people", ["forty", 40.5, {"said": "range", "low": 4, "high": None}])
def test_an_alert_tells_no_count_that_is_none(people: Any) -> None:
    with pytest.raises(ValidationError):
        LayoffAlert.model_validate(ALERT | {"people": people})


def test_a_reader_inside_ignores_a_field_within_a_count() -> None:
    value = orjson.dumps(ALERT | {"people": ALERT["people"] | {"later": 1}})
    assert read(LayoffAlert, value, ()).people == Count(said="at-most", high=300)
