"""How far a notice may go: embargo, restricted access, the employer's consent. Pure.

- `embargoed`: nobody is told before the time, or before a later step of the notice lifts it (the event has come).
- `restricted`: the responsible authorities only, of workplaces and homes.
- consent, where the notice states one, bounds every notice; an early signal without a consent that holds stays with the
  authority of the workplace (seed: early information "if the company is willing to commit").

None of this holds back a layoff alert from the responsible coordinators (hub.core.alerts).
"""

from dataclasses import dataclass
from datetime import date, datetime

from hub.core.reading import AnyNotice
from schemas.messages import Role
from schemas.notice import DownsizingNotice


@dataclass(frozen=True, slots=True)
class Reach:
    """The roles in which agencies may be told, and the name of what bounds them."""

    roles: frozenset[Role]
    bound: str


_OWN: frozenset[Role] = frozenset({"own-area", "fallback"})
_RESPONSIBLE: frozenset[Role] = _OWN | {"home-area"}
_GROUP: frozenset[Role] = _RESPONSIBLE | {"tem-group"}
_CONSENTED = {
    "own-authority": Reach(_OWN, "consent"),
    "tem-group": Reach(_GROUP, "consent"),
    "all": Reach(_GROUP | {"partner"}, "interest"),
}
_RESTRICTED = Reach(_RESPONSIBLE, "restricted")
_OPEN = _CONSENTED["all"]


def reach_of(notice: AnyNotice, day: date) -> Reach:
    """How far the notice may go on that day."""
    consent = notice.access.consent
    if (is_early(notice) or consent) and not consent_holds(notice, day):
        return _CONSENTED["own-authority"]
    consented = _CONSENTED[consent.scope] if consent else _OPEN
    if notice.access.level == "restricted" and "home-area" in consented.roles:
        return _RESTRICTED
    return consented


def embargoed(notice: AnyNotice, as_of: datetime) -> bool:
    """Whether nobody may be told yet; an embargo until an event ends only with a later step of the notice."""
    access = notice.access
    return access.level == "embargoed" and (access.until is None or as_of < access.until)


def is_early(notice: AnyNotice) -> bool:
    """Whether it is an early signal: information before any negotiation, a trade secret (domain, fact 9)."""
    return isinstance(notice, DownsizingNotice) and notice.stage == "early-signal"


def consent_holds(notice: AnyNotice, day: date) -> bool:
    """Whether the employer's consent is given and not withdrawn on that day."""
    consent = notice.access.consent
    return consent is not None and (consent.withdrawn_on is None or day < consent.withdrawn_on)
