"""Where to begin in each partition. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from hub.projection.record import Place, Position, Start
from hub.projection.sources import Reach, Source


class Plan(NamedTuple):
    """The position of each partition to read, the entries that have to be made for it, and what an operator has to hear."""

    positions: dict[Place, Position]
    starts: tuple[Start, ...]
    warnings: tuple[str, ...]


def plan(
    sources: Mapping[str, Source],
    reaches: Mapping[Place, Reach],
    known: Mapping[tuple[str, int], tuple[str, int]],
) -> Plan:
    """Go on where we were; begin at the start of what is new, of what was made anew, and of what we do not fit into."""
    positions: dict[Place, Position] = {}
    starts: list[Start] = []
    warnings: list[str] = []
    for place, reach in reaches.items():
        epoch = sources[place.topic].epoch
        was = Position(*known[place]) if place in known else None
        trouble = _trouble(place, was, epoch, reach)
        if was is not None and trouble is None:
            positions[place] = was
            continue
        positions[place] = Position(epoch, reach.first)
        starts.append(Start(place.topic, place.partition, epoch, reach.first, was))
        warnings += [trouble] if trouble else []
    return Plan(positions, tuple(starts), tuple(warnings))


def _trouble(place: Place, was: Position | None, epoch: str, reach: Reach) -> str | None:
    where = f"{place.topic}/{place.partition}"
    if was is None:
        return None
    if was.epoch != epoch:
        return f"{where} was deleted and made anew; the view starts again at offset {reach.first} of the new topic"
    if was.next_offset < reach.first:
        return f"{where}: the log starts at {reach.first}, offsets from {was.next_offset} on are gone and not in the view"
    if was.next_offset > reach.end:
        return f"{where} lost records: it ends at {reach.end}, the view had reached {was.next_offset}; it is read again"
    return None
