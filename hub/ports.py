"""What the hub needs from outside, as Protocols. Adapters stand in connectors/, chosen in hub/wiring.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from hub.answering import Answers
from hub.core.answers import Answer
from hub.core.delivering import Standing, Waiting
from schemas.messages import Coordinates, XRoadMessage
from schemas.partner import PartnerState
from schemas.subscription import Filter, Subscription
from schemas.wire import Message


class Publisher(Protocol):
    """Writes to Kafka and waits until the broker has confirmed."""

    def publish(self, messages: Sequence[Message]) -> list[Coordinates]:
        """Where each message stands now, in the order given. NotReady where the broker did not confirm in time."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Which agency makes a request, by one key or through X-Road; its state; in whose name where that is another."""

    agency: str
    key_id: str
    scopes: frozenset[str]
    state: PartnerState
    on_behalf_of: str | None = None
    xroad: XRoadMessage | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a longer list; `next` is the cursor of the next part, None at the end."""

    items: list[dict[str, Any]]
    next: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for; every field that is given must be met."""

    text: str | None = None
    kind: str | None = None
    employer_key: str | None = None
    group: str | None = None
    area: str | None = None
    stage: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None


Mode = Literal["structured", "binary"]
"""How an event is put into an HTTP request: all of it in the body, or its attributes in headers."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an endpoint is called, and the secrets by which each call is signed, the newest first."""

    url: str
    mode: Mode
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """An event as an endpoint is told it, cut to what its agency may see today. `attempt` counts from 1."""

    attributes: dict[str, str]
    data: dict[str, Any]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An active endpoint, since when it is, and what it is told of. `position`: epoch and next offset; None: from `made` on."""

    id: str
    agency: str
    target: Target
    standing: Standing
    since: datetime
    made: datetime
    position: tuple[str, int] | None = None
    subscription: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What was read for an endpoint, up to where. Of `following` (ids) only what follows an earlier step of its notice goes."""

    endpoint: str
    epoch: str
    end: int
    events: tuple[Waiting, ...] = ()
    following: frozenset[str] = frozenset()


State = Literal["waiting", "delivered", "superseded", "given-up", "withheld"]
"""What has become of an event for an endpoint."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of an endpoint: when it began, how long it took, what came of it."""

    at: datetime
    milliseconds: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Noted:
    """What has become of an event and when, with the attempt that led to it (if one did) and how the endpoint stands then.

    `pause`, `warning`: the code of why, where its agency is to hear of it.
    """

    endpoint: str
    agency: str
    event: Waiting
    state: State
    at: datetime
    attempt: Attempt | None = None
    standing: Standing | None = None
    pause: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class EndpointInfo:
    """An endpoint as its agency sees it; no secret. `secrets`: by number until when each holds (None: until it is rotated).

    `failures`: attempts in a row that failed, since `failing_since`; `waiting`: events that it has not taken yet.
    """

    id: str
    url: str
    mode: Mode
    subscription: str | None
    state: Literal["new", "active", "paused", "closed"]
    why: str | None
    since: datetime
    made: datetime
    failures: int
    failing_since: datetime | None
    waiting: int
    secrets: dict[int, datetime | None]


class Endpoints(Protocol):
    """An agency's webhooks, as it manages them itself. Whatever is another agency's is Unknown to it."""

    def add(self, agency: str, url: str, mode: Mode, subscription: str | None = None) -> tuple[EndpointInfo, str]:
        """A new endpoint, told all that comes from now on (or what goes to a subscription), and its secret, shown this once.

        Conflict where the agency has one with that URL, or as many as it may have.
        """

    def of(self, agency: str) -> list[EndpointInfo]:
        """All that are not closed, oldest first."""

    def get(self, agency: str, endpoint: str) -> EndpointInfo:
        """One of them, closed or not. Unknown where there is none."""

    def change(self, agency: str, endpoint: str, url: str | None = None, mode: Mode | None = None) -> EndpointInfo:
        """Another URL or mode, from the next attempt on. Unknown where it is closed; Conflict where another has that URL."""

    def pause(self, agency: str, endpoint: str) -> EndpointInfo:
        """Nothing is told it until it is resumed; what comes meanwhile waits, as long as the outbox holds it."""

    def resume(self, agency: str, endpoint: str) -> EndpointInfo:
        """It is told on from where it stopped; what failed before has all its time again."""

    def close(self, agency: str, endpoint: str) -> None:
        """It is told nothing any more. Closing it again changes nothing."""

    def rotate(self, agency: str, endpoint: str, overlap: timedelta) -> tuple[EndpointInfo, str]:
        """A new secret, shown this once; those before go on signing beside it for the time of the overlap."""

    def target(self, agency: str, endpoint: str) -> Target:
        """Where it is called and by which secrets. Unknown where it is closed."""

    def tried(self, agency: str, endpoint: str, event_id: str, attempt: Attempt) -> None:
        """Keep an attempt of a test among the others."""

    def attempts(self, agency: str, endpoint: str, cursor: str | None, limit: int) -> Page:
        """Each call of it and what came of it, newest first."""


