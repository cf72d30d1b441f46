"""What a status says, and how long an endpoint may ask to be left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.core.answers import LONGEST_WAIT, answer_to

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (200, "delivered", "delivered"),
        (204, "delivered", "delivered"),
        (299, "delivered", "delivered"),
        (301, "failed", "redirect"),
        (308, "failed", "redirect"),
        (400, "failed", "http-400"),
        (404, "failed", "http-404"),
        (408, "retry", "http-408"),
        (410, "paused", "gone"),
        (429, "retry", "http-429"),
        (500, "retry", "http-500"),
        (599, "retry", "http-599"),
    ],
)
def test_a_status_says_what_to_do(status: int, outcome: str, code: str) -> None:
    found = answer_to(status, None, NOW)
    assert (found.outcome, found.code, found.status, found.wait) == (outcome, code, status, None)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 5 ", timedelta(seconds=5)),
        ("0", timedelta(0)),
        ("Thu, 05 Mar 2026 12:02:00 GMT", timedelta(minutes=2)),
        ("Thu, 05 Mar 2026 11:00:00 GMT", None),
        ("Thu, 05 Mar 2036 12:00:00 GMT", LONGEST_WAIT),
        ("999999999999999999999999999999", LONGEST_WAIT),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("١٢", None),
    ],
)
def test_what_it_asks_for_is_kept_in_either_form(header: str, wait: timedelta | None) -> None:
    assert answer_to(429, header, NOW).wait == wait
    assert answer_to(503, header, NOW).wait == wait
