"""How far each channel of an agency is, put together; and the places of those who read feed and stream. Over ports alone."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hub.confirming import Confirmed, PartnerGroups
from hub.core.gap import TOLD, Gap, OutboxAt, PlaceAt, is_open, of_endpoint, of_group, of_reader
from hub.ports import Caller
from schemas.errors import HubError

EACH = timedelta(minutes=1)
"""How often the place of a reader is written down at the most."""


@dataclass(frozen=True, slots=True)
class Confirming:
    """Where it is known from."""

    store: Confirmed
    groups: PartnerGroups
    now: Callable[[], datetime]
    _noted: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def gaps(self, agency: str) -> tuple[OutboxAt, list[Gap]]:
        """The agency's outbox and its channels. NotReady where the broker or the database does not answer."""
        outbox, groups = self.groups.of(agency)
        found = [
            *(of_endpoint(one, outbox) for one in self.store.endpoints(agency)),
            *(of_group(one, outbox) for one in groups),
            *(of_reader(one, outbox) for one in self.store.readers(agency)),
        ]
        came = self.store.came(agency, outbox.epoch or "", {gap.next for gap in found if gap.behind})
        return outbox, [gap if gap.oldest or not gap.behind else replace(gap, oldest=came.get(gap.next)) for gap in found]

    def states(self, gap: Gap, items: list[dict[str, Any]]) -> dict[str, str]:
        """Of these items of the outbox those that the channel has not confirmed, each by its id with what has become of it."""
        if gap.channel not in TOLD:
            return {item["id"]: "unconfirmed" for item in items}
        known = self.store.states(gap.name, [item["id"] for item in items])
        offsets = {item["id"]: int(item["cursor"].rpartition(".")[2]) for item in items}
        is_left = {name: is_open(known.get(name), offset, gap.unread_from) for name, offset in offsets.items()}
        return {name: known.get(name, "unread") for name, left in is_left.items() if left}

    def read(self, caller: Caller, channel: Literal["feed", "stream"], cursor: str | None) -> None:
        """Note how far a reader is: at the most once a minute, and whatever hinders it hinders no reading."""
        now, name = self.now(), (caller.key_id, channel)
        last = self._noted.get(name)
        if cursor is None or (last is not None and now - last < EACH):
            return
        self._noted[name] = now
        with suppress(HubError):
            self.store.note(caller.agency, PlaceAt(caller.key_id, channel, cursor, now))
