"""What the hub says: submission, employer history, routed and enriched notice, the agency's copy, the alert."""

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.agency import Names, ServiceLine
from schemas.base import Inside, Moment
from schemas.count import People
from schemas.errors import Finding
from schemas.ids import AgencyId
from schemas.notice import Kind

Verdict = Literal["accepted", "repeat", "refused", "quarantined"]
Outcome = Literal["routed", "kept", "held", "fallback", "ended"]
"""`ended`: the step takes the notice back, or away from this employer: whoever was told hears that, nobody else anything."""
StepType = Literal["notice", "correction", "withdrawal", "moved", "release"]
"""`moved`: the employer was wrong; the notice goes on under another employer's key with the next step."""
Role = Literal[
    "own-area",
    "home-area",
    "tem-group",
    "partner",
    "eures",
    "coordinator",
    "subscription",
    "former-recipient",
    "fallback",
]


class Answered(Inside):
    """The notice that an acknowledgement answers, as its door has seen it among what the agency was told, and which step."""

    receipt: str
    owner: AgencyId
    source: str
    id: str
    step: int


class XRoadMessage(Inside):
    """What a security server of X-Road told of a request: its client as the header names it, the message's id, the issue."""

    client: str
    id: str
    issue: str | None = None


class Submission(Inside):
    """What goes on notices.received: who says it, by which way, and the body untouched (JSON text).

    `sender` is who was let in at the door. `on_behalf_of`: in whose name it speaks, where that is another one; the record is
    keyed by that name, and intake asks the registry whether it may. With `answers` the body is an acknowledgement
    (schemas/acknowledgement.py) of that notice.
    """

    sender: AgencyId
    way: Literal["api", "inbox", "connector", "file", "demo", "clock"]
    body: str
    on_behalf_of: AgencyId | None = None
    xroad: XRoadMessage | None = None
    answers: Answered | None = None


class Coordinates(Inside):
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int


class EmployerEvent(Inside):
    """One step of a notice in the employer's history; every other agent works from these.

    `notice` is empty in a step that ends the notice here (withdrawal, moved). `change` is the id of the correction or
    withdrawal that asked for the step, and `reason` what its sender said of it. `withdrawn_before`: its withdrawal came
    first, so that nobody is told. `released`: its sender ended the embargo, whatever the notice says of it. `owner`: who sent
    the notice at first, where the step comes from an agency that stands in that one's place. `sent_by`: who said it in the
    sender's name, where that was another agency.
    """

    receipt: str
    step: int
    kind: Kind
    type: StepType = "notice"
    sender: AgencyId
    source: str
    id: str
    employer_key: str
    received_at: Moment
    origin: Coordinates
    historic: bool = False
    change: str | None = None
    reason: str | None = None
    withdrawn_before: bool = False
    released: bool = False
    owner: AgencyId | None = None
    sent_by: AgencyId | None = None
    notice: dict[str, Any]

    @property
    def ends(self) -> bool:
        """Whether the notice is no longer there with this step, under this employer's key."""
        return self.type in ("withdrawal", "moved")


class Clock(Inside):
    """A moment at which the hub is to say something through its own door: `body`, in the name of the notice's sender."""

    kind: Literal["release"]
    due: Moment
    sender: AgencyId
    owner: AgencyId | None = None
    source: str
    change: str
    body: str


class RefusedNotice(Inside):
    """A submission that was not taken, with every reason. The body is masked where a personal code was found.

    `sent_by`: who said it in the sender's name, where that was another agency that may.
    """

    sender: AgencyId | None
    source: str | None
    id: str | None
    verdict: Literal["refused", "quarantined"]
    code: str
    findings: tuple[Finding, ...]
    received_at: Moment
    origin: Coordinates
    body: str | None
    sent_by: AgencyId | None = None


class RepeatedNotice(Inside):
    """A submission with the content of one that was taken before: the same receipt, and nothing is sent again."""

    receipt: str
    sender: AgencyId
    received_at: Moment
    origin: Coordinates
    sent_by: AgencyId | None = None


class Why(Inside):
    """One reason why an agency is told: its role, and the rule's name with the facts that met it."""

    role: Role
    rule: str
    detail: Names


class Recipient(Inside):
    """An agency, the line and competence within it, and why."""

    agency: AgencyId
    line: ServiceLine | None = None
    competence: str | None = None
    why: Annotated[tuple[Why, ...], Field(min_length=1)]


class RoutedNotice(Inside):
    """What routing decided about one step: outcome, recipients with their reasons, and the registry that it used."""

    receipt: str
    step: int
    outcome: Outcome
    significance: tuple[str, ...]
    recipients: tuple[Recipient, ...]
    outcome_reason: Names | None = None
    held_until: Moment | None = None
    registry_revision: int
    decided_as_of: Moment
    event: EmployerEvent


class OfferedService(Inside):
    """A service that fits, with why; `to_check` are the conditions of which the notice did not tell enough."""

    code: str
    names: Names
    provider: AgencyId | None = None
    line: ServiceLine | None = None
    why: tuple[Names, ...]
    to_check: tuple[Names, ...] = ()


class Target(Inside):
    """One copy that was sent: the agency and the id of the event in its outbox."""

    agency: AgencyId
    event_id: str


class EnrichedNotice(Inside):
    """The routed notice with its offerings, and every target with the event id in its outbox."""

    receipt: str
    step: int
    enriched: bool
    offerings: tuple[OfferedService, ...]
    targets: tuple[Target, ...]
    registry_revision: int
    routed: RoutedNotice


class AgencyNotice(Inside):
    """An agency's own copy: cut to what it may see (`purpose` says by which right), with why and what to offer."""

    receipt: str
    step: int
    agency: AgencyId
    purpose: Literal["coordinator", "authority", "partner", "statistics"]
    kind: Kind
    received_at: Moment
    registry_revision: int
    why: tuple[Why, ...]
    line: ServiceLine | None = None
    competence: str | None = None
    offerings: tuple[OfferedService, ...] = ()
    enriched: bool = True
    notice: dict[str, Any]


class LayoffAlert(Inside):
    """What a change-security coordinator must hear at once; the same event id stands in the agency's outbox."""

    receipt: str
    step: int
    agency: AgencyId
    event_id: str
    stage: str
    people: People | None
    received_at: Moment
    registry_revision: int | None
    mailboxes: tuple[str, ...] = ()
    why: tuple[Why, ...]
    bare: bool = False
    notice: dict[str, Any]


class Withheld(Inside):
    """A copy that was taken out of an agency's outbox for good: by that revision the agency may see nothing of it."""

    agency: AgencyId
    event_id: str
    registry_revision: int


class Delivery(Inside):
    """What has become of an event for an endpoint of its agency. `attempt` counts from 1; 0 where none was made.

    `outcome`: an attempt's (delivered, retry, failed, paused), or superseded, given-up, withheld. `code` says why.
    """

    agency: AgencyId
    endpoint: str
    event_id: str
    receipt: str
    step: int
    lane: Literal["alert", "notice", "answer"]
    outcome: Literal["delivered", "retry", "failed", "paused", "superseded", "given-up", "withheld"]
    code: str
    status: int | None = None
    attempt: int
    at: Moment


class EndpointNote(Inside):
    """An agency is to hear of one of its endpoints: it fails since so many attempts (`warned`), or is told no more (`paused`)."""

    agency: AgencyId
    endpoint: str
    what: Literal["warned", "paused"]
    code: str
    failures: int
    failing_since: Moment | None
    at: Moment
