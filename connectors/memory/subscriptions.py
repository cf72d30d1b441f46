"""Subscriptions in memory: hub.ports.Subscriptions over a list."""

from collections.abc import Callable
from datetime import UTC, datetime

from hub.core.subscriptions.inheriting import handed_over_by, inherited
from hub.core.subscriptions.saving import Change
from hub.ports import Subscriptions
from schemas.ids import AgencyId
from schemas.subscription import Filter, Subscription


class MemorySubscriptions:
    """Keeps every version, in the order in which they came."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime(2026, 11, 25, tzinfo=UTC)) -> None:
        self._now = now
        self._versions: list[Subscription] = []

    def standing(self, agency: str) -> list[Subscription]:
        """Those that have not ended, by name."""
        return sorted((one for one in self._newest(agency) if one.filter is not None), key=lambda one: one.name)

    def versions(self, agency: str, id: str) -> list[Subscription]:
        """All versions of one, oldest first."""
        return [one for one in self._versions if (one.agency, one.id) == (agency, id)]

    def add(self, agency: str, name: str, filter: Filter, by: str) -> Subscription:
        """A new one, or the one of that name that asks for the same."""
        return self._keep(Change(agency, self._now(), by).added(self._newest(agency), name, filter))

    def change(self, agency: str, id: str, filter: Filter, by: str) -> Subscription:
        """Its next version."""
        return self._keep(Change(agency, self._now(), by).changed(self._newest(agency), id, filter))

    def end(self, agency: str, id: str, by: str) -> None:
        """Its last version."""
        self._keep(Change(agency, self._now(), by).changed(self._newest(agency), id, None))

    def owners(self) -> list[AgencyId]:
        """The agencies that have some which have not ended, by id."""
        return sorted({one.agency for one in self._versions if self.standing(one.agency)})

    def hand_over(self, before: AgencyId, heir: AgencyId, revision: int) -> list[Subscription]:
        """All that stand of the one go on as the heir's."""
        change = Change(heir, self._now(), handed_over_by(before, heir, revision))
        steps = list(inherited(change, self._newest(before), self._newest(heir)))
        for step in steps:
            self._keep(step.ended)
            self._keep(step.taken)
        return [step.taken for step in steps]

    def _newest(self, agency: str) -> list[Subscription]:
        return list({one.id: one for one in self._versions if one.agency == agency}.values())

    def _keep(self, version: Subscription) -> Subscription:
        if version not in self._versions:
            self._versions.append(version)
        return version


_: type[Subscriptions] = MemorySubscriptions
