"""The life of a partner: which step may follow on which state, and what may be done in each. Pure.

An agency of which nothing was ever said counts as active: it was there before partners had states.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.core.masking import personal_codes
from hub.core.reading import finding_at
from schemas.errors import Finding, NotConforming, NotPermitted, Refusal, WrongState
from schemas.ids import AgencyId
from schemas.partner import Move, PartnerState, Required

UNSAID: PartnerState = "active"
"""The state of an agency of which nothing was said."""

LONGEST_WHY = 500

_LEADS_TO: dict[Move, tuple[tuple[PartnerState | None, ...], PartnerState]] = {
    "request": ((None, "closed"), "requested"),
    "approve": (("requested",), "approved"),
    "activate": (("approved", "suspended"), "active"),
    "suspend": ((None, "active"), "suspended"),
    "close": ((None, "requested", "approved", "active", "suspended"), "closed"),
}
"""From which states (None: nothing was said) a move leads, and to which one."""

_TOLD: dict[PartnerState, str] = {
    "requested": "your agency is not approved yet; the operator has its request",
    "approved": "your agency is approved and not active yet: send test notices to /v1/partner/test-notices, "
    "and ask the operator to activate it when GET /v1/partner/conformance says that all is met",
    "suspended": "your agency is suspended; ask the operator",
    "closed": "your agency is no partner any more; ask the operator",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator wants to do, and why. `anyway`: it goes live though its test messages do not show all they have to."""

    move: Move
    why: str
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """What comes of it: the state, and the rules that were not met and do not count (`anyway`)."""

    state: PartnerState
    waived: tuple[str, ...] = ()


def moved(agency: AgencyId, state: PartnerState | None, asked: Asked, in_use: bool, required: Sequence[Required]) -> Next:
    """What becomes of a partner in that state.

    `in_use`: it has credentials that hold; `required`: what its test messages have to show. WrongState where the step does not
    follow on the state, NotConforming where it would go live and has not shown all, Refusal where no reason is given.
    """
    _look_at_why(asked.why)
    before, after = _LEADS_TO[asked.move]
    if state not in before:
        raise WrongState(f"{agency} is {state or 'active (nothing else was ever said)'}: {_what_may_follow(state)}")
    if asked.move == "request" and state is None and in_use:
        raise WrongState(
            f"{agency} has keys or users on Kafka that hold, and counts as active: a request would cut it off. "
            "Where that is wanted, suspend or close it"
        )
    missing = tuple(one for one in required if not one.met) if state == "approved" and after == "active" else ()
    if missing and not asked.anyway:
        raise NotConforming(f"{agency} has not shown that its messages are right", tuple(map(_finding, missing)))
    return Next(after, tuple(one.rule for one in missing))


def moves_from(state: PartnerState | None) -> tuple[Move, ...]:
    """What may be done with a partner in that state."""
    return tuple(move for move, (before, _) in _LEADS_TO.items() if state in before)


def refuse_unless_active(state: PartnerState) -> None:
    """NotPermitted, with what to do, for a partner that may neither send nor read."""
    if state != "active":
        raise NotPermitted(_TOLD[state])


def lets_in(state: PartnerState) -> bool:
    """Whether the keys of a partner in that state are worth anything."""
    return state in ("approved", "active")


def _what_may_follow(state: PartnerState | None) -> str:
    return f"what may follow is {' or '.join(moves_from(state))}"


def _finding(missing: Required) -> Finding:
    return Finding(rule=missing.rule, place="", message=missing.message)


def _look_at_why(why: str) -> None:
    """The reason is kept in the audit and shown to the partner."""
    if not why.strip():
        raise Refusal(
            "a reason is missing", (finding_at("no-reason", "/why", "say why: it is kept, and the partner can read it"),)
        )
    if len(why) > LONGEST_WHY:
        raise Refusal(
            "the reason is too long", (finding_at("too-long", "/why", f"a reason has {LONGEST_WHY} characters at the most"),)
        )
    if personal_codes(why):
        raise Refusal(
            "the reason may not be kept", (finding_at("personal-code", "/why", "a personal identity code stands here"),)
        )
