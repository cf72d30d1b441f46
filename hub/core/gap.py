"""How far each channel of an agency is: between what stands in its outbox and what was confirmed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Channel = Literal["webhook", "mail", "kafka", "feed", "stream"]
TOLD: tuple[Channel, ...] = ("webhook", "mail")
"""Those that the hub tells itself, event by event."""
Remark = Literal["ahead", "lost", "other-outbox", "never-committed", "stopped", "paused"]
"""Ahead of the end; unconfirmed events are gone; stands in an outbox that is no more; nothing noted; nobody reads; paused."""


@dataclass(frozen=True, slots=True)
class OutboxAt:
    """From where to where an outbox reaches: offsets, the end being the next one."""

    epoch: str | None
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class GroupAt:
    """A consumer group of the agency's own. `committed`: the next offset that it wants; None: it has committed nothing."""

    group: str
    committed: int | None
    members: int


@dataclass(frozen=True, slots=True)
class EndpointAt:
    """An endpoint or an address of mail: up to where its outbox was read for it, how many events are in which state; what is
    open of them.

    `open_from`, `oldest`: the first offset that waits or was given up, and since when the oldest of those that wait does.
    """

    endpoint: str
    state: str
    position: tuple[str, int] | None
    counts: Mapping[str, int]
    open_from: int | None = None
    oldest: datetime | None = None
    channel: Literal["webhook", "mail"] = "webhook"


@dataclass(frozen=True, slots=True)
class PlaceAt:
    """A reader of feed or stream, by its key: its cursor, and when that was noted."""

    key: str
    channel: Literal["feed", "stream"]
    cursor: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """One channel. `next`: the first offset that is not confirmed; `behind`: places from there to the end of the outbox.

    `ahead`: places beyond the end that were confirmed though nothing stands there; `lost`: places that were not confirmed and
    that the outbox holds no more. `name` is that of the endpoint, the group, or the key with its channel. `unread_from`: of an
    endpoint the first offset that was not read for it.
    """

    channel: Channel
    name: str
    next: int
    behind: int
    ahead: int = 0
    lost: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    noted: datetime | None = None
    remarks: tuple[Remark, ...] = ()
    unread_from: int = 0


def of_group(at: GroupAt, outbox: OutboxAt) -> Gap:
    """What a group has committed against where the outbox ends. Whoever commits ahead of the end will miss what comes there."""
    here = outbox.first if at.committed is None else at.committed
    ahead, lost = max(0, here - outbox.end), max(0, min(outbox.first, outbox.end) - here)
    remarks: list[Remark] = [
        *(("never-committed",) if at.committed is None else ()),
        *(("ahead",) if ahead else ()),
        *(("lost",) if lost else ()),
        *(() if at.members else ("stopped",)),
    ]
    begin = max(here, outbox.first)
    return Gap("kafka", at.group, begin, max(0, outbox.end - begin), ahead, lost, remarks=tuple(remarks))


def of_endpoint(at: EndpointAt, outbox: OutboxAt) -> Gap:
    """What waits or was given up, and what was not read yet for the endpoint."""
    read = at.position[1] if at.position is not None and at.position[0] == outbox.epoch else outbox.first
    if at.position is None:  # it is told what came since it was made, which is not long ago
        read = outbox.end
    unread = max(0, outbox.end - max(read, outbox.first))
    opened = sum(at.counts.get(state, 0) for state in ("waiting", "given-up"))
    remarks: tuple[Remark, ...] = ("paused",) if at.state == "paused" else ()
    begin = read if at.open_from is None else min(at.open_from, read)
    counts = {**at.counts, "unread": unread}
    told = {"counts": counts, "oldest": at.oldest, "remarks": remarks, "unread_from": read}
    return Gap(at.channel, at.endpoint, begin, opened + unread, **told)  # type: ignore[arg-type]


def of_reader(at: PlaceAt, outbox: OutboxAt) -> Gap:
    """How far a reader of feed or stream is, who goes on after its cursor."""
    epoch, _, offset = (at.cursor or f"{outbox.epoch}.{outbox.first - 1}").rpartition(".")
    other = epoch != outbox.epoch
    here = outbox.first if other else int(offset) + 1
    ahead = max(0, here - outbox.end)
    remarks: tuple[Remark, ...] = (*(("other-outbox",) if other else ()), *(("ahead",) if ahead else ()))
    return Gap(at.channel, f"{at.key}:{at.channel}", here, max(0, outbox.end - here), ahead, noted=at.at, remarks=remarks)


def is_open(state: str | None, offset: int, position: int) -> bool:
    """Whether an event of the outbox is not confirmed by an endpoint: it waits, was given up, or was not read for it yet."""
    return state in ("waiting", "given-up") or (state is None and offset >= position)
