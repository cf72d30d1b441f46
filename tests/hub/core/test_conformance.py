"""Test messages are judged as the real ones are, and remembered among tests alone; what they have to show."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hub.core.conformance import Judged, Scene, judge, required
from hub.core.reading import read_said
from schemas.partner import Trial
from tests.builders import (
    AT,
    DAY,
    a_correction,
    a_downsizing_notice,
    a_recruitment_notice,
    a_release,
    a_small_registry,
    a_withdrawal,
    body_of,
)
from tests.speaking import a_speaking_registry

NOTICE = a_recruitment_notice()


class Partner:
    """Sends test messages, and keeps what came of them."""

    def __init__(self, sender: str = "ta-39") -> None:
        self.scene = Scene(sender, a_small_registry(), DAY, AT)
        self.known: dict[str, bytes] = {}
        self.tests: list[Trial] = []

    def send(self, body: Mapping[str, Any] | bytes) -> Trial:
        given = body if isinstance(body, bytes) else body_of(body)
        judged: Judged = judge(given, read_said, self.scene, self.known.get)
        self.known.update(judged.known)
        self.tests.append(judged.trial)
        return judged.trial

    def rules(self) -> dict[str, bool]:
        return {one.rule: one.met for one in required(self.tests)}


def test_a_notice_is_taken_and_tells_who_would_have_been_told_and_why() -> None:
    told = Partner().send(a_downsizing_notice())
    assert (told.verdict, told.said, told.kind, told.step, told.id) == ("accepted", "notice", "downsizing", 1, "D-1")
    assert told.findings == ()
    assert told.would is not None
    assert told.would.outcome == "routed"
    assert told.would.recipients[0].agency == "ta-39"
    assert told.would.recipients[0].why[0].role == "own-area"
    assert "ta-39" in told.would.alerted
    assert told.would.registry_revision == a_small_registry().revision


def test_a_notice_in_another_agency_s_name_is_that_agency_s_where_the_registry_lets_it() -> None:
    doer = Partner("keha")
    doer.scene = replace(doer.scene, registry=a_speaking_registry())
    taken, refused = (doer.send(NOTICE | {"on_behalf_of": name}) for name in ("ta-39", "ta-08"))
    assert (taken.verdict, taken.receipt) == ("accepted", Partner("ta-39").send(NOTICE).receipt)
    assert (refused.verdict, [finding.rule for finding in refused.findings]) == ("refused", ["on-behalf-of"])


def test_every_flaw_is_told_with_rule_and_place() -> None:
    told = Partner().send(NOTICE | {"workplaces": [{"area": "fi:kunta:999"}], "noted_on": "2027-01-01"})
    assert (told.verdict, told.code, told.would) == ("refused", "refused", None)
    assert {(one.rule, one.place) for one in told.findings} == {
        ("unknown-area", "/workplaces/0/area"),
        ("in-the-future", "/noted_on"),
    }


def test_steps_are_counted_as_at_the_real_door() -> None:
    partner = Partner()
    assert partner.send(NOTICE).verdict == "accepted"
    assert partner.send(NOTICE).verdict == "repeat"
    conflict = partner.send(NOTICE | {"posts": 41})
    assert (conflict.verdict, conflict.code) == ("refused", "conflict")
    change = a_correction(NOTICE, posts=41)
    assert [partner.send(change).verdict, partner.send(change).verdict] == ["accepted", "repeat"]
    assert partner.tests[-2].step == 2
    used = partner.send(a_correction(NOTICE, posts=42))
    assert used.code == "conflict"
    assert partner.send(NOTICE | {"id": "c-1"}).code == "conflict"
    taken_back = partner.send(a_withdrawal(NOTICE))
    assert (taken_back.verdict, taken_back.step, taken_back.would) == ("accepted", 3, None)
    assert partner.send(a_correction(NOTICE, "c-9", posts=43)).findings[0].rule == "withdrawn"


def test_a_change_of_what_no_test_said_is_refused_whatever_real_notices_there_are() -> None:
    partner = Partner()
    for change in (a_correction(NOTICE, posts=41), a_withdrawal(NOTICE), a_release(NOTICE)):
        told = partner.send(change)
        assert (told.verdict, told.findings[0].rule) == ("refused", "unknown-notice")


def test_who_may_not_send_is_told_so() -> None:
    assert Partner("nobody").send(NOTICE).findings[0].rule == "unknown-sender"
    other = Partner("ta-08").send(
        a_correction(NOTICE) | {"corrects": {"source": NOTICE["source"], "id": "R-1", "sender": "ta-39"}}
    )
    assert other.findings[0].rule == "no-successor"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"id": 5}', b"null"])
def test_what_is_nothing_is_a_refusal_and_no_failure(body: bytes) -> None:
    told = Partner().send(body)
    assert told.verdict == "refused"
    assert told.findings


def test_nothing_is_kept_of_a_personal_code() -> None:
    told = Partner().send(NOTICE | {"id": "131052-308T", "source": "for 131052-308T"})
    assert told.code == "personal-code"
    assert "131052" not in told.model_dump_json()


# What has to be shown


def test_a_partner_that_shows_all() -> None:
    partner = Partner()
    assert partner.rules() == {"notice-taken": False, "change-taken": False, "nothing-open": True}
    partner.send(NOTICE)
    assert partner.rules() == {"notice-taken": True, "change-taken": False, "nothing-open": True}
    partner.send(a_withdrawal(NOTICE))
    assert partner.rules() == {"notice-taken": True, "change-taken": True, "nothing-open": True}


def test_what_was_refused_is_open_until_it_is_taken_under_its_id() -> None:
    partner = Partner()
    partner.send(NOTICE | {"posts": "many"})
    partner.send(NOTICE | {"id": "R-2"})
    assert not partner.rules()["nothing-open"]
    (open_one,) = [one for one in required(partner.tests) if one.rule == "nothing-open"]
    assert "rekry/tampere / R-1" in open_one.message
    partner.send(NOTICE)
    assert partner.rules()["nothing-open"]
    partner.send(a_correction(NOTICE, posts="many"))
    assert not partner.rules()["nothing-open"]
    partner.send(a_correction(NOTICE, posts=41))
    assert partner.rules()["nothing-open"]


@pytest.mark.parametrize("flawed", [b"{", body_of(NOTICE | {"id": ""}), body_of(NOTICE | {"source": 5})])
def test_where_the_names_are_the_flaw_whatever_is_taken_later_will_do(flawed: bytes) -> None:
    partner = Partner()
    partner.send(flawed)
    assert not partner.rules()["nothing-open"]
    partner.send(NOTICE)
    assert partner.rules()["nothing-open"]


def test_of_many_that_are_open_some_are_named_and_the_rest_counted() -> None:
    partner = Partner()
    for number in range(5):
        partner.send(NOTICE | {"id": f"R-{number}", "posts": "many"})
    assert required(partner.tests)[-1].message.endswith("and 2 more")
