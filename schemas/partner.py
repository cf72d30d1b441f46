"""The life of a partner agency, and what came of the messages by which it shows that its system is right."""

from typing import Literal

from pydantic import Field

from schemas.agency import Names
from schemas.base import Inside, Moment
from schemas.errors import Finding
from schemas.ids import AgencyId
from schemas.messages import Outcome, Recipient
from schemas.notice import Kind

PartnerState = Literal["requested", "approved", "active", "suspended", "closed"]
"""`approved`: it may send test notices and manage its keys, nothing else. Only `active` sends and is told."""

Move = Literal["request", "approve", "activate", "suspend", "close"]
"""What the operator does with a partner."""

SaidAs = Literal["notice", "correction", "withdrawal", "release"]


class PartnerChange(Inside):
    """A partner came into a state: when, by whom, why. `number` counts its changes from 1.

    `waived`: the rules of conformance that were not met when it went live all the same.
    """

    agency: AgencyId
    number: int
    state: PartnerState
    at: Moment
    by: str
    why: str
    waived: tuple[str, ...] = ()


class Would(Inside):
    """What the hub would have done with a message that was no test, by that revision of the registry.

    `alerted`: the agencies whose coordinators would have got a layoff alert.
    """

    outcome: Outcome
    outcome_reason: Names | None = None
    held_until: Moment | None = None
    significance: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    alerted: tuple[AgencyId, ...] = ()
    registry_revision: int


class Trial(Inside):
    """What came of one test message. Nothing of its body is kept but what names it.

    `verdict` as intake gives it; `code` is that of the refusal.
    """

    test: Literal[True] = True
    at: Moment
    verdict: Literal["accepted", "repeat", "refused"]
    said: SaidAs | None = Field(default=None, description="What it says; null where it could not be read.")
    kind: Kind | None = None
    source: str | None = None
    id: str | None = None
    receipt: str | None = None
    step: int | None = Field(default=None, description="The step that it would have made of its notice.")
    code: str | None = None
    findings: tuple[Finding, ...] = ()
    would: Would | None = Field(default=None, description="What would have been done with it; null where nothing would.")


class Required(Inside):
    """One thing that a partner's test messages have to show, whether they do, and what to do where they do not."""

    rule: str
    met: bool
    message: str
