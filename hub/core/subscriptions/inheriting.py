"""The subscriptions of an agency that is no more go on as those of the agency to which its rights went. Pure.

Where it was divided, or its heir is of another ring, rights do not follow (hub/core/succession.py), and no subscription either.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count

from hub.core.registry import Registry
from hub.core.subscriptions.saving import Change, Known
from hub.core.succession import heirs_of, inherits
from schemas.ids import AgencyId, subscription_id_of
from schemas.subscription import LONGEST_NAME, Subscription


@dataclass(frozen=True, slots=True)
class Inherited:
    """`ended` is the last version of the one, `taken` the version of the heir's with which it goes on."""

    ended: Subscription
    taken: Subscription


def handed_over_by(before: AgencyId, heir: AgencyId, revision: int) -> str:
    """Who made both versions of a hand-over, as they say it: the hub, by that revision of the registry."""
    return f"hub, {before} to {heir} by revision {revision}"


def to_be_inherited(owners: Iterable[AgencyId], registry: Registry, day: date) -> Iterator[tuple[AgencyId, AgencyId]]:
    """Of agencies that have subscriptions, those whose rights went to another by that day, each with that heir.

    Only where its last day is in the registry: an agreement that ran out may be renewed, and nothing is handed back by itself.
    """
    for owner in sorted(owners):
        agency, heirs = registry.agency(owner), heirs_of(owner, registry, day)
        has_ended = agency is not None and agency.valid_to is not None and agency.valid_to < day
        if has_ended and len(heirs) == 1 and inherits(heirs[0], owner, registry, day):
            yield owner, heirs[0]


def inherited(change: Change, left: Known, heirs: Known) -> Iterator[Inherited]:
    """Each that stands among those left behind, by name. `change` is made for the heir; `heirs` is what it has or had itself.

    A name that the heir uses for another filter, or used for one that it has ended, gets the agency's id behind it. How many an
    agency may have does not count here.
    """
    heirs = list(heirs)
    for one in sorted(left, key=lambda one: one.name):
        if one.filter is None:
            continue
        taken = change.taken(heirs, _free_name(one, change.agency, heirs), one.filter)
        heirs = [other for other in heirs if other.id != taken.id] + [taken]
        yield Inherited(replace(change, agency=one.agency).changed(left, one.id, None), taken)


def _free_name(one: Subscription, heir: AgencyId, heirs: Known) -> str:
    others = {other.id for other in heirs if other.filter != one.filter}
    return next(name for name in _names(one) if subscription_id_of(heir, name) not in others)


def _names(one: Subscription) -> Iterator[str]:
    yield one.name
    for number in count(1):
        behind = f" ({one.agency})" if number == 1 else f" ({one.agency}, {number})"
        yield one.name[: LONGEST_NAME - len(behind)] + behind
