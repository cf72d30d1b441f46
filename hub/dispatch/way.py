"""What is particular to one kind of endpoint; all else is the same for all (hub.dispatch.webhooks)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from hub.core.delivering import Waiting
from hub.core.registry import Registry
from hub.dispatch.copies import told_of
from hub.dispatch.desk import Desk
from hub.dispatch.outboxes import InOutbox
from hub.ports import Endpoint, Told


def _at_once(_: Endpoint, __: Waiting, now: datetime) -> datetime:
    return now


@dataclass(frozen=True, slots=True)
class Way:
    """How endpoints of a kind are told: their desk, what of a record they are told, when that is to go at first."""

    desk: type[Desk] = Desk
    told: Callable[[InOutbox, int, Registry, date], Told | None] = told_of
    due: Callable[[Endpoint, Waiting, datetime], datetime] = _at_once


WEBHOOK = Way()
