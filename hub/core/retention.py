"""How long what stands in PostgreSQL is kept, and why no longer: by what it is, by kind, by access. Pure.

Days count from the record's own time. A part of the hub that comes to keep something new says here for how long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hub.core.views import is_sole_trader
from schemas.topics import DELIVERIES, EVENTS, REFUSED


@dataclass(frozen=True, slots=True)
class Rule:
    """What is kept, how many days from its own time, and why no longer (or so long)."""

    name: str
    days: int
    why: str

    def before(self, day: date) -> datetime:
        """What is older than this is past its time on that day: it was there for `days` whole days (UTC)."""
        return datetime.combine(day - timedelta(days=self.days), time(), UTC)


BODY = Rule("refused-body", 30, "long enough for the sender to mend it; where a personal code was found it stands there masked")
REFUSAL = Rule("refused", REFUSED.kept_days, "as its topic: who was refused, and why, without the body")
ARRIVAL = Rule("arrival", REFUSED.kept_days, "that something came; what became of it stands in its notice or its refusal")
ENDED = Rule("notice-ended", 90, "taken back, or moved to its right employer: nobody is to work from it any more")
PERSON = Rule("notice-person", 180, "a sole trader, a starter or a household counts as personal data")
EARLY = Rule("notice-early-signal", 180, "a trade secret; by then talks have begun, which is another step, or came to nothing")
CLOSED = Rule("notice-restricted", 180, "restricted or embargoed: as few days as the work on it takes")
CLOSED_DOWNSIZING = Rule("downsizing-restricted", 270, "six weeks of talks and six months of notice fit into it")
NOTICE = Rule("notice", EVENTS.kept_days, "as the employer's history in the log")
KEY = Rule("key", 400, "an API key or user on Kafka that was ended or has expired, with its label")
SUBSCRIPTION = Rule("subscription", EVENTS.kept_days, "a version that is no more: until then it can be asked why a copy was sent")
DELIVERY = Rule("delivery", DELIVERIES.kept_days, "as its topic: what an endpoint was told, each attempt; a closed endpoint")
TRIAL = Rule("test-notice", DELIVERIES.kept_days, "what came of a test message of a partner; its body is kept nowhere")
PARTNER = Rule("partner", 3_650, "how a partner came into its state, once it is in another: as the audit tells it")
AUDIT = Rule("audit", 3_650, "who saw what is asked after what was seen is gone; whole days, so that each chain stays whole")
ERASED = Rule("erased", 2 * EVENTS.kept_days, "by then the log cannot bring back what stands in it")
REQUESTED = Rule("requested", AUDIT.days, "a notice that was erased by hand: later steps of it have to stay away too")

RULES = (
    *(BODY, REFUSAL, ARRIVAL, ENDED, PERSON, EARLY, CLOSED, CLOSED_DOWNSIZING, NOTICE),
    *(KEY, SUBSCRIPTION, DELIVERY, TRIAL, PARTNER, ERASED, REQUESTED, AUDIT),
)
"""All of them, in the order in which a purge goes by them: masked bodies first."""

FIRST_OF_NOTICES = min((ENDED, PERSON, EARLY, CLOSED, CLOSED_DOWNSIZING, NOTICE), key=lambda rule: rule.days)
"""No step of a notice is past its time before this one says so."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one step of a notice tells of how long it may be kept; None where it does not say."""

    type: str
    kind: str
    stage: str | None = None
    access: str | None = None
    employer_kind: str | None = None
    legal_form: str | None = None

    @property
    def ends(self) -> bool:
        """Whether the notice is no longer there with this step, or not under this employer."""
        return self.type in ("withdrawal", "moved")


def rules_of(steps: Sequence[Told]) -> tuple[Rule, ...]:
    """The rule for each step of a notice, given in their order.

    The strictest of its own and of all later ones: what is restricted since is restricted as it was before, too. So the
    time of a step grows shorter with what comes later, never longer.
    """
    found: list[Rule] = []
    strictest = NOTICE
    for step in reversed(steps):
        strictest = min(strictest, *_rules_for(step), key=lambda rule: rule.days)
        found.append(strictest)
    return tuple(reversed(found))


def _rules_for(step: Told) -> list[Rule]:
    found = [NOTICE]
    if step.ends:
        found.append(ENDED)
    if step.employer_kind in ("starter", "household") or is_sole_trader(step.legal_form):
        found.append(PERSON)
    if step.stage == "early-signal":
        found.append(EARLY)
    if step.access in ("restricted", "embargoed"):
        found.append(CLOSED_DOWNSIZING if step.kind == "downsizing" else CLOSED)
    return found
