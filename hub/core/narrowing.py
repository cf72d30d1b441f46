"""Which agencies may see less than before: by a change of the registry, or by a day that has come. Pure.

Only by what the cut of a copy depends on: kind and ring (the purpose for which an agency reads), and whether it is in force.
Areas, kinds and needs decide who is told of a step at all; a copy that was right when it was written stays.
"""

from datetime import date
from typing import Any, get_args

from hub.core.periods import works_on
from hub.core.recutting import purpose_today, recut
from hub.core.registry import Registry
from hub.core.views import ALLOWED
from schemas.agency import Agency
from schemas.ids import AgencyId
from schemas.messages import Role

ROLES: tuple[Role, ...] = get_args(Role)


def narrowed(before: Registry, after: Registry, day: date, since: date | None = None) -> tuple[AgencyId, ...]:
    """Who may see less of some copy by `after` on that day than by `before` on any day since (none = that day); by id."""
    there = (agency for agency in before.all_agencies.values() if _worked(agency, since or day, day))
    return tuple(sorted(agency.id for agency in there if _sees_less(agency, after.agency(agency.id), day)))


def as_it_may_stand(agency: AgencyId, copy: dict[str, Any], registry: Registry, day: date) -> dict[str, Any] | None:
    """What may stand in the agency's outbox of a copy there: the same, or cut again to what it may see; None for nothing."""
    seen = recut(agency, copy, registry, day)
    return None if seen is None else {name: seen[name] for name in copy}


def _worked(agency: Agency, since: date, day: date) -> bool:
    """Whether it was in force on some day from the one to the other."""
    last = min(filter(None, (agency.valid_to, agency.agreement_until)), default=day)
    return max(agency.valid_from or since, since) <= min(last, day)


def _sees_less(before: Agency, after: Agency | None, day: date) -> bool:
    if after is None or not works_on(after, day):
        return True
    if before.ring == "authority" != after.ring:  # others' services are for authorities alone
        return True
    return any(not ALLOWED[purpose_today(before, role)] <= ALLOWED[purpose_today(after, role)] for role in ROLES)