class Deliveries(Protocol):
    """What endpoints wait for. One process at a time has an endpoint; what it says counts as long as it does.

    No call waits for an endpoint, and none is open while one is called.
    """

    def claim(self) -> list[Endpoint]:
        """The active endpoints of active partners that are ours from now on for `LEASE_SECONDS`: ours, and those of nobody."""

    def waiting(self, endpoint: str) -> list[Waiting]:
        """All that waits for it, in the outbox's order; nothing of what was erased."""

    def take(self, taken: Sequence[Taken]) -> dict[str, list[Waiting]]:
        """Note what was read; by endpoint, what of it waits now: nothing that is done with, and nothing that was erased.

        Endpoints that are no longer ours are left out.
        """

    def note(self, noted: Sequence[Noted]) -> frozenset[str]:
        """Note what has become of events; the endpoints that are no longer ours, of which nothing was noted."""

    def erased_after(self, mark: int) -> tuple[int, frozenset[tuple[str, int | None]]]:
        """The notices, or steps of them, that were erased after that mark, and the mark of now."""

    def erased(self, receipt: str) -> frozenset[int | None]:
        """Which steps of the notice were erased; None among them: all."""

    def leave(self) -> None:
        """Let others have our endpoints at once."""


LEASE_SECONDS = 30.0


class Posting(Protocol):
    """Tells an endpoint something, once."""

    async def attempt(self, target: Target, told: Told, at: datetime) -> Answer:
        """What came of it. Nothing that the endpoint does is an exception, and nothing takes longer than an attempt may."""

    async def close(self) -> None:
        """Leave all connections."""


class Reading(Answers, Protocol):
    """The read side, over the views. An agency gets what it sent or received, cut again at each read, and nothing else."""

    def notice(self, agency: str, receipt: str) -> dict[str, Any] | None:
        """The newest step of a notice as that agency may see it, with all its versions; None where there is none for it."""

    def trace(self, agency: str, receipt: str) -> dict[str, Any] | None:
        """Each stage with its time, each recipient and offering and why; of these another than the sender sees its own part."""

    def search(self, agency: str, wanted: Search, cursor: str | None, limit: int) -> Page:
        """Notices that the agency may see, newest first."""

    def timeline(self, agency: str, employer_key: str, cursor: str | None, limit: int, area: str | None = None) -> Page:
        """An employer's history as far as the agency may see it, oldest first; with an area, of the notices about it."""

    def refused(self, agency: str, cursor: str | None, limit: int) -> Page:
        """The agency's own refused notices with every reason, newest first."""

    def outbox(self, agency: str, cursor: str | None, limit: int) -> Page:
        """The agency's outbox in its order; the cursor is `<epoch>.<offset>`. Unknown (error) for a cursor of another epoch."""

    def admits(self, agency: str) -> bool:
        """Whether the agency may be told anything today."""

    def latest(self, agency: str, count: int) -> list[dict[str, Any]]:
        """The last items of the agency's outbox, in its order."""

    def about(self, agency: str, receipts: Collection[str]) -> list[dict[str, Any]]:
        """All items of the agency's outbox about these notices, in its order."""

    def behind(self) -> dict[str, int]:
        """How many records each topic holds that the views have not taken in."""

    def ready(self) -> str | None:
        """None when reads can be served, else what is missing."""


class Subscriptions(Protocol):
    """The saved filters of agencies, with all their versions. Each method acts for one agency; what is another's is not there."""

    def standing(self, agency: str) -> list[Subscription]:
        """The agency's subscriptions that have not ended, each by its newest version, by name."""

    def versions(self, agency: str, id: str) -> list[Subscription]:
        """All versions of one, oldest first; none where there never was one."""

    def add(self, agency: str, name: str, filter: Filter, by: str) -> Subscription:
        """A new one, or the one of that name that asks for the same. NameTaken, BadSubscription (too many)."""

    def change(self, agency: str, id: str, filter: Filter, by: str) -> Subscription:
        """Its next version; the same again changes nothing. Unknown where it is not there or has ended."""

    def end(self, agency: str, id: str, by: str) -> None:
        """Its last version, without a filter. Unknown where it is not there or has ended."""
