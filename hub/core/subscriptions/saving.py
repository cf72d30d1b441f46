"""What a change makes of an agency's subscriptions: the version that comes next, or why there is none. Pure.

`known` are the newest versions of all that the agency has or had.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from schemas.errors import BadSubscription, Finding, NameTaken, Unknown
from schemas.ids import AgencyId, subscription_id_of
from schemas.subscription import MOST_SUBSCRIPTIONS, Filter, Subscription

Known = Collection[Subscription]


@dataclass(frozen=True, slots=True)
class Change:
    """For which agency, when, and by whom (the id of its key)."""

    agency: AgencyId
    at: datetime
    by: str

    def added(self, known: Known, name: str, filter: Filter) -> Subscription:
        """A new subscription, one that had ended taken up again, or the one that asks for just this."""
        version = self.taken(known, name, filter)
        if version not in known and sum(one.filter is not None for one in known) >= MOST_SUBSCRIPTIONS:
            raise _too_many()
        return version

    def taken(self, known: Known, name: str, filter: Filter) -> Subscription:
        """The same, however many the agency has."""
        id = subscription_id_of(self.agency, name)
        before = next((one for one in known if one.id == id), None)
        if before is not None and before.filter is not None:
            if before.filter != filter:
                raise NameTaken("a subscription of your agency has this name and another filter")
            return before
        return self._version(id, name, before.version + 1 if before else 1, filter)

    def changed(self, known: Known, id: str, filter: Filter | None) -> Subscription:
        """Its next version, the last one where the filter is None; as it was where nothing changes."""
        before = next((one for one in known if one.id == id and one.filter is not None), None)
        if before is None:
            raise Unknown("there is no such subscription of your agency, or it has ended")
        return before if before.filter == filter else self._version(id, before.name, before.version + 1, filter)

    def _version(self, id: str, name: str, version: int, filter: Filter | None) -> Subscription:
        return Subscription(id=id, agency=self.agency, version=version, name=name, filter=filter, at=self.at, by=self.by)


def _too_many() -> BadSubscription:
    message = f"an agency has {MOST_SUBSCRIPTIONS} subscriptions at the most; end one, or ask for more in one filter"
    return BadSubscription("there are too many subscriptions", (Finding(rule="too-many", place="", message=message),))
