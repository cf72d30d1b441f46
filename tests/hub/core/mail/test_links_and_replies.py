"""Tokens in links, replies of mail servers, and what is warned of when."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.core.mail.replies import to_recipient, to_the_rest
from hub.core.mail.tokens import mailbox_of, token
from hub.core.mail.warnings import Ending, Paused, warnings

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
SECRET = b"a secret of the tests"
BOX, OTHER = "mb_0123456789abcdef", "mb_0123456789abcdee"


def test_a_token_is_for_one_address_and_one_purpose() -> None:
    given = token(SECRET, "stop", BOX)
    assert mailbox_of(SECRET, "stop", given, NOW + timedelta(days=4_000)) == BOX
    assert mailbox_of(SECRET, "confirm", given, NOW) is None
    assert mailbox_of(b"another secret", "stop", given, NOW) is None
    assert mailbox_of(SECRET, "stop", given.replace(BOX, OTHER), NOW) is None
    assert mailbox_of(SECRET, "stop", given[:-1], NOW) is None
    assert mailbox_of(SECRET, "stop", "", NOW) is None


def test_a_token_that_has_a_time_ends_and_its_time_cannot_be_changed() -> None:
    until = NOW + timedelta(days=7)
    given = token(SECRET, "confirm", BOX, until)
    assert mailbox_of(SECRET, "confirm", given, until) == BOX
    assert mailbox_of(SECRET, "confirm", given, until + timedelta(seconds=1)) is None
    box, _, signature = given.split(".")
    assert mailbox_of(SECRET, "confirm", f"{box}.0.{signature}", NOW) is None


@pytest.mark.parametrize(
    ("code", "said", "outcome"),
    [
        (451, "4.7.1 greylisted, come again", "retry"),
        (421, "shutting down", "retry"),
        (550, "5.1.1 no such user", "paused"),
        (550, "no such user", "paused"),
        (552, "5.2.2 mailbox full", "paused"),
        (554, "5.1.1 no such user", "paused"),
        (550, "5.7.1 relaying denied", "failed"),
        (530, "5.7.0 sign in first", "failed"),
        (503, "out of turn", "failed"),
    ],
)
def test_only_what_is_said_of_the_recipient_pauses_the_address(code: int, said: str, outcome: str) -> None:
    found = to_recipient(code, said)
    assert (found.outcome, found.code, found.status) == (outcome, f"smtp-{code}", code)
    assert said not in found.words


def test_what_is_said_of_anything_else_pauses_nobody() -> None:
    assert [to_the_rest(code).outcome for code in (421, 452, 535, 550, 554, 200)] == [
        *("retry", "retry", "failed", "failed", "failed", "retry")
    ]


def ends(days: float, name: str = "k") -> Ending:
    return Ending("key", name, "ta-39", "label", NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "wanted"), [(31, None), (30, 30), (29.5, 30), (7.1, 30), (7, 7), (3, 7), (1, 1), (0.1, 1), (0, None), (-1, None)]
)
def test_a_credential_is_warned_of_by_the_nearest_time_alone(days: float, wanted: int | None) -> None:
    found = warnings([ends(days)], [], NOW)
    assert [one.id.rpartition("/")[2] for one in found] == ([] if wanted is None else [f"{wanted}"])


def test_within_one_of_the_times_it_is_one_warning_and_a_new_end_or_pause_is_another() -> None:
    first, later = (warnings([one], [], NOW + timedelta(days=ahead))[0].id for one, ahead in ((ends(20), 0), (ends(20), 5)))
    assert first == later
    assert warnings([ends(21)], [], NOW)[0].id != first
    pauses = [Paused("webhook", "ep_1", "ta-39", "gone", NOW + timedelta(hours=hour)) for hour in (0, 1)]
    assert len({one.id for one in warnings([], pauses, NOW)}) == 2
    assert {one.agency for one in warnings([ends(20)], pauses, NOW)} == {"ta-39"}
