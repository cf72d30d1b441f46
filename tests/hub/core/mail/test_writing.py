"""When digests go, and which addresses may be written to."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.delivering import Waiting
from hub.core.mail.writing import FINNISH_TIME, WEEKDAYS, Digest, Writing, address_findings, first_due, next_digest

MORNING = Digest(at=time(7, 30))


def utc(*given: int) -> datetime:
    return datetime(*given, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("digest", "now", "wanted"),
    [
        (MORNING, utc(2026, 3, 5, 4), utc(2026, 3, 5, 5, 30)),
        (MORNING, utc(2026, 3, 5, 5, 30), utc(2026, 3, 6, 5, 30)),
        (MORNING, utc(2026, 7, 1, 12), utc(2026, 7, 2, 4, 30)),  # in summer Finland is an hour further ahead
        (Digest(at=time(3, 30)), utc(2026, 3, 28, 12), utc(2026, 3, 29, 1, 30)),  # left out that night: an hour later
        (Digest(at=time(3, 30)), utc(2026, 10, 24, 12), utc(2026, 10, 25, 0, 30)),  # comes twice: at the first
        (Digest(at=time(7, 30), weekdays=("mon",)), utc(2026, 3, 5, 4), utc(2026, 3, 9, 5, 30)),
        (Digest(at=time(7, 30), weekdays=("thu",)), utc(2026, 3, 5, 6), utc(2026, 3, 12, 5, 30)),
        (Digest(each_hours=4), utc(2026, 3, 5, 6, 1), utc(2026, 3, 5, 10)),
        (Digest(each_hours=12, weekdays=("fri",)), utc(2026, 3, 5, 6), utc(2026, 3, 5, 22)),
    ],
)
def test_a_digest_goes_at_its_time(digest: Digest, now: datetime, wanted: datetime) -> None:
    assert next_digest(digest, now) == wanted


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: utc(2026, 1, 1) + timedelta(minutes=minutes)),
    st.one_of(st.builds(Digest, at=st.times()), st.builds(Digest, each_hours=st.integers(1, 12))),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
)
def test_there_is_always_a_next_one_within_eight_days_and_on_a_day_that_was_chosen(
    now: datetime, digest: Digest, days: set[str]
) -> None:
    chosen = Digest(digest.at, digest.each_hours, tuple(day for day in WEEKDAYS if day in days))
    found = next_digest(chosen, now)
    assert now < found <= now + timedelta(days=8)
    assert WEEKDAYS[found.astimezone(FINNISH_TIME).weekday()] in days


def test_an_alert_waits_for_no_digest() -> None:
    now = utc(2026, 3, 5, 12)
    writing = Writing("a@agency.example", digest=MORNING)
    notice, alert = (Waiting("id", 0, lane, "fi:1", "r", 1, now) for lane in ("notice", "alert"))  # type: ignore[arg-type]
    assert first_due(writing, alert, now) == now
    assert first_due(writing, notice, now) == utc(2026, 3, 6, 5, 30)
    assert first_due(Writing("a@agency.example"), notice, now) == now


@pytest.mark.parametrize("address", ["a@b.example", "first.last+hub@sub.agency.example", "o'neil@agency.example"])
def test_a_plain_address(address: str) -> None:
    assert address_findings(address) == ()


@pytest.mark.parametrize(
    "address",
    [
        *("", "a", "a@b", "@b.example", "a@.example", "a@b.example\r\nBcc: x@y.example", "a@b.example\n", " a@b.example"),
        *("A <a@b.example>", "a@b.example, c@d.example", "a@b.example,c@d.example", '"a b"@c.example', "a@[127.0.0.1]"),
        *("ä@b.example", "a@ä.example", "a..b@c.example", "a@b..example", "a@-b.example", "x" * 65 + "@b.example"),
        "a@" + "b." * 130 + "fi",
    ],
)  # fmt: skip
def test_what_is_no_plain_address(address: str) -> None:
    (finding,) = address_findings(address)
    assert finding.rule == "mail-address"
