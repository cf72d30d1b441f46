"""The life of a partner: every step from every state, and what has to be shown before it goes live."""

import pytest

from hub.core.partners import LONGEST_WHY, Asked, Next, lets_in, moved, moves_from, refuse_unless_active
from schemas.errors import NotConforming, NotPermitted, Refusal, WrongState
from schemas.partner import Move, PartnerState, Required

MET = Required(rule="notice-taken", met=True, message="send one")
MISSING = Required(rule="change-taken", met=False, message="send a correction")
STATES: tuple[PartnerState | None, ...] = (None, "requested", "approved", "active", "suspended", "closed")
LEADS: dict[Move, dict[PartnerState | None, PartnerState]] = {
    "request": {None: "requested", "closed": "requested"},
    "approve": {"requested": "approved"},
    "activate": {"approved": "active", "suspended": "active"},
    "suspend": {None: "suspended", "active": "suspended"},
    "close": dict.fromkeys((None, "requested", "approved", "active", "suspended"), "closed"),
}


def after(state: PartnerState | None, move: Move, *, in_use: bool = False, anyway: bool = False, missing: bool = False) -> Next:
    required = (MET, MISSING) if missing else (MET,)
    return moved("ta-39", state, Asked(move, "a reason", anyway), in_use, required)


@pytest.mark.parametrize("move", LEADS)
@pytest.mark.parametrize("state", STATES)
def test_each_step_from_each_state(state: PartnerState | None, move: Move) -> None:
    wanted = LEADS[move].get(state)
    if wanted is not None:
        assert after(state, move) == Next(wanted)
        assert move in moves_from(state)
        return
    assert move not in moves_from(state)
    with pytest.raises(WrongState) as refused:
        after(state, move)
    assert all(name in refused.value.detail for name in moves_from(state))


def test_who_goes_live_has_shown_all_and_what_is_missing_is_said() -> None:
    with pytest.raises(NotConforming) as refused:
        after("approved", "activate", missing=True)
    (finding,) = refused.value.findings
    assert (finding.rule, finding.message) == ("change-taken", "send a correction")
    assert after("approved", "activate", missing=True, anyway=True) == Next("active", ("change-taken",))


def test_who_was_active_before_has_nothing_to_show_again() -> None:
    assert after("suspended", "activate", missing=True) == Next("active")


def test_a_request_does_not_cut_off_who_is_there_already() -> None:
    with pytest.raises(WrongState, match="would cut it off"):
        after(None, "request", in_use=True)
    assert after("closed", "request", in_use=True) == Next("requested")


@pytest.mark.parametrize("why", ["", "  ", "x" * (LONGEST_WHY + 1), "asked for by 131052-308T"])
def test_each_step_has_a_reason_that_may_be_kept(why: str) -> None:
    with pytest.raises(Refusal) as refused:
        moved("ta-39", "active", Asked("suspend", why), False, ())
    assert refused.value.findings[0].place == "/why"
    assert "131052" not in str(refused.value.findings)


def test_keys_open_nothing_but_where_they_may() -> None:
    states: tuple[PartnerState, ...] = ("requested", "approved", "active", "suspended", "closed")
    assert [lets_in(state) for state in states] == [False, True, True, False, False]
    refuse_unless_active("active")
    for state in states:
        if state != "active":
            with pytest.raises(NotPermitted, match="operator"):
                refuse_unless_active(state)
    with pytest.raises(NotPermitted, match="/v1/partner/test-notices"):
        refuse_unless_active("approved")
