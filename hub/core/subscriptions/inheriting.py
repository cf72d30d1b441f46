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
from schemas.ids import AgencyId
from schemas.subscription import LONGEST_NAME, Subscription


@dataclass(frozen=True, slots=True)
class Inherited:
    """`ended` is the last version of the one, `taken` the version of the heir's with which it goes on."""

    ended: Subscription
    taken: Subscription


def handed_over_by(before: AgencyId, heir: AgencyId) -> str:
    """Who made both versions of a hand-over, as they say it."""
    return f"hub, {before} to {heir}"


def to_be_inherited(owners: Iterable[AgencyId], registry: Registry, day: date) -> Iterator[tuple[AgencyId, AgencyId]]:
    """Of agencies that have subscriptions, those whose rights went to another by that day, each with that heir."""
    for owner in sorted(owners):
        heirs = heirs_of(owner, registry, day)
        if len(heirs) == 1 and inherits(heirs[0], owner, registry, day):
            yield owner, heirs[0]


def inherited(change: Change, left: Known, heirs: Known) -> Iterator[Inherited]:
    """Each that stands among those left behind, by name. `change` is made for the heir; `heirs` is what it has or had itself.

    A name that the heir uses for another filter gets the agency's id behind it. How many an agency may have does not count here.
    """
    heirs = list(heirs)
    for one in sorted(left, key=lambda one: one.name):
        if one.filter is None:
            continue
        taken = change.taken(heirs, _free_name(one, heirs), one.filter)
        heirs = [other for other in heirs if other.id != taken.id] + [taken]
        yield Inherited(replace(change, agency=one.agency).changed(left, one.id, None), taken)


def _free_name(one: Subscription, heirs: Known) -> str:
    others = {other.name for other in heirs if other.filter is not None and other.filter != one.filter}
    return next(name for name in _names(one) if name not in others)


def _names(one: Subscription) -> Iterator[str]:
    yield one.name
    for number in count(1):
        behind = f" ({one.agency})" if number == 1 else f" ({one.agency}, {number})"
        yield one.name[: LONGEST_NAME - len(behind)] + behind
