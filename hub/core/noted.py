"""What the reckoning keeps of each record that it reads: only what it joins. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.ids import AgencyId
from schemas.messages import EmployerEvent, LayoffAlert, Outcome, RefusedNotice, RoutedNotice, StepType

Coordinate = tuple[int, int]
"""Partition and offset in notices.received."""

Alerts = Mapping[AgencyId, "Alerted"]
"""The alerts of one step, by agency."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A step that intake accepted. `alarms`: whether it has to alert somebody."""

    receipt: str
    number: int
    origin: Coordinate
    type: StepType
    alarms: bool
    content: bytes

    @classmethod
    def of(cls, event: EmployerEvent) -> "Accepted":
        """What is kept of the event."""
        quiet = event.historic or event.withdrawn_before or event.ends or event.type == "release"
        content = hashlib.sha256(event.model_dump_json().encode()).digest()[:16]
        alarms = event.kind == "downsizing" and not quiet
        origin = (event.origin.partition, event.origin.offset)
        return cls(event.receipt, event.step, origin, event.type, alarms, content)


@dataclass(frozen=True, slots=True)
class Decided:
    """Routing's decision: the outcome, and by agency whether it had the notice before and has no right to it now (a stub).

    `responsible` are the authorities of the workplaces: the two lanes name the same where they used one registry.
    """

    outcome: Outcome
    held_until: datetime | None
    recipients: Mapping[AgencyId, bool]
    responsible: frozenset[AgencyId]
    revision: int

    @classmethod
    def of(cls, routed: RoutedNotice) -> "Decided":
        """What is kept of the decision."""
        recipients = {one.agency: one.why[0].role == "former-recipient" for one in routed.recipients}
        reasons = ((one.agency, (why.role, why.rule)) for one in routed.recipients for why in one.why)
        responsible = frozenset(agency for agency, reason in reasons if reason == ("own-area", "workplace-area"))
        return cls(routed.outcome, routed.held_until, recipients, responsible, routed.registry_revision)

    def says(self, other: "Decided") -> bool:
        """Whether the two decide the same, by whatever registry."""
        return (self.outcome, self.held_until, self.recipients) == (other.outcome, other.held_until, other.recipients)


@dataclass(frozen=True, slots=True)
class Alerted:
    """One agency's alert about a step. `goes_on`: else it says that it is over for that agency."""

    event_id: str
    goes_on: bool
    bare: bool
    revision: int | None

    @classmethod
    def of(cls, alert: LayoffAlert) -> "Alerted":
        """What is kept of the alert."""
        return cls(alert.event_id, alert.why[0].role != "former-recipient", alert.bare, alert.registry_revision)


def refusal_content(refused: RefusedNotice) -> int:
    """The same for the same refusal with the same reasons."""
    return hash((refused.code, tuple((finding.rule, finding.place) for finding in refused.findings)))


@dataclass(frozen=True, slots=True)
class Before:
    """Who has a notice and who is alerted to it, after some steps: whoever is named here has to hear of the next one.

    As the agents remember it: `told` by routing, `alerted` by cases.
    """

    told: frozenset[AgencyId] = field(default_factory=frozenset)
    alerted: frozenset[AgencyId] = field(default_factory=frozenset)

    def after(self, step: Accepted, decided: Decided | None, alerts: Alerts) -> "Before":
        """After that step too. What the log does not tell of it changes nothing: that is listed at the step itself."""
        told = self.told if decided is None else frozenset(name for name, former in decided.recipients.items() if not former)
        return replace(self, told=told, alerted=self._alerted_after(step, alerts))

    def _alerted_after(self, step: Accepted, alerts: Alerts) -> frozenset[AgencyId]:
        going_on = frozenset(agency for agency, alert in alerts.items() if alert.goes_on)
        if is_bare(alerts):  # the rules failed: nobody could be told that it is over for them
            return self.alerted | going_on
        return self.alerted if _untold(step, alerts) else going_on

    def unclosed(self, step: Accepted, alerts: Alerts) -> frozenset[AgencyId]:
        """Those who were alerted before and hear nothing with this step."""
        silent = is_bare(alerts) or _untold(step, alerts)
        return frozenset() if silent else self.alerted - alerts.keys()

    def unheard(self, decided: Decided, alerts: Alerts) -> frozenset[AgencyId]:
        """Those who had the notice and with this step get neither copy, stub nor alert."""
        return frozenset() if is_bare(alerts) else self.told - decided.recipients.keys() - alerts.keys()


def is_bare(alerts: Alerts) -> bool:
    """Whether the rules failed, so that the fallback alone was alerted."""
    return any(alert.bare for alert in alerts.values())


def _untold(step: Accepted, alerts: Alerts) -> bool:
    """A release alerts nobody; where an alert has to be and none is, that is what is listed."""
    return step.type == "release" or (step.alarms and not alerts)
